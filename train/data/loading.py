"""Images of picture files: from the cache where they are in it, decoded into it where not."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgeproof.edge.contract import InputContract
from edgeproof.train.data.cache import CacheEntry, opened
from edgeproof.train.data.cache_space import make_room
from edgeproof.train.data.decode import LeftOut, decoded
from edgeproof.train.data.source import ImageRows, Loaded
from edgeproof.train.progress import counting, say

# decoded in a second or two: not worth a place on the disk
_WORTH_CACHING = 1000


def load_files(
    files: Sequence[Path], indices: np.ndarray, contract: InputContract, what: str
) -> Loaded:
    """The images of some of the files; those that cannot be read are left out, and listed.

    Args:
        files: the whole listing, which names the place in the cache.
        indices: the wanted ones, int64, each once.
        what: names them in the progress bar.
    """
    if len(indices) >= _WORTH_CACHING:
        try:
            with opened(files, contract) as entry:
                loaded = _through_cache(entry, files, indices, contract, what)
            make_room(entry.folder)
            return loaded
        except OSError as error:
            say(f"pictures are not cached ({error.strerror or error}): decoding into memory")
    return _into_memory(files, indices, contract, what)


def _through_cache(
    entry: CacheEntry,
    files: Sequence[Path],
    indices: np.ndarray,
    contract: InputContract,
    what: str,
) -> Loaded:
    missing = entry.missing(indices)
    present = np.setdiff1d(indices, missing)
    damaged = entry.damaged(present)
    if len(damaged):
        say(f"{len(damaged):,} images of the cache are damaged, decoding them again")
    wanted = np.concatenate([missing, damaged])
    left_out: list[LeftOut] = []
    unreadable: list[int] = []
    if len(wanted):
        with counting(f"reading {what}", len(wanted), "pictures") as done:
            results = decoded([files[i] for i in wanted], contract)
            for row, result in zip(wanted.tolist(), results, strict=True):
                if isinstance(result, LeftOut):
                    left_out.append(result)
                    unreadable.append(row)
                else:
                    entry.write(row, result)
                done(1)
        entry.save()
    kept = indices[~np.isin(indices, unreadable)]
    return Loaded(ImageRows(entry.images(), kept), kept, tuple(left_out))


def _into_memory(
    files: Sequence[Path], indices: np.ndarray, contract: InputContract, what: str
) -> Loaded:
    images = np.empty((len(indices), *contract.image_shape), dtype=np.uint8)
    kept: list[int] = []
    left_out: list[LeftOut] = []
    with counting(f"reading {what}", len(indices), "pictures") as done:
        results = decoded([files[i] for i in indices], contract)
        for index, result in zip(indices.tolist(), results, strict=True):
            if isinstance(result, LeftOut):
                left_out.append(result)
            else:
                images[len(kept)] = result
                kept.append(index)
            done(1)
    return Loaded(images[: len(kept)], np.asarray(kept, dtype=np.int64), tuple(left_out))
