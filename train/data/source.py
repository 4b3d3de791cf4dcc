"""A source: every labelled image of a data set, listed before any of them is decoded.

Listing first means that the split, and with it what is test, depends on labels, groups and a seed
only, and that `--limit 500` decodes 500 pictures rather than 25,000.
"""

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from edgeproof.edge.contract import InputContract
from edgeproof.train.data.decode import LeftOut


class Images(Protocol):
    """uint8 images N x height x width x channels that may lie in a file: read when indexed."""

    @property
    def shape(self) -> tuple[int, ...]: ...
    def __len__(self) -> int: ...
    def __getitem__(self, index: Any) -> np.ndarray: ...


class ImageRows:
    """Some rows of images, in an order of their own, without a copy."""

    def __init__(self, images: Images, rows: np.ndarray) -> None:
        self._images, self._rows = images, rows

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self._rows), *self._images.shape[1:])

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: Any) -> np.ndarray:
        """One image by its number; a copy of several by a slice or an array."""
        return np.asarray(self._images[self._rows[index]])


@dataclass(frozen=True)
class Loaded:
    """Images after the input contract.

    Attributes:
        images: uint8, N x height x width x channels; possibly in a file of the cache.
        indices: which entries of the source they are, int64, N.
        left_out: pictures that were asked for and cannot be read.
    """

    images: Images
    indices: np.ndarray
    left_out: tuple[LeftOut, ...] = ()


class Source(Protocol):
    """The images of a data set, by index.

    Attributes:
        labels: int64, N.
        label_names: what the labels mean.
        origin: where the data lies, for `config.json`.
        groups: what must not be torn apart by a split (a slide, a patient): N strings, or None.
        published_test: indices of the official test set, or None where there is none.
    """

    @property
    def labels(self) -> np.ndarray: ...
    @property
    def label_names(self) -> tuple[str, ...]: ...
    @property
    def origin(self) -> str: ...
    @property
    def groups(self) -> np.ndarray | None: ...
    @property
    def published_test(self) -> np.ndarray | None: ...

    def load(self, indices: np.ndarray, contract: InputContract, what: str) -> Loaded:
        """Decode these entries; `what` names them in the progress bar."""

    def picture(self, index: int) -> tuple[bytes, str]:
        """An entry as an encoded picture in its native size, and its file suffix."""


@dataclass(frozen=True)
class ArraySource:
    """Images that are in memory, in the shape of the recipe's contract."""

    images: np.ndarray
    labels: np.ndarray
    label_names: tuple[str, ...]
    origin: str
    published_test: np.ndarray | None = None
    groups: np.ndarray | None = None

    def load(self, indices: np.ndarray, contract: InputContract, what: str) -> Loaded:
        if self.images.shape[1:] != contract.image_shape:
            raise ValueError(
                f"expected images of {contract.image_shape}, got {self.images.shape[1:]}"
            )
        return Loaded(ImageRows(self.images, indices), np.asarray(indices, dtype=np.int64))

    def picture(self, index: int) -> tuple[bytes, str]:
        return png_of(self.images[index]), ".png"


@dataclass(frozen=True)
class FileSource:
    """Images that are picture files of any size."""

    files: tuple[Path, ...] = field(repr=False)
    labels: np.ndarray
    label_names: tuple[str, ...]
    origin: str
    groups: np.ndarray | None = None
    published_test: np.ndarray | None = None

    def load(self, indices: np.ndarray, contract: InputContract, what: str) -> Loaded:
        from edgeproof.train.data.loading import load_files  # which needs Loaded

        return load_files(self.files, np.asarray(indices, dtype=np.int64), contract, what)

    def picture(self, index: int) -> tuple[bytes, str]:
        path = self.files[index]
        return path.read_bytes(), path.suffix.lower()


def png_of(image: np.ndarray) -> bytes:
    """A uint8 image, height x width x 1 or 3, as a PNG file."""
    from PIL import Image

    encoded = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(encoded, "PNG")
    return encoded.getvalue()
