"""The figures as tables, lines and a picture."""

import csv
import io
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image

from edgeproof.edge.bench.cli import bench
from edgeproof.edge.bench.figures import Bench, Case, Conditions, Picture, Times
from edgeproof.edge.bench.plot import draw
from edgeproof.edge.bench.rows import csv_text, shown
from edgeproof.edge.bench.text import text
from edgeproof.edge.extras import MissingExtra


def case(variant: str, threads: int, scale: float) -> Case:
    model = Times(100, 10 * scale, 11 * scale, 12 * scale, 99 / scale)
    whole = Times(100, 14 * scale, 15 * scale, 17 * scale, 70 / scale)
    return Case(variant, threads, 3_989_263, 26.2, 15.1, model, whole, 67_800_000)


BENCH = Bench(
    bundle="flowers",
    runtime="litert",
    versions={"litert": "2.3.0", "Python": "3.11.2"},
    board="Raspberry Pi 4 Model B Rev 1.4",
    system="Debian GNU/Linux 12 (bookworm)",
    cores=4,
    picture=Picture("photo.jpg", 640, 480, 74_103),
    warm_up=10,
    runs=100,
    percentile_method="linear",
    conditions=Conditions("ondemand", 48.3, 61.8, 0.1, ("throttled",)),
    cases=(
        case("tflite-float32", 1, 2.0),
        case("tflite-int8", 1, 1.0),
        Case("tflite-int16x8", 1, 20_000, failure="litert refuses the model: no"),
    ),
    complete=True,
    warnings=(),
)


def test_tables_to_read() -> None:
    lines = text(BENCH).splitlines()
    assert lines[0] == (
        "flowers on Raspberry Pi 4 Model B Rev 1.4, 4 cores, Debian GNU/Linux 12 (bookworm)"
    )
    assert lines[2] == "governor ondemand; 48 to 62 °C; throttled: throttled; load 0.1 before"
    alone = lines.index("The model alone")
    head, first, second = lines[alone + 1 : alone + 4]
    assert head.split("  ")[0] == "variant"
    assert first.split() == [
        "tflite-float32",
        "1",
        "3,989",
        "26.2",
        "15.1",
        "20.0",
        "22.0",
        "24.0",
        "49.5",
        "100",
    ]
    assert second.split() == [
        "tflite-int8",
        "1",
        "3,989",
        "26.2",
        "15.1",
        "10.0",
        "11.0",
        "12.0",
        "99.0",
        "100",
    ]
    assert len(head) == len(first) == len(second)
    assert "photo.jpg: 640x480, 74,103 bytes" in text(BENCH)
    assert lines[-1] == "tflite-int16x8, 1 threads: litert refuses the model: no"
    assert "Interrupted" not in text(BENCH)
    assert "Interrupted: not every case" in text(replace(BENCH, complete=False))


def test_a_model_that_takes_no_picture_has_no_whole_path() -> None:
    alone = replace(BENCH, picture=None, cases=tuple(replace(c, whole=None) for c in BENCH.cases))
    assert "whole path" not in text(alone)


def test_lines_for_a_spreadsheet() -> None:
    lines = list(csv.DictReader(io.StringIO(csv_text(BENCH))))
    assert len(lines) == 3
    assert lines[1]["model_median_ms"] == "10.0"
    assert lines[1]["throttled"] == "throttled"
    assert (lines[2]["failure"], lines[2]["model_n"]) == ("litert refuses the model: no", "")


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, "-"), (0.0, "0.0000"), (0.01279, "0.0128"), (13.94, "13.9"), (1240.4, "1,240")],
)
def test_three_digits_that_count(value: float | None, expected: str) -> None:
    assert shown(value) == expected


@pytest.mark.parametrize("cases", [BENCH.cases, (replace(BENCH.cases[0], whole=None),)])
def test_a_picture(tmp_path: Path, cases: tuple[Case, ...]) -> None:
    found = replace(BENCH, cases=cases)
    draw(found, tmp_path / "figures.PNG")
    with Image.open(tmp_path / "figures.PNG") as picture:
        assert picture.format == "PNG"
        assert len(picture.convert("RGB").getcolors(1 << 20) or ()) > 10
    draw(found, tmp_path / "figures.svg")
    assert ElementTree.parse(tmp_path / "figures.svg").getroot().tag.endswith("svg")


def test_a_plot_without_matplotlib_is_refused_before_anything_is_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from click.testing import CliRunner

    monkeypatch.setattr("edgeproof.edge.extras.importlib.util.find_spec", lambda name: None)
    arguments = [str(tmp_path), "--plot", str(tmp_path / "figures.png")]
    done = CliRunner().invoke(bench, arguments)
    assert isinstance(done.exception, MissingExtra)
    assert "pip install 'edgeproof[plot]'" in str(done.exception)
