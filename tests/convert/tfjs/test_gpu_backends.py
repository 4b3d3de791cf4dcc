"""Written graph models on the graphics card: what WebGL and WebGPU lack or compute otherwise."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import keras
import pytest
from playwright.sync_api import Browser, Page

from edgeproof.convert.freeze import freeze
from edgeproof.convert.tfjs.graph_model import graph_model_files

from . import models
from .browser_engine import open_page, run_in_page
from .engines import worst_error

# float32 arithmetic in another order; measured up to 9e-7 on these models
TOLERANCE = 1e-5
MODELS = [
    models.image_classifier,
    models.every_activation,
    models.many_inputs_and_outputs,
    models.sequence,
    models.grouped_and_transposed,
    models.masked_sequence,
    models.masked_values,
    models.numbers_of_integers,
]


@pytest.fixture(scope="module", params=["tfjs-webgl", "tfjs-webgpu"])
def engine_page(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[tuple[str, Page]]:
    page = open_page(chromium)
    yield request.param, page
    page.close()


@pytest.mark.parametrize("make", MODELS)
def test_the_graphics_card_computes_what_keras_does_twice(
    make: Callable[[], keras.Model], engine_page: tuple[str, Page]
) -> None:
    engine, page = engine_page
    model = make()
    inputs = models.random_inputs(model)
    if model.name == "masked_values":
        inputs[0][:, 2:] = 0
    files = graph_model_files(freeze(model), "float32")
    signature = json.loads(files["model.json"])["signature"]
    expected = models.keras_outputs(model, inputs)
    for run in run_in_page(page, engine, files, inputs, signature):
        assert worst_error(run, expected) <= TOLERANCE


def test_what_webgpu_refuses_is_not_taken_for_an_answer(chromium: Browser) -> None:
    """Negative control: TF.js 4.22 cannot add a bias in five dimensions there, and says nothing."""
    model = models.volumes_and_signals()
    inputs = models.random_inputs(model)
    files = graph_model_files(freeze(model), "float32")
    signature = json.loads(files["model.json"])["signature"]
    page = open_page(chromium)
    with pytest.raises(AssertionError, match="WebGPU refused a program"):
        run_in_page(page, "tfjs-webgpu", files, inputs, signature)
    page.close()
    page = open_page(chromium)
    expected = models.keras_outputs(model, inputs)
    for run in run_in_page(page, "tfjs-webgl", files, inputs, signature):
        assert worst_error(run, expected) <= TOLERANCE
    page.close()
