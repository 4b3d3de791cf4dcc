"""Tiny data sets in the published formats, written by the tests themselves."""

import gzip
import io
import pickle
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(autouse=True)
def _no_data_of_this_machine(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No test finds data, or a cache of downloads, that happens to lie on this machine."""
    if "real_data" not in request.fixturenames:
        monkeypatch.delenv("EDGEPROOF_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def _idx_bytes(values: np.ndarray) -> bytes:
    """An array of bytes in the IDX format."""
    header = struct.pack(">BBBB", 0, 0, 8, values.ndim) + struct.pack(
        f">{values.ndim}I", *values.shape
    )
    return header + values.astype(np.uint8).tobytes()


@pytest.fixture
def idx_bytes() -> Callable[[np.ndarray], bytes]:
    return _idx_bytes


@pytest.fixture
def digit_arrays() -> dict[str, np.ndarray]:
    """x_train, y_train, x_test, y_test: 100 and 40 images with the label's rows lit."""
    arrays = {}
    for part, count in (("train", 100), ("test", 40)):
        labels = np.arange(count) % 10
        images = np.random.default_rng(count).integers(0, 60, (count, 28, 28))
        for image, label in zip(images, labels, strict=True):
            image[label * 2 : label * 2 + 4] += 190
        arrays[f"x_{part}"] = images.astype(np.uint8)
        arrays[f"y_{part}"] = labels.astype(np.uint8)
    return arrays


@pytest.fixture
def write_mnist(digit_arrays: dict[str, np.ndarray]) -> Callable[..., Path]:
    """Write MNIST's four files into a folder, gzip'ed or plain."""

    def write(folder: Path, *, zipped: bool = True) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for part, prefix in (("train", "train"), ("test", "t10k")):
            for key, kind in (("x", "images-idx3"), ("y", "labels-idx1")):
                content = _idx_bytes(digit_arrays[f"{key}_{part}"])
                name = f"{prefix}-{kind}-ubyte"
                if zipped:
                    (folder / f"{name}.gz").write_bytes(gzip.compress(content))
                else:
                    (folder / name).write_bytes(content)
        return folder

    return write


@pytest.fixture
def cifar_batches() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Name of a batch to its N x 3,072 planes and N labels."""
    rng = np.random.default_rng(5)
    names = [f"data_batch_{n}" for n in range(1, 6)] + ["test_batch"]
    return {
        name: (rng.integers(0, 256, (20, 3072)).astype(np.uint8), np.arange(20) % 10)
        for name in names
    }


@pytest.fixture
def cifar_binary(tmp_path: Path, cifar_batches: dict[str, tuple[np.ndarray, np.ndarray]]) -> Path:
    folder = tmp_path / "data" / "cifar-10-batches-bin"
    folder.mkdir(parents=True)
    for name, (planes, labels) in cifar_batches.items():
        records = np.concatenate([labels[:, np.newaxis].astype(np.uint8), planes], axis=1)
        (folder / f"{name}.bin").write_bytes(records.tobytes())
    return folder


@pytest.fixture
def cifar_python(tmp_path: Path, cifar_batches: dict[str, tuple[np.ndarray, np.ndarray]]) -> Path:
    folder = tmp_path / "data" / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    for name, (planes, labels) in cifar_batches.items():
        batch = {b"data": planes, b"labels": labels.tolist(), b"batch_label": b"a batch"}
        (folder / name).write_bytes(pickle.dumps(batch, protocol=2))
    return folder


def _picture(color: tuple[int, int, int], seed: int, size: tuple[int, int] = (20, 24)) -> bytes:
    """A PNG of about one colour."""
    noise = np.random.default_rng(seed).integers(0, 40, (size[1], size[0], 3))
    encoded = io.BytesIO()
    Image.fromarray((noise + np.array(color)).astype(np.uint8)).save(encoded, "PNG")
    return encoded.getvalue()


@pytest.fixture
def write_tree() -> Callable[..., Path]:
    """Write a class-per-folder tree of so many pictures per class, a colour for each class."""

    def write(root: Path, **classes: int) -> Path:
        for number, (label, count) in enumerate(classes.items()):
            (root / label).mkdir(parents=True)
            color = (200 * (number % 2), 200 * (number == 0), 100)
            for i in range(count):
                content = _picture(color, seed=100 * number + i)
                (root / label / f"p{i % 4}_{i:03}.png").write_bytes(content)
        return root

    return write


@pytest.fixture
def cells(tmp_path: Path) -> Path:
    """A malaria tree: twelve slides, each with cells of both classes, two names for one slide."""
    root = tmp_path / "data" / "cell_images"
    for label, color in (("Parasitized", (150, 50, 150)), ("Uninfected", (200, 100, 100))):
        (root / label).mkdir(parents=True)
        for slide in range(12):
            for cell in range(4):
                camera = "ThinOriginal" if cell % 2 else "thin"
                name = f"C{slide}P{slide + 3}{camera}_IMG_{cell}_cell_{cell}.png"
                size = (20 + slide, 30 + cell)
                (root / label / name).write_bytes(_picture(color, slide * 10 + cell, size))
    return root
