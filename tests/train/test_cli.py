"""`edgeproof train` as a user meets it: runs, refusals and exit codes."""

import contextlib
import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgeproof.edge.deployment import Deployment
from edgeproof.edge.main import main
from edgeproof.edge.schema import from_json
from edgeproof.train.errors import DataError
from edgeproof.train.run_config import RunConfig
from edgeproof.train.test_sets import test_set as load_test_set

Say = pytest.CaptureFixture[str]
TINY = ("--epochs", "1", "--limit", "200")


@pytest.fixture(scope="module")
def tiny_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A digits run of one epoch on 200 images: every file, no skill."""
    run = tmp_path_factory.mktemp("train") / "run"
    assert main(["train", "digits", "-o", str(run), *TINY]) == 0
    return run


@pytest.fixture(scope="module")
def same_again(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The same training elsewhere, and what it printed with --json."""
    run = tmp_path_factory.mktemp("train") / "run"
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        assert main(["train", "digits", "-o", str(run), *TINY, "--json"]) == 0
    return run, printed.getvalue()


def test_a_run_holds_every_file(tiny_run: Path) -> None:
    assert sorted(p.name for p in tiny_run.iterdir()) == [
        "calibration.npz",
        "config.json",
        "confusion.png",
        "curves.png",
        "examples",
        "history.csv",
        "metrics.json",
        "mistakes.png",
        "model.keras",
        "reliability.png",
        "report.html",
        "test.npz",
    ]
    assert not list(tiny_run.parent.glob(".*"))


def test_config_says_everything_that_makes_the_run_again(tiny_run: Path) -> None:
    document = json.loads((tiny_run / "config.json").read_text())
    config = from_json(RunConfig, document)  # refuses unknown and missing fields
    assert (config.recipe, config.seed, config.epochs, config.limit) == ("digits", 0, 1, 200)
    assert config.command == (
        f"edgeproof train digits -o {tiny_run.name} --epochs 1 --seed 0 --limit 200"
    )
    deployment = from_json(Deployment, document["deployment"])
    assert deployment.labels == tuple("0123456789")
    assert deployment.input.image_shape == (8, 8, 1)
    assert deployment.scores == "softmax"


def test_metrics_agree_with_the_saved_model_and_images(tiny_run: Path) -> None:
    import keras

    metrics = json.loads((tiny_run / "metrics.json").read_text())
    model = keras.models.load_model(tiny_run / "model.keras")
    with np.load(tiny_run / "test.npz") as test:
        images, labels, total = test["images"], test["labels"], int(test["total"])
    assert (images.dtype, labels.dtype) == (np.uint8, np.int64)
    # the limited test set is small enough to be kept whole, so the accuracy can be counted again
    assert total == len(images) == metrics["test"]["n"]
    called = model.predict(images.astype(np.float32), verbose=0).argmax(axis=1)
    assert metrics["test"]["accuracy"] == pytest.approx((called == labels).mean())
    low, high = metrics["test"]["interval_95"]
    assert low < metrics["test"]["accuracy"] < high
    assert np.asarray(metrics["test"]["confusion"]).sum() == total
    assert metrics["parameters"] == model.count_params()


def test_the_saved_model_is_for_inference_only(tiny_run: Path) -> None:
    import keras

    model = keras.models.load_model(tiny_run / "model.keras")
    assert not model.compiled
    assert model.input_shape == (None, 8, 8, 1)
    assert [layer.name for layer in model.layers[:2]] == ["image", "rescale"]
    assert [layer.name for layer in model.layers[-2:]] == ["logits", "scores"]
    assert not [name for name in (layer.name for layer in model.layers) if "random" in name]
    scores = model.predict(np.full((1, 8, 8, 1), 255, dtype=np.float32), verbose=0)
    assert scores.sum() == pytest.approx(1, abs=1e-6)


def test_history_has_a_line_per_epoch(tiny_run: Path) -> None:
    with (tiny_run / "history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1"]
    assert float(rows[0]["validation_loss"]) > 0


