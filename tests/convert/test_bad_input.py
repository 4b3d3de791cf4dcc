"""What cannot be converted ends in one sentence, exit code 1 and no bundle."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import h5py
import keras
import numpy as np
import pytest
from keras import layers

from edgeproof.convert.errors import ConvertError
from edgeproof.convert.keras_model import keras_model
from edgeproof.convert.source import find_source
from edgeproof.edge.errors import OutputError
from edgeproof.edge.main import main
from edgeproof.edge.output_folder import whole_folder

Cli = Callable[..., CompletedProcess[str]]


def _truncated(folder: Path, whole: Path) -> Path:
    path = folder / whole.name
    path.write_bytes(whole.read_bytes()[:-500])
    return path


def _with_nan(folder: Path) -> Path:
    model = keras.Sequential([keras.Input((2,)), layers.Dense(1, name="head")])
    model.layers[0].kernel.assign([[np.nan], [1.0]])
    model.save(folder / "nan.keras")
    return folder / "nan.keras"


def _weights_only(folder: Path) -> Path:
    with h5py.File(folder / "weights.h5", "w") as file:
        file["layer/kernel"] = np.ones((2, 2))
    return folder / "weights.h5"


def _zero_size(folder: Path) -> Path:
    keras.Sequential([keras.Input((0,)), layers.Dense(1)]).save(folder / "zero.keras")
    return folder / "zero.keras"


def _without_outputs(folder: Path) -> Path:
    """Keras does not build such a model; a tool that cuts layers off may leave one."""
    inputs = keras.Input((2,))
    keras.Model(inputs, layers.Dense(1)(inputs)).save(folder / "whole.keras")
    with (
        zipfile.ZipFile(folder / "whole.keras") as whole,
        zipfile.ZipFile(folder / "none.keras", "w") as cut,
    ):
        for name in whole.namelist():
            content = whole.read(name)
            if name == "config.json":
                config = json.loads(content)
                config["config"]["output_layers"] = []
                content = json.dumps(config).encode()
            cut.writestr(name, content)
    return folder / "none.keras"


def _unknown_operation(folder: Path) -> Path:
    inputs = keras.Input((4, 4))
    keras.Model(inputs, keras.ops.linalg.det(inputs)).save(folder / "det.keras")
    return folder / "det.keras"


BAD: dict[str, tuple[Callable[[Path], Path], str]] = {
    "NaN weights": (_with_nan, "expected finite weights, got NaN or infinity in head/kernel"),
    "weights only": (_weights_only, "expected a whole model"),
    "zero size": (_zero_size, "expected sizes of at least 1, got (None, 0)"),
    "no outputs": (_without_outputs, "expected a model with at least one output"),
    "unknown operation": (_unknown_operation, "MatrixDeterminant"),
}


def _refused(done: CompletedProcess[str], message: str, folder: Path) -> None:
    assert (done.returncode, done.stdout) == (1, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("edgeproof: ")
    assert [p.name for p in folder.iterdir()] == []


@pytest.mark.parametrize("kind", BAD)
def test_model(cli: Cli, tmp_path: Path, kind: str) -> None:
    make, message = BAD[kind]
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    path = make(tmp_path / "in")

    done = cli("convert", path, "-o", tmp_path / "out" / "b")

    _refused(done, message, tmp_path / "out")


def _not_a_model(folder: Path) -> Path:
    (folder / "model.keras").write_text("weights: many")
    return folder / "model.keras"


def _other_zip(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "model.keras", "w") as archive:
        archive.writestr("letter.txt", "hello")
    return folder / "model.keras"


def _truncated_hdf5(folder: Path) -> Path:
    with h5py.File(folder / "whole.h5", "w") as file:
        file.attrs["model_config"] = "{}"
        file["layer/kernel"] = np.ones((64, 64))
    (folder / "cut.h5").write_bytes((folder / "whole.h5").read_bytes()[:-4096])
    return folder / "cut.h5"


def _own_layer(folder: Path) -> Path:
    class Doubling(keras.layers.Layer):
        def call(self, inputs: object) -> object:
            return inputs

    inputs = keras.Input((4,))
    keras.Model(inputs, Doubling()(inputs)).save(folder / "own.keras")
    return folder / "own.keras"


def _own_code(folder: Path) -> Path:
    inputs = keras.Input((4,))
    keras.Model(inputs, layers.Lambda(abs, name="deep")(inputs)).save(folder / "code.keras")
    return folder / "code.keras"


BAD_FILES: dict[str, tuple[Callable[[Path], Path], str]] = {
    "not a model": (_not_a_model, "expected a Keras model"),
    "another archive": (_other_zip, "expected a .keras archive with config.json"),
    "truncated HDF5": (_truncated_hdf5, "is damaged or incomplete"),
    "custom layer": (_own_layer, "--custom-objects module:Doubling"),
    "stored code": (_own_code, "holds Python code, which is not run"),
    "missing": (lambda folder: folder / "none.keras", "which does not exist"),
}
# of the tiny model's one input, `image`: 12 x 10 x 3
_PICTURES = np.zeros((2, 12, 10, 3), np.uint8)
BAD_CALIBRATION: dict[str, tuple[dict[str, np.ndarray], str]] = {
    "another name": ({"pictures": _PICTURES}, "pictures"),
    "another shape": ({"images": _PICTURES[:, 1:]}, "got uint8 of 2 x 11 x 10 x 3"),
    "another type": ({"images": _PICTURES.astype(np.int64)}, "expected images as uint8"),
    "out of range": ({"images": _PICTURES - np.float32(0.5)}, "expected images as uint8"),
    "nothing": ({"images": _PICTURES[:0]}, "at least one calibration image"),
}
# of a model of two inputs, `numbers` (4) and `index` (3, int32)
_NUMBERS, _INDEX = np.ones((2, 4), np.float32), np.ones((2, 3), np.int32)
BAD_ARRAYS: dict[str, tuple[dict[str, np.ndarray], str]] = {
    "one is missing": ({"numbers": _NUMBERS}, "index"),
    "another shape": ({"numbers": _NUMBERS[:, 1:], "index": _INDEX}, "got float32 of 2 x 3"),
    "numbers for an index": ({"numbers": _NUMBERS, "index": _INDEX + 0.5}, "index"),
    "not numbers": ({"numbers": _NUMBERS * np.nan, "index": _INDEX}, "numbers"),
    "different counts": ({"numbers": _NUMBERS, "index": _INDEX[:1]}, "index"),
    "nothing": ({"numbers": _NUMBERS[:0], "index": _INDEX[:0]}, "at least one"),
}


@pytest.fixture
def refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Callable[..., None]:
    """Convert in this process, where TensorFlow runs already, and see it refused."""
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()

    def check(model: Path, message: str, *options: object) -> None:
        arguments = ["convert", model, "-o", tmp_path / "out" / "b", *options]
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        said = capfd.readouterr()
        done = CompletedProcess(arguments, code, said.out, said.err)
        _refused(done, message, tmp_path / "out")
        assert len(said.err.splitlines()[-1]) > len(message)

    return check


@pytest.mark.parametrize("kind", BAD_FILES)
def test_file(kind: str, tmp_path: Path, refused: Callable[..., None]) -> None:
    make, message = BAD_FILES[kind]
    refused(make(tmp_path / "in"), message)


@pytest.mark.parametrize("kind", BAD_CALIBRATION)
def test_calibration_pictures(
    kind: str, tiny_keras: Path, tmp_path: Path, refused: Callable[..., None]
) -> None:
    arrays, message = BAD_CALIBRATION[kind]
    np.savez(tmp_path / "c.npz", **arrays)
    refused(tiny_keras, message, "--calibration", tmp_path / "c.npz")


@pytest.fixture(scope="module")
def two_inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    numbers = keras.Input((4,), name="numbers")
    index = keras.Input((3,), dtype="int32", name="index")
    joined = [layers.Dense(2)(numbers), layers.Flatten()(layers.Embedding(9, 2)(index))]
    path = tmp_path_factory.mktemp("two") / "two.keras"
    keras.Model([numbers, index], layers.Concatenate()(joined)).save(path)
    return path


@pytest.mark.parametrize("kind", BAD_ARRAYS)
def test_calibration_arrays(
    kind: str, two_inputs: Path, tmp_path: Path, refused: Callable[..., None]
) -> None:
    arrays, message = BAD_ARRAYS[kind]
    np.savez(tmp_path / "c.npz", **arrays)
    refused(two_inputs, message, "--calibration", tmp_path / "c.npz")


def test_full_disk_is_told_from_other_failures(tmp_path: Path) -> None:
    def write(number: int) -> None:
        with whole_folder(tmp_path / "b", force=False, marker="bundle.json") as folder:
            (folder / "part").write_text("half")
            raise OSError(number, os.strerror(number))

    with pytest.raises(OutputError, match=r"expected room on the disk for .*No space left"):
        write(errno.ENOSPC)
    with pytest.raises(OSError, match="Input/output"):
        write(errno.EIO)
    assert list(tmp_path.iterdir()) == []


def test_truncated_file(cli: Cli, tiny_keras: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()

    done = cli("convert", _truncated(tmp_path, tiny_keras), "-o", tmp_path / "out" / "b")

    _refused(done, "is damaged or incomplete", tmp_path / "out")


def test_calibration_out_of_range(cli: Cli, tiny_keras: Path, tmp_path: Path) -> None:
    """Pictures that were normalised already, given as such."""
    np.savez(tmp_path / "c.npz", images=np.random.default_rng(0).normal(size=(3, 12, 10, 3)))
    (tmp_path / "out").mkdir()

    chosen = ["--calibration", tmp_path / "c.npz"]
    done = cli("convert", tiny_keras, "-o", tmp_path / "out" / "b", *chosen)

    _refused(done, "expected images as uint8", tmp_path / "out")


_LIMITED = """
import resource, sys
from edgeproof.edge.main import main
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
sys.exit(main(sys.argv[1:]))
"""


def test_disk_that_fills_while_writing(tiny_keras: Path, tmp_path: Path) -> None:
    """No file may grow beyond 16 KB, as on a disk with so much left."""
    script = _LIMITED.format(limit=16 * 1024)
    chosen = ["--variants", "tflite-float32"]
    done = subprocess.run(
        [sys.executable, "-c", script, "convert", tiny_keras, "-o", tmp_path / "b", *chosen],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    _refused(done, "expected room on the disk for", tmp_path)


def test_zero_sizes_are_seen_in_every_tensor(tmp_path: Path) -> None:
    source = find_source(_zero_size(tmp_path))
    with pytest.raises(ConvertError, match="rebuild the model with a usable shape"):
        keras_model(source)
