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

# one task of a worker: enough pictures to hide the cost of passing them between processes
_CHUNK = 64
# below this, starting the workers (0.5 s each) costs more than they save
_WORTH_WORKERS = 2000


@dataclass(frozen=True)
class LeftOut:
    """A picture that cannot be read, and why, in one sentence that names it."""

    path: Path
    reason: str


def decoded(files: Sequence[Path], contract: InputContract) -> Iterator[np.ndarray | LeftOut]:
    """Each file's uint8 image height x width x channels, in order, or why there is none."""
    chunks = [files[i : i + _CHUNK] for i in range(0, len(files), _CHUNK)]
    if len(files) < _WORTH_WORKERS:
        for chunk in chunks:
            yield from _decode_chunk(chunk, contract)
        return
    # spawn: a fork of a process with TensorFlow's threads may hang
    with ProcessPoolExecutor(
        max_workers=os.cpu_count(), mp_context=multiprocessing.get_context("spawn")
    ) as pool:
        for results in pool.map(_decode_chunk, chunks, repeat(contract)):
            yield from results


def _decode_chunk(files: Sequence[Path], contract: InputContract) -> list[np.ndarray | LeftOut]:
    results: list[np.ndarray | LeftOut] = []
    for path in files:
        try:
            results.append(image_from_file(path, contract))
        except ImageError as error:
            results.append(LeftOut(path, str(error)))
    return results
