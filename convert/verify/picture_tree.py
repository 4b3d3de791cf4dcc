"""A folder of pictures for each label, read through the input contract: here, or by workers."""

import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from edgeproof.convert.progress import Progress
from edgeproof.convert.verify.errors import DataError
from edgeproof.convert.verify.runtimes.pictures import PictureRunning
from edgeproof.convert.verify.scaleout.batches import Answer, Batch, in_order
from edgeproof.convert.verify.scaleout.evaluate import Elsewhere, Workers, counted, evaluated
from edgeproof.convert.verify.scaleout.parcel import packed
from edgeproof.convert.verify.worker import PICTURES
from edgeproof.edge.bundle import Bundle

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"}
# photographs of 12 megapixels are 4 MB each, and a message to a cluster should stay small
_AT_ONCE = 16
_NAMED = 5


def has_label_folders(folder: Path, labels: Sequence[str]) -> bool:
    """Whether there is a folder for each label; False where there is none for any.

    Raises:
        DataError: for some only, or a folder of pictures that are of no label.
    """
    missing = [label for label in labels if not (folder / label).is_dir()]
    if len(missing) == len(labels):
        return False
    if missing:
        raise DataError(
            f"expected a folder for each label in {folder}, got none for {', '.join(missing[:5])}"
        )
    others = (p for p in folder.iterdir() if p.is_dir() and p.name not in labels)
    strange = sorted(p.name for p in others if not p.name.startswith(".") and _pictures(p))
    if strange:
        raise DataError(
            f"expected in {folder} pictures of the model's labels alone, got also the folders "
            f"{', '.join(strange[:5])}; move them elsewhere"
        )
    return True


def picture_tree(
    folder: Path, bundle: Bundle, workers: Workers | None, progress: Progress
) -> tuple[np.ndarray, np.ndarray]:
    """The images and their class indices, by label and path.

    Raises:
        DataError: a label without pictures, or pictures that cannot be read, which are named.
    """
    files: list[Path] = []
    counts = []
    for label in bundle.manifest.labels:
        found = _pictures(folder / label)
        if not found:
            raise DataError(f"expected pictures in {folder / label}, got none")
        files += found
        counts.append(len(found))
    labels = np.repeat(np.arange(len(counts), dtype=np.int64), counts)
    return _images(files, bundle, workers, progress), labels


def _pictures(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES)


def _images(
    files: Sequence[Path], bundle: Bundle, workers: Workers | None, progress: Progress
) -> np.ndarray:
    here = PictureRunning(bundle).open("")
    elsewhere = None
    if workers is not None:
        elsewhere = Elsewhere(workers, partial(packed, bundle, PICTURES, None))
    images = np.empty((len(files), *here.image_shape), dtype=np.uint8)

    def placed(answers: Iterable[Answer]) -> Iterator[Answer]:
        for answer in answers:
            images[answer.start : answer.stop] = answer.content["images"]
            yield dataclasses.replace(answer, content=answer.content["unreadable"])

    answers = placed(evaluated(here, _batches(files), len(files), elsewhere))
    told = partial(progress.part, "reading pictures")
    sentences = in_order(counted(answers, len(files), told), len(files))
    unreadable = list(itertools.chain.from_iterable(sentences))
    if unreadable:
        more = f"; and {len(unreadable) - _NAMED:,} more" if len(unreadable) > _NAMED else ""
        raise DataError(
            f"expected {len(files):,} pictures, got {len(unreadable):,} that cannot be read: "
            f"{'; '.join(unreadable[:_NAMED])}{more}; repair or remove them"
        )
    return images


def _batches(files: Sequence[Path]) -> Iterator[Batch]:
    for start in range(0, len(files), _AT_ONCE):
        some = files[start : start + _AT_ONCE]
        names = [str(path) for path in some]
        yield Batch(start, start + len(some), [names, [_content(path) for path in some]])


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"expected a picture at {path}, got an error: {error}") from error
