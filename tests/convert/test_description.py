"""How a model is fed and read: found, stated, and refused where it does not fit."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from edgeproof.convert.description import Description, describe
from edgeproof.convert.errors import ConvertError
from edgeproof.convert.freeze import freeze
from edgeproof.convert.options import ConvertOptions
from edgeproof.convert.source import ModelSource, find_source
from edgeproof.edge.errors import UsageError


def described(
    model: keras.Model, source: ModelSource | None = None, **options: Any
) -> tuple[Description, list[str]]:
    notes: list[str] = []
    found = describe(
        source or ModelSource(Path("flowers.keras"), Path("flowers.keras"), "keras"),
        model,
        freeze(model),
        ConvertOptions(**options),
        notes.append,
    )
    return found, notes


def model_of(shape: tuple[int, ...], units: int, activation: str | None) -> keras.Model:
    inputs = keras.Input(shape)
    return keras.Model(inputs, layers.Dense(units, activation)(layers.Flatten()(inputs)))


def test_a_run_states_everything(tiny_run: Path, tiny_model: keras.Model) -> None:
    found, notes = described(tiny_model, find_source(tiny_run))

    assert found.name == "tiny"
    assert found.labels == ("red", "green", "blue", "grey", "none")
    assert notes == []


def test_a_bare_model_is_described_with_notes() -> None:
    found, notes = described(model_of((6, 4, 1), 3, "softmax"))

    assert found.contract is not None
    assert (found.name, found.task, found.scores) == ("flowers", "image-classification", "softmax")
    assert (found.contract.image_shape, found.contract.color) == ((6, 4, 1), "gray")
    assert found.labels == ("0", "1", "2")
    assert len(notes) == 2
    assert "pixels 0 to 255" in notes[0]
    assert 'named "0" to "2"' in notes[1]


@pytest.mark.parametrize(
    ("units", "activation", "scores", "labels"),
    [
        (4, "softmax", "softmax", 4),
        (1, "sigmoid", "sigmoid", 2),
        (4, "sigmoid", "sigmoid", 4),
        (4, None, "logits", 4),
    ],
)
def test_scores_of_the_last_operation(
    units: int, activation: str | None, scores: str, labels: int
) -> None:
    found, notes = described(model_of((4, 4, 3), units, activation))

    assert (found.scores, len(found.labels)) == (scores, labels)
    assert any("read as logits" in note for note in notes) == (scores == "logits")


def test_imagenet_normalisation_is_that_of_keras() -> None:
    from keras.applications import imagenet_utils

    from edgeproof.edge.image import batch_from_images

    found, _ = described(model_of((2, 2, 3), 4, "softmax"), normalize="imagenet")
    images = np.random.default_rng(0).integers(0, 256, (5, 2, 2, 3)).astype(np.uint8)
    expected = imagenet_utils.preprocess_input(images.astype(np.float32), mode="torch")

    assert found.contract is not None
    np.testing.assert_allclose(batch_from_images(images, found.contract), expected, atol=1e-6)


def test_options_override_a_run(tiny_run: Path, tiny_model: keras.Model) -> None:
    found, _ = described(tiny_model, find_source(tiny_run), fit="pad", background=(1, 2, 3))

    assert found.contract is not None
    assert (found.contract.fit, found.contract.background) == ("pad", (1, 2, 3))


def test_a_model_without_pictures_is_described_as_other() -> None:
    found, notes = described(model_of((30, 1, 40), 3, "softmax"))

    assert (found.task, found.contract, found.labels) == ("other", None, ())
    assert notes == []


def test_wrong_label_count(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("cat\ndog")
    with pytest.raises(ConvertError, match=r"expected 3 labels, .* got 2 in .*labels.txt"):
        described(model_of((4, 4, 3), 3, "softmax"), labels=tmp_path / "labels.txt")


def test_contract_of_another_shape(tiny_run: Path) -> None:
    with pytest.raises(ConvertError, match=r"of \(9, 9, 3\) as the model's input, got \(12, 10"):
        described(model_of((9, 9, 3), 5, "softmax"), find_source(tiny_run))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scale": (1.0, 2.0)}, "input contract: scale: expected 1 or 3 values, got 2"),
        ({"background": (0, 0, 300)}, "input contract: background: expected three values"),
    ],
)
def test_contract_options_out_of_range(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        described(model_of((4, 4, 3), 3, "softmax"), **options)


@pytest.mark.parametrize("options", [{"fit": "crop"}, {"scores": "softmax"}])
def test_picture_options_for_another_model(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"expected (a model of one picture|an image classifier)"):
        described(model_of((30, 1, 40), 3, "softmax"), **options)
