"""`edgeproof bench` as its users run it."""

import csv
import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeproof.edge.bench.figures import Bench
from edgeproof.edge.bench.rows import csv_text
from edgeproof.edge.schema import from_json

Cli = Callable[..., subprocess.CompletedProcess[str]]
QUICK = ("--runs", "3", "--warm-up", "1")


def test_json_holds_every_figure_and_what_it_was_measured_on(cli: Cli, digits_bundle: Path) -> None:
    variants = "tflite-int8,tflite-float32"
    done = cli("bench", digits_bundle, "--variants", variants, "--threads", "1", *QUICK, "--json")
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[:2] == [
        "1/2 tflite-int8, 1 thread",
        "2/2 tflite-float32, 1 thread",
    ]
    found = from_json(Bench, json.loads(done.stdout))
    assert [(case.variant, case.threads) for case in found.cases] == [
        ("tflite-int8", 1),
        ("tflite-float32", 1),
    ]
    for case in found.cases:
        assert case.failure is None
        assert case.model is not None
        assert case.whole is not None
        for times in (case.model, case.whole):
            assert times.n >= 3
            assert 0 < times.median_ms <= times.p95_ms <= times.p99_ms
            assert times.per_second > 0
        assert case.load_ms is not None
        assert case.load_ms > 0
        assert case.first_ms is not None
        assert case.first_ms > 0
        assert case.peak_bytes is not None
        assert case.peak_bytes > 20_000_000
        size = (digits_bundle / f"variants/{case.variant}/model.tflite").stat().st_size
        assert case.file_bytes == size
    assert (found.complete, found.warm_up, found.runs) == (True, 1, 3)
    assert found.picture is not None
    assert found.picture.name.endswith(".jpg")
    assert {found.runtime, "Python", "numpy", "Pillow", "edgeproof"} == set(found.versions)
    # the same figures as lines
    lines = list(csv.DictReader(io.StringIO(csv_text(found))))
    assert [line["variant"] for line in lines] == ["tflite-int8", "tflite-float32"]
    assert float(lines[0]["whole_median_ms"]) == found.cases[0].whole.median_ms  # type: ignore[union-attr]


def test_a_variant_that_cannot_run_is_said_and_the_others_go_on(
    cli: Cli, bundle_copy: Path
) -> None:
    model = bundle_copy / "variants/tflite-float16/model.tflite"
    model.write_bytes(model.read_bytes()[:-1] + b"?")
    variants = "tflite-float16,tflite-int8"
    done = cli("bench", bundle_copy, "--variants", variants, "--threads", "1", *QUICK)
    assert done.returncode == 1
    assert "was altered: expected SHA-256" in done.stdout.splitlines()[-1]
    rows = [line for line in done.stdout.splitlines() if line.startswith("tflite-int8 ")]
    assert len(rows) == 2  # alone, and the whole path


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--variants", "tflite-int9"], 2, "did you mean tflite-int8?"),
        (["--variants", "tfjs-float32"], 2, "expected TFLite variants, got tfjs-float32"),
        (["--threads", "0"], 2, "expected --threads as numbers from 1 to 64"),
        (["--threads", "1,x"], 2, "expected --threads as numbers from 1 to 64"),
        (["--json", "--csv"], 2, "expected --json or --csv, got both"),
        (["--plot", "figures.pdf"], 2, "expected --plot FILE.png or FILE.svg"),
        (["--plot", "nowhere/figures.png"], 1, "expected a folder to write"),
        (["--image", "nowhere.jpg"], 1, "nowhere.jpg: expected a picture, got: No such file"),
        (["--image", __file__], 1, "expected a picture, got something else"),
        (["--runs", "0"], 2, "0 is not in the range"),
    ],
)
def test_wrong_usage(
    cli: Cli, digits_bundle: Path, options: list[str], code: int, message: str
) -> None:
    done = cli("bench", digits_bundle, *options)
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr
