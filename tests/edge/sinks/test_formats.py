"""A result as text, JSON and CSV, with names and labels that are out to do harm."""

import csv
import io
import json

import pytest

from edgeproof.edge.prediction import Score
from edgeproof.edge.sinks.csv_rows import COLUMNS, HEADER, csv_rows
from edgeproof.edge.sinks.json_lines import json_line
from edgeproof.edge.sinks.result import Result
from edgeproof.edge.sinks.text import text_line

PLAIN = Result("a.png", None, (Score("cat", 0.75), Score("dog", 0.25)))
TIMED = Result("v4l2:/dev/video0", 1_700_000_000.0625, (Score("cat", 0.75),))
NONE = Result("a.png", None)
BROKEN = Result("a.png", 0.0, error="a.png: cannot be decoded")


def test_text() -> None:
    assert text_line(PLAIN) == "a.png: cat 75.0%  dog 25.0%\n"
    assert text_line(TIMED) == "2023-11-14T22:13:20.062Z v4l2:/dev/video0: cat 75.0%\n"
    assert text_line(NONE) == "a.png: no label\n"
    assert text_line(BROKEN) == ""


def test_json() -> None:
    assert json.loads(json_line(PLAIN)) == {
        "file": "a.png",
        "label": "cat",
        "probability": 0.75,
        "scores": [{"label": "cat", "probability": 0.75}, {"label": "dog", "probability": 0.25}],
    }
    assert list(json.loads(json_line(TIMED)))[:2] == ["time", "file"]
    assert json.loads(json_line(NONE)) == {
        "file": "a.png",
        "label": None,
        "probability": None,
        "scores": [],
    }
    assert json.loads(json_line(BROKEN)) == {
        "time": "1970-01-01T00:00:00.000Z",
        "file": "a.png",
        "error": "a.png: cannot be decoded",
    }


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def test_csv_is_one_table_whatever_the_results_are() -> None:
    text = HEADER + "".join(csv_rows(r) for r in (PLAIN, TIMED, NONE, BROKEN))
    assert text.count("\r\n") == text.count("\n") == 6
    assert rows_of(text) == [
        list(COLUMNS),
        ["", "a.png", "1", "cat", "0.75", ""],
        ["", "a.png", "2", "dog", "0.25", ""],
        ["2023-11-14T22:13:20.062Z", "v4l2:/dev/video0", "1", "cat", "0.75", ""],
        ["", "a.png", "", "", "", ""],
        ["1970-01-01T00:00:00.000Z", "a.png", "", "", "", "a.png: cannot be decoded"],
    ]


HOSTILE = [
    '=HYPERLINK("http://x";"y")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1,2)",
    "\t=1",
    "\r=1",
    'a,"b"\r\nc;d',
    "\x1b[2J\x1b]0;title\x07",
    "line\nfeed",
    "\ud800 half a pair",
    "caf\u00e9 \u4e2d",
]


@pytest.mark.parametrize("label", HOSTILE)
def test_hostile_labels_and_names_stay_data(label: str) -> None:
    result = Result(label, None, (Score(label, 0.5),))
    (row,) = rows_of(csv_rows(result))
    assert len(row) == len(COLUMNS)
    for cell in (row[1], row[3]):
        assert cell[:1] not in tuple("=+-@\t\r")
        assert cell.lstrip("'") == label
    line = text_line(result)
    assert line[:-1].isprintable()
    assert line.endswith(": " + line.split(": ")[0] + " 50.0%\n")
    assert json_line(result).isascii()
    assert json.loads(json_line(result))["label"] == label
