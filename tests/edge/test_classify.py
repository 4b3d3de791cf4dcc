"""`edgeproof classify` and `Classifier` on a real bundle."""

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgeproof.edge.bundle import Bundle
from edgeproof.edge.classifier import Classifier
from edgeproof.edge.runtime import available_runtimes

Cli = Callable[..., subprocess.CompletedProcess[str]]


def golden_files(bundle: Path) -> tuple[list[Path], list[str]]:
    """The bundle's encoded pictures and the labels that Keras gives them."""
    opened = Bundle.open(bundle)
    golden = opened.manifest.golden
    assert golden.file_outputs is not None
    outputs = opened.array(golden.file_outputs)
    labels = [opened.manifest.labels[i] for i in outputs.argmax(axis=1)]
    return [bundle / g.file.path for g in golden.files], labels


@pytest.mark.parametrize("runtime", list(available_runtimes()))
@pytest.mark.parametrize("variant", ["tflite-float32", "tflite-int8"])
def test_golden_files_get_the_labels_that_keras_gives(
    cli: Cli, digits_bundle: Path, variant: str, runtime: str
) -> None:
    # in its own process: tflite-runtime does not load models where TensorFlow is loaded too
    files, labels = golden_files(digits_bundle)
    assert len(files) >= 8
    options = ("--variant", variant, "--runtime", runtime, "--json")
    done = cli("classify", digits_bundle, *files, *options)
    assert [json.loads(line)["label"] for line in done.stdout.splitlines()] == labels


def test_file_bytes_and_pixels_give_the_same_prediction(digits_bundle: Path) -> None:
    bundle = Bundle.open(digits_bundle)
    assert bundle.manifest.golden.file_images is not None
    pixels = bundle.array(bundle.manifest.golden.file_images)[0]
    file = golden_files(digits_bundle)[0][0]
    classifier = Classifier(bundle)
    expected = classifier.classify(file)
    assert classifier.classify(file.read_bytes()) == expected
    assert classifier.classify(np.asarray(pixels)) == expected
    assert sum(s.probability for s in expected.scores) == pytest.approx(1, abs=0.02)


def test_json_lines_have_the_documented_keys(cli: Cli, digits_bundle: Path, tmp_path: Path) -> None:
    files, labels = golden_files(digits_bundle)
    broken = tmp_path / "broken.png"
    broken.write_bytes(files[0].read_bytes()[:40])
    done = cli("classify", digits_bundle, files[0], broken, files[1], "--top-k", 3, "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [set(line) for line in lines] == [
        {"file", "label", "probability", "scores"},
        {"file", "error"},
        {"file", "label", "probability", "scores"},
    ]
    assert [lines[0]["label"], lines[2]["label"]] == labels[:2]
    assert [len(lines[0]["scores"]), lines[1]["file"]] == [3, str(broken)]
    # one picture failed: the others were classified, and the exit code says so
    assert done.returncode == 1
    assert str(broken) in done.stderr


def test_nothing_but_results_is_said(cli: Cli, digits_bundle: Path) -> None:
    done = cli("classify", digits_bundle, golden_files(digits_bundle)[0][0])
    assert (done.returncode, done.stderr) == (0, "")


def test_folder_and_standard_input(cli: Cli, digits_bundle: Path) -> None:
    files, labels = golden_files(digits_bundle)
    done = cli("classify", digits_bundle, files[0].parent)
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == len(files)
    piped = subprocess.run(
        [str(Path(sys.executable).with_name("edgeproof")), "classify", str(digits_bundle), "-"],
        input=files[0].read_bytes(),
        capture_output=True,
        check=True,
    )
    assert piped.stdout.decode().startswith(f"-: {labels[0]} ")


def test_csv_is_appended_to_a_file_and_a_pattern_is_expanded(
    cli: Cli, digits_bundle: Path, tmp_path: Path
) -> None:
    files, labels = golden_files(digits_bundle)
    log = tmp_path / "log.csv"
    pattern = str(files[0].parent / "*.jpg")
    jpegs = {str(f): label for f, label in zip(files, labels, strict=True) if f.suffix == ".jpg"}
    assert len(jpegs) >= 2
    for _ in range(2):
        done = cli("classify", digits_bundle, pattern, "--csv", "--output", log, "--threshold", 0.6)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    with open(log, newline="") as table:
        rows = list(csv.DictReader(table))
    assert len(rows) == 2 * len(jpegs)
    assert {row["file"]: row["label"] for row in rows} == jpegs
    assert all(float(row["probability"]) >= 0.6 for row in rows)


def test_a_full_disk_ends_it_with_exit_code_1(cli: Cli, digits_bundle: Path) -> None:
    done = cli(
        "classify", digits_bundle, golden_files(digits_bundle)[0][0], "--output", "/dev/full"
    )
    assert done.returncode == 1
    assert done.stderr == (
        "edgeproof: expected room for results in /dev/full, got: No space left on device\n"
    )


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["missing.png"], 1, "missing.png: expected a picture, got no such file"),
        (["--variant", "tflite-int9", "x.png"], 2, "did you mean tflite-int8?"),
        (["--variant", "tfjs-float32", "x.png"], 2, "expected a TFLite variant"),
        ([], 2, "expected IMAGE..., --watch DIR or --camera, got none of them"),
        (["x.png", "--watch", "."], 2, "got more than one of them"),
        (["x.png", "--every", "2"], 2, "expected --every and --fps with --camera"),
        (["x.png", "--existing"], 2, "expected --existing with --watch"),
        (["x.png", "--json", "--csv"], 2, "expected --json or --csv, got both"),
        (["--watch", "missing"], 1, "expected a folder to watch, got missing: no such folder"),
        (["--camera", "/dev/video0"], 2, "did you mean v4l2:/dev/video0?"),
        (["x.png", "--publish", "mqtt://u:secret@host"], 2, "got no topic"),
        (["x.png", "--output", "missing/log.csv"], 1, "expected a file to append to"),
        (["--top-k", "0", "x.png"], 2, "0 is not in the range"),
    ],
)
def test_wrong_usage(
    cli: Cli, digits_bundle: Path, arguments: list[str], code: int, message: str
) -> None:
    done = cli("classify", digits_bundle, *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr


def test_empty_folder_is_an_error(cli: Cli, digits_bundle: Path, tmp_path: Path) -> None:
    done = cli("classify", digits_bundle, tmp_path)
    assert done.returncode == 1
    assert "expected pictures in this folder, got none" in done.stderr


def test_altered_model_is_refused(cli: Cli, bundle_copy: Path) -> None:
    model = bundle_copy / "variants/tflite-int8/model.tflite"
    content = bytearray(model.read_bytes())
    content[-1] ^= 1
    model.write_bytes(content)
    done = cli("classify", bundle_copy, golden_files(bundle_copy)[0][0])
    assert done.returncode == 1
    assert "was altered: expected SHA-256" in done.stderr
    assert len(done.stderr.splitlines()) == 1
