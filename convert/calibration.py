"""Calibration samples: what the activations' ranges are measured on. Never test data."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgeproof.convert.errors import ConvertError
from edgeproof.convert.keras_flavour import tensor_dtype
from edgeproof.edge.contract import InputContract
from edgeproof.edge.image import batch_from_images, image_from_file

if TYPE_CHECKING:
    import keras

_PICTURES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"}


@dataclass(frozen=True)
class Calibration:
    """Calibration samples of one model.

    Attributes:
        arrays: one array per model input, N x ..., as the model takes them.
        images: for image models the uint8 images before scale and offset; None otherwise.
        description: where they come from, for the manifest.
    """

    arrays: tuple[np.ndarray, ...]
    images: np.ndarray | None
    description: str

    def __len__(self) -> int:
        return len(self.arrays[0])


def check_calibration_path(path: Path) -> None:
    """Refuse what cannot be calibration data before anything expensive is done.

    Raises:
        ConvertError: missing, a folder without pictures, or a file that is no `.npz`.
    """
    if path.is_dir():
        _pictures(path)
    elif not path.exists():
        raise ConvertError(f"expected calibration pictures or an .npz, got no such path: {path}")
    elif not zipfile.is_zipfile(path):
        raise ConvertError(
            f"expected an .npz file or a folder of pictures for --calibration, got {path}"
        )


def calibration_from_path(
    path: Path, model: keras.Model, contract: InputContract | None, *, limit: int, seed: int
) -> Calibration:
    """Read a folder of pictures or an `.npz` file; at most `limit` samples, chosen by `seed`.

    Raises:
        ConvertError: names, shapes, dtypes or values do not fit the model, or there is no sample.
        ImageError: a picture cannot be read.
    """
    check_calibration_path(path)
    if path.is_dir():
        if contract is None:
            raise ConvertError(
                f"expected an .npz with one array per input ({_input_names(model)}) for a model "
                f"that does not take one picture, got the folder {path}"
            )
        files = _pictures(path)
        chosen = [files[i] for i in _choice(len(files), limit, seed)]
        images = np.stack([image_from_file(file, contract) for file in chosen])
        return _of_images(
            images, contract, f"{len(chosen)} of {len(files)} pictures in {path.name}"
        )
    arrays = _npz(path)
    if contract is not None and "images" in arrays:
        images = _checked_images(path, arrays["images"], contract)
        chosen_rows = _choice(len(images), limit, seed)
        text = f"{len(chosen_rows)} of {len(images)} images in {path.name}"
        return _of_images(images[chosen_rows], contract, text)
    return _of_arrays(path, arrays, model, contract, limit=limit, seed=seed)


def _of_images(images: np.ndarray, contract: InputContract, description: str) -> Calibration:
    return Calibration((batch_from_images(images, contract),), images, description)


def _of_arrays(
    path: Path,
    arrays: dict[str, np.ndarray],
    model: keras.Model,
    contract: InputContract | None,
    *,
    limit: int,
    seed: int,
) -> Calibration:
    names = [tensor.name for tensor in model.inputs]
    expected = "images" if contract is not None else ", ".join(names)
    if contract is not None or set(arrays) != set(names):
        raise ConvertError(
            f"expected the arrays {expected} in {path}, got {', '.join(arrays) or 'none'}"
        )
    counts = {len(arrays[name]) if arrays[name].ndim else 0 for name in names}
    if len(counts) != 1 or counts == {0}:
        raise ConvertError(
            f"expected the same number of samples, at least one, for every input in {path}, "
            f"got {', '.join(f'{n}: {arrays[n].shape}' for n in names)}"
        )
    checked = [_checked_array(path, arrays[t.name], t) for t in model.inputs]
    total = counts.pop()
    rows = _choice(total, limit, seed)
    description = f"{len(rows)} of {total} samples in {path.name}"
    return Calibration(tuple(array[rows] for array in checked), None, description)


def _checked_images(path: Path, images: np.ndarray, contract: InputContract) -> np.ndarray:
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1:] != contract.image_shape:
        wanted = " x ".join(map(str, contract.image_shape))
        raise ConvertError(
            f"expected images as uint8 of N x {wanted} in {path}, "
            f"got {images.dtype} of {' x '.join(map(str, images.shape))}"
        )
    if len(images) == 0:
        raise ConvertError(f"expected at least one calibration image in {path}, got none")
    return images


def _checked_array(path: Path, array: np.ndarray, tensor: keras.KerasTensor) -> np.ndarray:
    wanted = tuple(tensor.shape[1:])
    fits = array.ndim == len(wanted) + 1 and all(
        w in (None, got) for w, got in zip(wanted, array.shape[1:], strict=True)
    )
    is_float = np.issubdtype(tensor_dtype(tensor), np.floating)
    kind_fits = np.issubdtype(array.dtype, np.floating if is_float else np.integer)
    if not fits or not kind_fits:
        sizes = " x ".join(map(str, wanted))
        raise ConvertError(
            f"expected {tensor.name} as {tensor_dtype(tensor)} of N x {sizes} "
            f"in {path}, got {array.dtype} of {' x '.join(map(str, array.shape))}"
        )
    if is_float and not np.isfinite(array).all():
        raise ConvertError(
            f"expected finite values in {tensor.name} of {path}, got NaN or infinity"
        )
    return array.astype(tensor_dtype(tensor))


def _npz(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ConvertError(f"{path} is not a readable .npz file of arrays: {error}") from error


def _pictures(folder: Path) -> list[Path]:
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in _PICTURES)
    if not files:
        raise ConvertError(f"expected calibration pictures in {folder}, got none")
    return files


def _choice(total: int, limit: int, seed: int) -> np.ndarray:
    if total <= limit:
        return np.arange(total)
    return np.sort(np.random.default_rng(seed).choice(total, limit, replace=False))


def _input_names(model: keras.Model) -> str:
    return ", ".join(tensor.name for tensor in model.inputs)
