"""Models of the zoo by name: which names there are, what wins, and what a bundle says of it."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from edgeproof.convert import zoo
from edgeproof.convert.errors import ConvertError
from edgeproof.convert.source import find_source
from edgeproof.convert.verify.source import recorded_source
from edgeproof.edge.bundle import Bundle
from edgeproof.edge.golden_check import golden_check

Cli = Callable[..., CompletedProcess[str]]


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def zoo_bundle(cli: Cli, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`edgeproof convert mnist`, with two of its variants."""
    bundle = tmp_path_factory.mktemp("zoo") / "of-the-zoo"
    done = cli("convert", "mnist", "-o", bundle, "--variants", "tflite-int8,tfjs-float32")
    assert done.returncode == 0, done.stderr
    return bundle


def test_bundle_of_a_name_passes_its_golden_check(zoo_bundle: Path) -> None:
    bundle = Bundle.open(zoo_bundle)
    bundle.check_all()
    assert golden_check(bundle, "tflite-int8", runtime="litert")


def test_bundle_carries_card_and_accuracy(zoo_bundle: Path) -> None:
    bundle = Bundle.open(zoo_bundle)
    entry, card = zoo.zoo()["mnist"], bundle.manifest.card
    assert card is not None
    assert card.file is not None
    assert bundle.read(card.file) == (entry / "MODEL_CARD.md").read_bytes()
    test = json.loads((entry / "metrics.json").read_text())["test"]
    found = card.accuracy
    assert found is not None
    assert [found.value, found.low, found.high, found.n] == [
        test["accuracy"],
        *test["interval_95"],
        test["n"],
    ]
    assert bundle.manifest.heldout is not None
    assert bundle.manifest.heldout.total == test["n"]


def test_bundle_says_where_it_comes_from_and_names_no_folder(zoo_bundle: Path) -> None:
    text = (zoo_bundle / "bundle.json").read_text()
    provenance = json.loads(text)["provenance"]
    assert provenance["source"] == "zoo:mnist"
    assert provenance["command"] == (
        "edgeproof convert mnist -o of-the-zoo --variants tflite-int8,tfjs-float32"
    )
    assert not re.search(r"(?<!\w)/(?:tmp|home|root|work)/", text)


def test_source_is_found_in_the_zoo_that_is_installed(zoo_bundle: Path) -> None:
    bundle = Bundle.open(zoo_bundle)
    found = recorded_source(bundle)
    assert found.model is not None
    assert found.model.run == zoo.zoo()["mnist"]
    assert found.run_config is not None

    def reason(**changes: str) -> str | None:
        provenance = replace(bundle.manifest.provenance, **changes)
        changed = Bundle(bundle.folder, replace(bundle.manifest, provenance=provenance))
        state = recorded_source(changed)
        assert state.model is None
        return state.reason

    assert "changed since conversion" in (reason(source_sha256="0" * 64) or "")
    for name in ("gone", "../mnist", ""):
        assert "not in the zoo" in (reason(source=f"zoo:{name}") or "")


def test_a_path_wins_over_a_name(elsewhere: Path, tiny_run: Path) -> None:
    assert find_source("mnist").zoo == "mnist"
    (elsewhere / "mnist").symlink_to(tiny_run)
    found = find_source("mnist")
    assert (found.zoo, found.recipe) == (None, "tiny")


def test_what_has_a_separator_is_a_path(elsewhere: Path) -> None:
    with pytest.raises(ConvertError, match=r"got mnist, which does not exist$"):
        find_source("./mnist")


def test_a_folder_in_the_way_is_said(elsewhere: Path) -> None:
    (elsewhere / "mnist").mkdir()
    with pytest.raises(ConvertError, match=r"for the mnist of the zoo, call from a folder that"):
        find_source("mnist")
    with pytest.raises(ConvertError, match=r"which holds neither$"):
        find_source("./mnist")


def test_unknown_name_lists_the_names(cli: Cli, elsewhere: Path) -> None:
    done = cli("convert", "mnits", "-o", elsewhere / "b")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"none of the zoo ({', '.join(zoo.zoo())}); did you mean mnist?" in done.stderr
    assert "starting TensorFlow" not in done.stderr
    assert list(elsewhere.iterdir()) == []


def test_two_packages_with_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    once = zoo.entry_points(group="edgeproof.zoo")
    monkeypatch.setattr(zoo, "entry_points", lambda group: [*once, *once])
    with pytest.raises(ConvertError, match=r"got [a-z0-9-]+ in .* and in "):
        zoo.zoo()


def test_names_need_nothing_of_training() -> None:
    """Where only the extra `convert` is installed there is no scikit-learn and no matplotlib."""
    blocked = ("sklearn", "matplotlib", "flask", "tensorflow", "keras")
    program = (
        f"import sys; sys.modules.update(dict.fromkeys({blocked!r}))\n"
        "from edgeproof.convert.source import find_source\n"
        "print(find_source('mnist').deployment.labels)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("('0', '1'")
