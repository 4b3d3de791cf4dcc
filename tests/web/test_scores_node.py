"""`scores.js`, `npy.js` and `pen.js` against their Python counterparts, in Node."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeproof.edge.manifest import Output
from edgeproof.edge.scores import probabilities

RunModules = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]


@pytest.mark.parametrize(
    ("raw", "scores", "labels"),
    [
        ([0.2, 0.5, 0.3], "softmax", 3),
        ([3.0, -2.0, 80.0, 80.0], "logits", 4),
        ([0.875], "sigmoid", 2),
        ([0.1, 0.9, 0.9], "sigmoid", 3),
    ],
)
def test_scores_are_read_as_in_python(
    run_modules: RunModules, raw: list[float], scores: Any, labels: int
) -> None:
    (answer,) = run_modules([{"call": "scores", "raw": raw, "scores": scores, "labels": labels}])
    row = probabilities(np.array([raw], np.float32), Output(scores), labels)[0]
    np.testing.assert_allclose(answer["result"]["row"], row, rtol=1e-6)
    assert answer["result"]["order"] == np.argsort(-row, kind="stable").tolist()


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ("softmax", "expected 4 scores, one per label, got 3"),
        ("values", "expected an output with scores, got plain values"),
    ],
)
def test_scores_that_do_not_fit_are_an_error(
    run_modules: RunModules, scores: str, message: str
) -> None:
    call = {"call": "scores", "raw": [0.2, 0.5, 0.3], "scores": scores, "labels": 4}
    assert run_modules([call]) == [{"error": message}]


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64", "float32"])
def test_npy_arrays_are_read(run_modules: RunModules, tmp_path: Path, dtype: str) -> None:
    array = np.arange(24).reshape(2, 3, 4).astype(dtype)
    np.save(tmp_path / "a.npy", array)
    (answer,) = run_modules([{"call": "npy", "path": str(tmp_path / "a.npy")}])
    assert answer["result"]["shape"] == [2, 3, 4]
    assert answer["result"]["data"] == array.ravel().tolist()


def test_npy_that_is_not_one_is_an_error(run_modules: RunModules, tmp_path: Path) -> None:
    np.save(tmp_path / "complex.npy", np.ones(3, np.complex64))
    (tmp_path / "text.npy").write_text("not an array at all")
    whole = tmp_path / "whole.npy"
    np.save(whole, np.ones(30, np.float32))
    (tmp_path / "cut.npy").write_bytes(whole.read_bytes()[:-4])
    names = ("complex", "text", "cut")
    answers = run_modules([{"call": "npy", "path": str(tmp_path / f"{n}.npy")} for n in names])
    assert "expected uint8, int32, int64 or float32" in answers[0]["error"]
    assert "expected a .npy array" in answers[1]["error"]
    assert "expected 30 values for shape (30), got 29" in answers[2]["error"]


def test_pen_learns_how_a_data_set_writes(run_modules: RunModules, tmp_path: Path) -> None:
    images = np.zeros((5, 28, 28), np.uint8)
    images[:, 4:24, 13:15] = 255  # an upright stroke, 20 high and 2 thick, as in MNIST
    (tmp_path / "images").write_bytes(images.tobytes())
    (tmp_path / "inverse").write_bytes((255 - images).tobytes())
    size = {"call": "inkStyle", "height": 28, "width": 28}
    dark, light = run_modules(
        [{**size, "path": str(tmp_path / name)} for name in ("images", "inverse")]
    )
    assert (dark["result"]["paper"], light["result"]["paper"]) == (0, 255)
    assert dark["result"]["size"] == pytest.approx(20 / 28)
    assert dark["result"]["thickness"] == pytest.approx(40 / (2.2 * 20) / 28)


def test_drawing_is_scaled_into_the_usual_box(run_modules: RunModules) -> None:
    style = {"paper": 0, "ink": 255, "size": 0.75, "thickness": 0.1}
    strokes = [[{"x": 5, "y": 900}, {"x": 5, "y": 960}, {"x": 25, "y": 960}]]
    call = {"call": "placed", "strokes": strokes, "style": style, "side": 100}
    (answer,) = run_modules([call])
    (stroke,) = answer["result"]
    xs, ys = [p["x"] for p in stroke], [p["y"] for p in stroke]
    assert max(ys) - min(ys) == pytest.approx(65)
    assert max(xs) - min(xs) == pytest.approx(65 / 3)
    assert min(xs) >= 5
    assert max(ys) <= 95
