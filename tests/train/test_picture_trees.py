"""Trees of pictures: the malaria cells and the user's own."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgeproof.edge.contract import InputContract
from edgeproof.edge.errors import UsageError
from edgeproof.edge.image import image_from_file
from edgeproof.train.data import decode
from edgeproof.train.data.folder import folder_source
from edgeproof.train.data.malaria import malaria_source, slide
from edgeproof.train.errors import DataError

SMALL = InputContract(height=8, width=8, color="rgb", fit="pad")


@pytest.mark.parametrize("above", [0, 1])
def test_cells_are_found_from_the_folder_and_its_parent(cells: Path, above: int) -> None:
    source = malaria_source([cells, cells.parent][above])
    assert source.label_names == ("Parasitized", "Uninfected")
    assert np.bincount(source.labels).tolist() == [48, 48]


def test_a_slide_is_the_leading_c_and_number() -> None:
    names = ["C47P8thin_a_cell_1.png", "C47P8thinOriginalOlympusCX21_b_cell_2.png"]
    assert {slide(Path(name)) for name in names} == {"C47"}
    assert slide(Path("C4P7_cell.png")) != slide(Path("C47_cell.png"))


def test_a_cell_without_a_slide(cells: Path) -> None:
    (cells / "Uninfected" / "cell.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"begin with its slide .* got cell\.png"):
        malaria_source(cells)


def test_pictures_are_decoded_through_the_contract(cells: Path) -> None:
    source = malaria_source(cells)
    chosen = np.array([5, 90])
    loaded = source.load(chosen, SMALL, "cells")
    for image, index in zip(loaded.images, chosen, strict=True):
        np.testing.assert_array_equal(image, image_from_file(source.files[index], SMALL))


def test_worker_processes_give_the_same_as_none(
    cells: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = malaria_source(cells)
    everything = np.arange(len(source.labels))
    alone = source.load(everything, SMALL, "cells")
    monkeypatch.setattr(decode, "_WORTH_WORKERS", 1)
    parallel = source.load(everything, SMALL, "cells")
    assert len(alone.images) == len(everything)
    np.testing.assert_array_equal(alone.images, parallel.images)


def test_unreadable_pictures_are_left_out_by_name(cells: Path) -> None:
    source = malaria_source(cells)
    source.files[3].write_bytes(source.files[3].read_bytes()[:60])
    source.files[7].write_bytes(b"no picture")
    loaded = source.load(np.arange(10), SMALL, "cells")
    assert loaded.indices.tolist() == [0, 1, 2, 4, 5, 6, 8, 9]
    assert [left.path for left in loaded.left_out] == [source.files[3], source.files[7]]
    assert "cannot be decoded" in loaded.left_out[0].reason
    np.testing.assert_array_equal(loaded.images[3], image_from_file(source.files[4], SMALL))


def test_labels_are_the_sorted_folders(tmp_path: Path, write_tree: Callable[..., Path]) -> None:
    root = write_tree(tmp_path / "pets", dog=6, cat=5)
    (root / ".thumbnails").mkdir()
    (root / "notes.txt").write_text("not a class")
    source = folder_source(root)
    assert source.label_names == ("cat", "dog")
    assert np.bincount(source.labels).tolist() == [5, 6]
    assert source.groups is None


def test_groups_are_the_match_or_its_first_group(
    tmp_path: Path, write_tree: Callable[..., Path]
) -> None:
    root = write_tree(tmp_path / "pets", dog=5, cat=5)
    whole = folder_source(root, re.compile(r"p\d"))
    first = folder_source(root, re.compile(r"p(\d)"))
    assert whole.groups is not None
    assert first.groups is not None
    assert set(whole.groups) == {"p0", "p1", "p2", "p3"}
    assert set(first.groups) == {"0", "1", "2", "3"}


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ({"only": 9}, "at least two, got only only"),
        ({}, "at least two, got none"),
        ({"a": 9, "b": 0}, r"at least 5 pictures in the class folder .*b, got none"),
        ({"a": 9, "b": 1}, r"at least 5 pictures in the class folder .*b, got 1"),
    ],
)
def test_trees_that_teach_nothing(
    tmp_path: Path, write_tree: Callable[..., Path], classes: dict[str, int], message: str
) -> None:
    root = tmp_path / "tree"
    root.mkdir()
    (root / "readme.txt").write_text("so that it is not empty")
    write_tree(root, **classes)
    with pytest.raises(DataError, match=message):
        folder_source(root)


def test_the_folder_recipe_needs_a_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EDGEPROOF_DATA", str(tmp_path))
    with pytest.raises(UsageError, match="expected --data DIR"):
        folder_source(None)


def test_a_picture_without_a_group(tmp_path: Path, write_tree: Callable[..., Path]) -> None:
    root = write_tree(tmp_path / "pets", dog=5, cat=5)
    with pytest.raises(DataError, match=r"--group-by: expected 'p\[012\]' to match"):
        folder_source(root, re.compile("p[012]"))
