"""The batch of the TFLite files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import keras
import numpy as np
import pytest

from edgeproof.convert.errors import ConvertError
from edgeproof.convert.freeze import freeze
from edgeproof.convert.keras_model import tflite_batch
from edgeproof.convert.tflite import float_tflite
from edgeproof.edge.bundle import Bundle

Cli = Callable[..., CompletedProcess[str]]


@pytest.mark.parametrize(
    ("asked", "shape"), [("4", (4, 12, 10, 3)), ("dynamic", (None, 12, 10, 3))]
)
def test_as_asked(
    cli: Cli, tiny_run: Path, tmp_path: Path, asked: str, shape: tuple[int | None, ...]
) -> None:
    chosen = ["--variants", "tflite-float32,tflite-int8", "--batch", asked]
    done = cli("convert", tiny_run, "-o", tmp_path / "b", *chosen)

    assert done.returncode == 0, done.stderr
    bundle = Bundle.open(tmp_path / "b")
    for variant in bundle.manifest.variants:
        assert variant.inputs[0].shape == shape


def test_a_free_batch_takes_any_number(tiny_model: keras.Model) -> None:
    from ai_edge_litert.interpreter import Interpreter

    content = float_tflite(tiny_model, freeze(tiny_model), batch=None)
    interpreter = Interpreter(model_content=content)
    for count in (1, 5):
        batch = np.random.default_rng(0).uniform(0, 255, (count, 12, 10, 3)).astype(np.float32)
        outputs = interpreter.get_signature_runner()(image=batch)
        np.testing.assert_allclose(outputs["scores"], tiny_model(batch), atol=1e-5)


def test_a_batch_that_is_built_in_stays(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input(batch_shape=(2, 3)), keras.layers.Dense(1)])

    assert tflite_batch(model, None) == 2
    assert tflite_batch(model, 2) == 2
    for asked in (3, "dynamic"):
        with pytest.raises(ConvertError, match=r"expected the batch 2, .* leave it out"):
            tflite_batch(model, asked)


@pytest.mark.parametrize("text", ["0", "-1", "many"])
def test_no_number(cli: Cli, tiny_keras: Path, tmp_path: Path, text: str) -> None:
    done = cli("convert", tiny_keras, "-o", tmp_path / "b", "--batch", text)

    assert done.returncode == 2
    assert "expected a number of at least 1 or dynamic for --batch" in done.stderr
