"""What cannot be converted ends in one sentence, exit code 1 and no bundle."""

from __future__ import annotations

import json
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