def test_examples_and_calibration_images(tiny_run: Path) -> None:
    from PIL import Image

    examples = sorted((tiny_run / "examples").iterdir())
    assert len(examples) == 12
    assert {path.name.split("-")[0] for path in examples} == set("0123456789")
    for path in examples:
        with Image.open(path) as picture:
            assert picture.size == (8, 8)
    with (
        np.load(tiny_run / "calibration.npz") as calibration,
        np.load(tiny_run / "test.npz") as test,
    ):
        images = {image.tobytes() for image in calibration["images"]}
        assert 10 <= len(calibration["images"]) <= 256
        assert not images & {image.tobytes() for image in test["images"]}


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (("cat", "Très bon"), ["cat", "Très-bon"]),
        (("a/b", "a b", "A-B"), ["a-b-0", "a-b-1", "A-B-2"]),
        (("../..", "<script>", "x" * 300), ["label", "script", "x" * 60]),
    ],
)
def test_examples_have_plain_names_of_their_own(labels: tuple[str, ...], names: list[str]) -> None:
    from edgeproof.train.run_folder import _file_names

    assert _file_names(labels) == names


@pytest.mark.parametrize("name", ["curves.png", "confusion.png", "reliability.png", "mistakes.png"])
def test_plots_are_pictures_with_something_in_them(tiny_run: Path, name: str) -> None:
    from PIL import Image

    with Image.open(tiny_run / name) as picture:
        assert min(picture.size) > 400
        assert np.asarray(picture.convert("L")).std() > 10


def test_the_test_set_can_be_had_again(tiny_run: Path) -> None:
    config = json.loads((tiny_run / "config.json").read_text())
    contract = from_json(Deployment, config["deployment"]).input
    images, labels = load_test_set(None, contract, config)
    assert images.shape == (359, 8, 8, 1)
    assert np.bincount(labels).tolist() == [36, 36, 35, 37, 36, 36, 36, 36, 35, 36]
    with np.load(tiny_run / "test.npz") as sample:
        kept = {image.tobytes() for image in sample["images"]}
    with np.load(tiny_run / "calibration.npz") as calibration:
        calibrated = {image.tobytes() for image in calibration["images"]}
    whole = {image.tobytes() for image in images}
    assert kept <= whole
    assert not calibrated & whole


def test_json_is_one_document_with_the_documented_keys(same_again: tuple[Path, str]) -> None:
    run, printed = same_again
    document = json.loads(printed)
    assert set(document) == {"run", "recipe", "labels", "input", "metrics"}
    assert (document["run"], document["recipe"]) == (str(run), "digits")
    assert document["metrics"] == json.loads((run / "metrics.json").read_text())


def _weights(run: Path) -> list[np.ndarray]:
    import keras

    weights: list[np.ndarray] = keras.models.load_model(run / "model.keras").get_weights()
    assert len(weights) > 10
    return weights


def test_the_same_seed_gives_the_same_weights(tiny_run: Path, same_again: tuple[Path, str]) -> None:
    for one, other in zip(_weights(tiny_run), _weights(same_again[0]), strict=True):
        np.testing.assert_array_equal(one, other)


def test_another_seed_gives_other_weights_and_the_summary_names_the_run(
    tmp_path: Path, tiny_run: Path, capfd: Say
) -> None:
    run = tmp_path / "run"
    assert main(["train", "digits", "-o", str(run), *TINY, "--seed", "8"]) == 0
    said = capfd.readouterr()
    assert "test accuracy" in said.out
    assert str(run) in said.out
    # progress and nothing else, not a word of TensorFlow's: the data, then a line per epoch
    about_data, epoch = said.err.splitlines()
    assert about_data.startswith("digits: 176 training, 20 calibration, ")
    assert epoch.startswith("epoch 1/1: loss ")
    same = [np.array_equal(a, b) for a, b in zip(_weights(run), _weights(tiny_run), strict=True)]
    assert not all(same)


def test_mnist_from_its_files(tmp_path: Path, write_mnist: Callable[..., Path]) -> None:
    write_mnist(tmp_path / "data" / "mnist")
    run = tmp_path / "run"
    argv = ["train", "mnist", "-o", str(run), "--data", str(tmp_path / "data"), "--epochs", "1"]
    assert main(argv) == 0
    assert json.loads((run / "metrics.json").read_text())["test"]["n"] == 40


