"""Picture files to images through the input contract, in parallel, with a progress bar."""

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

import numpy as np

from edgeproof.edge.contract import InputContract
from edgeproof.edge.errors import ImageError
from edgeproof.edge.image import image_from_file
from edgeproof.train.progress import counting

# one task of a worker: enough pictures to hide the cost of passing them between processes
_CHUNK = 64
# below this, starting the workers (0.5 s each) costs more than they save
_WORTH_WORKERS = 2000


@dataclass(frozen=True)
class LeftOut:
    """A picture that cannot be read, and why, in one sentence that names it."""

    path: Path
    reason: str


def decoded_files(
    files: Sequence[Path], contract: InputContract, what: str
) -> tuple[np.ndarray, np.ndarray, tuple[LeftOut, ...]]:
    """Decode picture files in order, leaving out those that cannot be read.

    Returns:
        uint8 images N x height x width x channels; the positions in `files` they come from, int64;
        and what was left out.
    """
    images = np.empty((len(files), *contract.image_shape), dtype=np.uint8)
    kept: list[int] = []
    left_out: list[LeftOut] = []
    with counting(f"reading {what}", len(files), "pictures") as done:
        for position, (path, result) in enumerate(
            zip(files, _results(files, contract), strict=True)
        ):
            if isinstance(result, str):
                left_out.append(LeftOut(path, result))
            else:
                images[len(kept)] = result
                kept.append(position)
            done(1)
    return images[: len(kept)], np.asarray(kept, dtype=np.int64), tuple(left_out)


def _results(files: Sequence[Path], contract: InputContract) -> Iterator[np.ndarray | str]:
    chunks = [files[i : i + _CHUNK] for i in range(0, len(files), _CHUNK)]
    if len(files) < _WORTH_WORKERS:
        for chunk in chunks:
            yield from _decode_chunk(chunk, contract)
        return
    # spawn: a fork of a process with TensorFlow's threads may hang
    with ProcessPoolExecutor(
        max_workers=os.cpu_count(), mp_context=multiprocessing.get_context("spawn")
    ) as pool:
        for decoded in pool.map(_decode_chunk, chunks, repeat(contract)):
            yield from decoded


def _decode_chunk(files: Sequence[Path], contract: InputContract) -> list[np.ndarray | str]:
    """Each file's image, or the sentence that says why there is none."""
    results: list[np.ndarray | str] = []
    for path in files:
        try:
            results.append(image_from_file(path, contract))
        except ImageError as error:
            results.append(str(error))
    return results
