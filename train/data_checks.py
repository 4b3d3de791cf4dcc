"""What is odd about a data set without being wrong: said on stderr, changed in nothing."""

import hashlib

import numpy as np
from PIL import Image

from edgeproof.edge.contract import InputContract
from edgeproof.train.data.source import FileSource, Source
from edgeproof.train.parts import Part, Parts
from edgeproof.train.progress import say
from edgeproof.train.recipe import Recipe

# a header is read in a tenth of a millisecond; a hundred of them say what the rest is like
_LOOKED_AT = 100


def tell_oddities(recipe: Recipe, source: Source, parts: Parts) -> None:
    """Say what a user would want to know before trusting the figures."""
    _tell_incomplete(recipe, source)
    if isinstance(source, FileSource):
        _tell_small(source, recipe.contract)
    _tell_shared(parts)


def _tell_incomplete(recipe: Recipe, source: Source) -> None:
    found = len(source.labels)
    if recipe.published_images not in (None, found):
        say(
            f"expected the {recipe.published_images:,} published images, got {found:,} in "
            f"{source.origin}: figures are not comparable with those of the whole set"
        )


def _tell_small(source: FileSource, contract: InputContract) -> None:
    step = max(1, len(source.files) // _LOOKED_AT)
    sizes = []
    for path in source.files[::step]:
        try:
            with Image.open(path) as picture:
                sizes.append(picture.size)
        except (OSError, ValueError, Image.DecompressionBombError):
            continue  # unreadable: the decoder names it
    small = [s for s in sizes if s[0] < contract.width and s[1] < contract.height]
    if len(small) > len(sizes) / 2:
        width, height = np.median(small, axis=0).astype(int)
        say(
            f"most pictures are smaller than the model's {contract.width} x {contract.height}, "
            f"about {width} x {height}, and are enlarged: a smaller model would do"
        )


def _tell_shared(parts: Parts) -> None:
    trained = {*_digests(parts.train), *_digests(parts.calibration)}
    for name, part in (("validation", parts.validation), ("test", parts.test)):
        here = _digests(part)
        shared = sum(digest in trained for digest in here)
        if shared:
            say(
                f"{shared:,} of {len(here):,} {name} images are training images too, pixel by "
                "pixel: their accuracy flatters. Remove the copies, or keep them together with "
                "--group-by"
            )


def _digests(part: Part) -> list[bytes]:
    return [
        hashlib.blake2b(image.tobytes(), digest_size=12).digest()
        for i in range(0, len(part), 1024)
        for image in part.images[i : i + 1024]
    ]
