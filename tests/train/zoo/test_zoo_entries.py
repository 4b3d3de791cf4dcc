"""The models that come with the package: whole, small, as good as their card says, and nobody's."""

import io
import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeproof.edge.schema import from_json
from edgeproof.train.recipes import RECIPES, recipe_named
from edgeproof.train.zoo.add import ZOO, Run, read_run
from edgeproof.train.zoo.card import CARD, model_card
from edgeproof.train.zoo.converted import CONVERTED, ConvertedFigures
from edgeproof.train.zoo.facts import facts_of

ENTRIES = sorted(path.parent for path in ZOO.glob("*/config.json"))
# git, the wheel and every installation carry them
MOST_BYTES = 4_200_000
# an absolute path of the usual places; `file:` and drive letters are machines' too
MACHINE = re.compile(
    rb"(?<![\w.<])/(?:work|home|root|tmp|mnt|data|var|usr|opt|srv|Users|content)/|[A-Z]:\\\\|file:/"
)

each = pytest.mark.parametrize("entry", ENTRIES, ids=lambda path: path.name)


def contents(path: Path) -> dict[str, bytes]:
    """A file, or the members of an archive, by name."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    return {path.name: path.read_bytes()}


def machine_paths(folder: Path) -> list[str]:
    return [
        f"{path.name}: {name}"
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".png"
        for name, content in contents(path).items()
        if not name.endswith(".npy") and MACHINE.search(content)
    ]


def converted_in(entry: Path) -> tuple[ConvertedFigures, ...]:
    return from_json(
        tuple[ConvertedFigures, ...], json.loads((entry / CONVERTED).read_text(encoding="utf-8"))
    )


def card(run: Run, converted: tuple[ConvertedFigures, ...]) -> str:
    return model_card(run.config, run.metrics, converted, facts_of(run.config.recipe))


def test_there_are_entries_each_of_the_recipe_that_it_is_named_after() -> None:
    assert ENTRIES
    for entry in ENTRIES:
        run = read_run(entry)
        assert entry.name == run.config.recipe == run.config.deployment.name
        assert entry.name in RECIPES
        assert run.config.deployment.notice == recipe_named(entry.name).notice


def test_all_of_them_are_small() -> None:
    sizes = [path.stat().st_size for path in ZOO.rglob("*") if path.suffix not in (".py", ".pyc")]
    assert 0 < sum(sizes) < MOST_BYTES


@each
def test_card_is_what_the_files_beside_it_give(entry: Path) -> None:
    run, converted = read_run(entry), converted_in(entry)
    written = (entry / CARD).read_text(encoding="utf-8")
    assert written == card(run, converted)
    # another accuracy, another number of images, another command: another card
    test = run.metrics.test
    for changed in (replace(test, accuracy=test.accuracy - 0.001), replace(test, n=test.n + 1)):
        other = replace(run, metrics=replace(run.metrics, test=changed))
        assert written != card(other, converted)
    other = replace(run, config=replace(run.config, command="edgeproof train other"))
    assert written != card(other, converted)


@each
def test_card_says_what_a_reader_needs(entry: Path) -> None:
    # the columns of its tables are padded
    written = re.sub(" +", " ", (entry / CARD).read_text(encoding="utf-8"))
    document = json.loads((entry / "metrics.json").read_text(encoding="utf-8"))
    test = document["test"]
    low, high = (f"{100 * bound:.2f}" for bound in test["interval_95"])
    # cut, never rounded up
    value = f"{int(test['accuracy'] * 10_000 + 1e-6) / 100:.2f}"
    assert f"| accuracy | {value} % | {low} to {high} % | {test['n']:,} |" in written
    assert f"edgeproof train {entry.name} -o runs/{entry.name} " in written
    for part in ("Limits", "Data", "Split", "Figures", "Training"):
        assert f"\n## {part}\n" in written
    assert document["machine"]["processor"] in written
    if entry.name == "malaria":
        assert "not a medical device" in written.lower()
        auc = int(document["detection"]["auc"] * 10_000 + 1e-6) / 10_000
        assert f"| {auc:.4f} |" in written


@each
def test_model_scores_on_its_sample_what_the_card_leads_to_expect(entry: Path) -> None:
    import keras

    run = read_run(entry)
    model = keras.models.load_model(entry / "model.keras")
    assert model.count_params() == run.metrics.parameters
    with np.load(entry / "test.npz") as sample:
        images, labels, total = sample["images"], sample["labels"], int(sample["total"])
    assert total == run.metrics.test.n
    assert set(labels) == set(range(len(run.config.deployment.labels)))
    with np.load(entry / "calibration.npz") as sample:
        calibration = sample["images"]
    assert images.shape[1:] == calibration.shape[1:] == run.config.deployment.input.image_shape
    right = (model.predict(images.astype(np.float32), verbose=0).argmax(axis=1) == labels).mean()
    # five standard errors of a sample of this size
    expected = run.metrics.test.accuracy
    assert abs(right - expected) < 5 * np.sqrt(expected * (1 - expected) / len(labels)) + 0.01
    # calibration images are none of the test's
    seen = {image.tobytes() for image in calibration}
    assert not seen & {image.tobytes() for image in images}


@each
def test_no_file_names_a_folder_of_somebodys_machine(entry: Path, tmp_path: Path) -> None:
    assert machine_paths(entry) == []
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
        archive.writestr("config.json", '{"origin": "/home/ada/data"}')
    (tmp_path / "config.json").write_text('"edgeproof train mnist -o /tmp/run"')
    assert machine_paths(tmp_path) == ["config.json: config.json", "model.keras: config.json"]


@each
def test_weights_come_without_an_optimiser(entry: Path) -> None:
    import h5py

    members = contents(entry / "model.keras")
    with h5py.File(io.BytesIO(members["model.weights.h5"]), "r") as weights:
        assert "optimizer" not in weights
        kinds = set()
        weights.visititems(lambda _, item: kinds.add(getattr(item, "dtype", None)))
    assert {str(kind) for kind in kinds if kind is not None} == {"float32"}