def test_cifar10_from_the_environment(
    tmp_path: Path, cifar_binary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGEPROOF_DATA", str(cifar_binary.parent))
    run = tmp_path / "run"
    assert main(["train", "cifar10", "-o", str(run), "--epochs", "1"]) == 0
    assert json.loads((run / "config.json").read_text())["data"]["origin"] == str(cifar_binary)


def test_malaria_with_unreadable_cells(tmp_path: Path, cells: Path, capsys: Say) -> None:
    damaged = sorted((cells / "Uninfected").iterdir())[:2]
    for path in damaged:
        path.write_bytes(path.read_bytes()[:50])
    run = tmp_path / "run"
    assert main(["train", "malaria", "-o", str(run), "--data", str(cells), "--epochs", "1"]) == 0
    said = capsys.readouterr().err
    assert "2 unreadable pictures left out" in said
    assert all(path.name in said for path in damaged)
    config = json.loads((run / "config.json").read_text())
    assert sorted(config["data"]["left_out"]) == [str(path) for path in damaged]
    assert config["split"]["groups"] == 12
    parts = [config["split"][part] for part in ("train", "calibration", "validation", "test")]
    assert sum(parts) == 96 - 2


def test_your_own_pictures(tmp_path: Path, write_tree: Callable[..., Path]) -> None:
    root = write_tree(tmp_path / "pets", dog=16, cat=16)
    run = tmp_path / "run"
    options = ["--size", "16", "--color", "gray", "--group-by", r"p\d", "--epochs", "1"]
    assert main(["train", "folder", "-o", str(run), "--data", str(root), *options]) == 0
    config = json.loads((run / "config.json").read_text())
    assert config["deployment"]["labels"] == ["cat", "dog"]
    assert config["deployment"]["input"]["color"] == "gray"
    assert config["command"].endswith(r"--size 16 --color gray --group-by 'p\d'")
    contract = from_json(Deployment, config["deployment"]).input
    images, labels = load_test_set(root, contract, config)
    assert images.shape == (config["split"]["test"], 16, 16, 1)
    assert set(labels) == {0, 1}
    # other pictures would be split otherwise: those trained on could come back as test images
    (root / "cat" / "p0_000.png").unlink()
    with pytest.raises(DataError, match=r"trained on \(32 images of 2 classes\), got 31 of 2"):
        load_test_set(root, contract, config)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["mnits", "-o", "RUN"], 2, "got 'mnits'; did you mean mnist?"),
        (
            ["zzz", "-o", "RUN"],
            2,
            "expected a recipe (digits, mnist, cifar10, cifar10-large, malaria, folder)",
        ),
        (["digits"], 2, "Missing option '-o'"),
        (["digits", "-o", "RUN", "--epochs", "0"], 2, "0 is not in the range x>=1"),
        (["digits", "-o", "RUN", "--size", "9"], 2, "--size with the recipe folder only"),
        (["folder", "-o", "RUN"], 2, "expected --data DIR with one folder of pictures per class"),
        (["folder", "-o", "RUN", "--group-by", "(", "--data", "."], 2, "a regular expression"),
        (["mnist", "-o", "RUN", "--data", "nowhere"], 1, "nowhere, which does not exist"),
        (["mnist", "-o", "RUN", "--data", "file"], 1, "file, which is a file"),
        (["mnist", "-o", "RUN", "--data", "empty"], 1, "empty, which is empty"),
        (["mnist", "-o", "RUN", "--data", "other"], 1, "expected mnist/{train,t10k}-"),
        (["cifar10", "-o", "RUN", "--data", "other"], 1, "expected cifar-10-batches-bin/"),
        (["malaria", "-o", "RUN", "--data", "other"], 1, "expected cell_images/{Parasitized,"),
        (["folder", "-o", "RUN", "--data", "other"], 1, "at least two, got none"),
        (["digits", "-o", "file"], 1, "expected a new folder, got file"),
        (["digits", "-o", "file/run"], 1, "got the file"),
        (["digits", "-o", "other", "--force"], 1, "expected a folder with config.json"),
    ],
)
def test_refusals(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Say,
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").write_text("something else")
    (tmp_path / "file").write_text("a file")
    before = sorted(tmp_path.rglob("*"))
    assert main(["train", *arguments]) == code
    said = capsys.readouterr()
    assert message in said.err
    assert said.out == ""
    assert "Traceback" not in said.err
    assert sorted(tmp_path.rglob("*")) == before


def test_an_existing_run_survives_a_failing_replacement(
    tmp_path: Path, tiny_run: Path, capsys: Say
) -> None:
    import shutil

    run = tmp_path / "run"
    shutil.copytree(tiny_run, run)
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    assert main(["train", "digits", "-o", str(run)]) == 1
    assert "give --force to replace it" in capsys.readouterr().err
    assert main(["train", "mnist", "-o", str(run), "--force", "--data", str(tmp_path)]) == 1
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
