"""What is said of odd data, and that odd data is borne: small pictures, copies, half a download,
ten thousand classes."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgeproof.edge.main import main
from edgeproof.train.data.class_folders import class_folder_source
from edgeproof.train.data.source import ArraySource, FileSource, Source
from edgeproof.train.data_checks import tell_oddities
from edgeproof.train.errors import DataError
from edgeproof.train.parts import load_parts
from edgeproof.train.recipes import recipe_named
from edgeproof.train.recipes.folder import recipe_for
from edgeproof.train.split import SplitPlan, split_source

Say = pytest.CaptureFixture[str]
PLAN = SplitPlan(test_share=0.2, validation_share=0.1)


def _said(source: Source, size: int, capsys: Say) -> str:
    recipe = recipe_for(size, None, None)
    parts = load_parts(source, split_source(source, PLAN), recipe.contract)
    capsys.readouterr()
    tell_oddities(recipe, source, parts)
    return capsys.readouterr().err


def test_small_pictures_are_said(
    tmp_path: Path, write_tree: Callable[..., Path], capsys: Say
) -> None:
    source = class_folder_source(write_tree(tmp_path / "pets", cat=12, dog=12))
    assert (
        "most pictures are smaller than the model's 64 x 64, about 20 x 24, and are enlarged"
    ) in _said(source, 64, capsys)
    assert _said(source, 16, capsys) == ""


def test_copies_across_the_parts_are_counted(
    tmp_path: Path, write_tree: Callable[..., Path], capsys: Say
) -> None:
    root = write_tree(tmp_path / "pets", cat=20, dog=20)
    for path in sorted((root / "cat").iterdir()):
        path.with_name(f"copy of {path.name}").write_bytes(path.read_bytes())
    said = _said(class_folder_source(root), 16, capsys)
    assert "test images are training images too, pixel by pixel" in said
    # each cat has its copy somewhere; those whose copy is in validation or test too are not meant
    assert 1 <= int(said.split(" of ")[0]) <= 12


def test_half_a_published_set_is_said(capsys: Say) -> None:
    recipe = dataclasses.replace(recipe_named("digits"), published_images=3000)
    source = recipe.source(None)
    parts = load_parts(source, split_source(source, recipe.split), recipe.contract)
    tell_oddities(recipe, source, parts)
    said = capsys.readouterr().err
    assert "expected the 3,000 published images, got 1,797 in scikit-learn" in said
    assert [recipe_named(n).published_images for n in ("mnist", "cifar10", "malaria")] == [
        70_000,
        60_000,
        27_558,
    ]


def test_ten_thousand_classes_are_split_and_every_class_is_in_every_part() -> None:
    labels = np.tile(np.arange(10_000), 5)
    source = ArraySource(
        images=np.zeros((len(labels), 1, 1, 1), dtype=np.uint8),
        labels=labels,
        label_names=tuple(map(str, range(10_000))),
        origin="test",
    )
    split = split_source(source, PLAN)
    for part in (split.train, split.validation, split.test):
        assert len(np.unique(labels[part])) == 10_000


def test_hundreds_of_class_folders_are_listed(tmp_path: Path) -> None:
    for number in range(300):
        folder = tmp_path / f"class {number:04}"
        folder.mkdir()
        for picture in range(5):
            (folder / f"{picture}.png").touch()
    source = class_folder_source(tmp_path)
    assert isinstance(source, FileSource)
    assert (len(source.label_names), len(source.files)) == (300, 1500)
    (tmp_path / "class 0070" / "3.png").unlink()
    with pytest.raises(DataError, match="class 0070, got 4"):
        class_folder_source(tmp_path)


def test_a_class_without_a_readable_picture(
    tmp_path: Path, write_tree: Callable[..., Path], capsys: Say
) -> None:
    root = write_tree(tmp_path / "pets", cat=8, dog=8)
    for path in (root / "dog").iterdir():
        path.write_bytes(b"no picture")
    run = tmp_path / "run"
    assert main(["train", "folder", "-o", str(run), "--data", str(root), "--size", "16"]) == 1
    said = capsys.readouterr().err
    assert "8 unreadable pictures left out" in said
    assert "expected readable training pictures of every class, got none of 'dog'" in said
    assert not run.exists()
