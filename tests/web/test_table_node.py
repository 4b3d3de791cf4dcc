"""The table that the page gives away: CSV that any reader takes, and JSON; in Node."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from edgeproof.edge.prediction import Score
from edgeproof.edge.sinks.csv_rows import csv_rows
from edgeproof.edge.sinks.result import Result

RunModules = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]

BY = {
    "model": "digits",
    "version": "0123456789ab",
    "variant": "tfjs-float32",
    "engine": "tfjs-wasm",
    "proof": "passed",
}
HOSTILE = ['=HYPERLINK("http://x","y")', "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '"', "a,b\r\nc"]


def answered(name: str, label: str, *rest: str) -> dict[str, Any]:
    scores = [{"label": text, "probability": 0.5} for text in (label, *rest)]
    return {"file": name, "scores": scores, "error": None, "by": BY}


def tables(run_modules: RunModules, answers: list[dict[str, Any]]) -> tuple[list[Any], list[Any]]:
    (answer,) = run_modules([{"call": "table", "answers": answers}])
    text = answer["result"]["csv"]
    assert text.endswith("\r\n")
    rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    return rows, json.loads(answer["result"]["json"])


def test_each_label_has_a_row_and_each_picture_an_object(run_modules: RunModules) -> None:
    failed = {"file": "b.png", "scores": [], "error": "expected a picture", "by": None}
    rows, documents = tables(run_modules, [answered("a.png", "7", "1"), failed])
    assert [(r["file"], r["rank"], r["label"], r["probability"]) for r in rows] == [
        ("a.png", "1", "7", "0.5"),
        ("a.png", "2", "1", "0.5"),
        ("b.png", "", "", ""),
    ]
    assert {key: rows[0][key] for key in BY} == BY
    assert rows[2]["error"] == "expected a picture"
    assert documents == [
        {
            "file": "a.png",
            "label": "7",
            "probability": 0.5,
            "scores": [{"label": "7", "probability": 0.5}, {"label": "1", "probability": 0.5}],
            **BY,
        },
        {"file": "b.png", "error": "expected a picture"},
    ]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_is_a_formula(run_modules: RunModules, text: str) -> None:
    rows, documents = tables(run_modules, [answered(text, text)])
    assert not rows[0]["file"].startswith(("=", "+", "-", "@", "\t", "\r"))
    assert rows[0]["file"].removeprefix("'") == text
    # JSON is data: as it was
    assert documents[0]["file"] == documents[0]["label"] == text


@pytest.mark.parametrize("text", HOSTILE)
def test_cells_are_those_of_the_device(run_modules: RunModules, text: str) -> None:
    device = csv_rows(Result(text, None, (Score(text, 0.5),)))
    (expected,) = csv.reader(io.StringIO(device, newline=""), strict=True)
    rows, _ = tables(run_modules, [answered(text, text)])
    _, *shared, _ = expected  # without the time and the error
    assert [rows[0][key] for key in ("file", "rank", "label", "probability")] == shared
