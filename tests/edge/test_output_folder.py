"""Whole folders or nothing."""

from pathlib import Path

import pytest

from edgeproof.edge.errors import OutputError
from edgeproof.edge.output_folder import check_output, whole_folder


def write(target: Path, text: str, *, force: bool = False) -> None:
    with whole_folder(target, force=force, marker="bundle.json") as folder:
        (folder / "bundle.json").write_text(text)


def test_folder_appears_complete(tmp_path: Path) -> None:
    write(tmp_path / "deep" / "new", "one")
    assert (tmp_path / "deep" / "new" / "bundle.json").read_text() == "one"
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["new"]


def test_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    def broken() -> None:
        with whole_folder(tmp_path / "new", force=False, marker="bundle.json") as folder:
            (folder / "half").write_text("")
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        broken()
    assert list(tmp_path.iterdir()) == []


def test_existing_folder_is_refused_without_force_and_replaced_with_it(tmp_path: Path) -> None:
    target = tmp_path / "old"
    write(target, "one")
    with pytest.raises(OutputError, match="which exists; choose another or give --force"):
        write(target, "two")
    assert (target / "bundle.json").read_text() == "one"
    write(target, "two", force=True)
    assert (target / "bundle.json").read_text() == "two"
    assert [p.name for p in tmp_path.iterdir()] == ["old"]


def test_failed_replacement_leaves_the_old_folder_untouched(tmp_path: Path) -> None:
    target = tmp_path / "old"
    write(target, "one")

    def broken() -> None:
        with whole_folder(target, force=True, marker="bundle.json"):
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        broken()
    assert (target / "bundle.json").read_text() == "one"
    assert [p.name for p in tmp_path.iterdir()] == ["old"]


def test_force_never_replaces_a_folder_of_another_kind(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter.txt").write_text("dear")
    with pytest.raises(OutputError, match=r"expected a folder with bundle\.json to replace"):
        write(tmp_path / "home", "two", force=True)
    assert (tmp_path / "home" / "letter.txt").read_text() == "dear"


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="got the file"):
        check_output(tmp_path / "file" / "bundle", force=False, marker="bundle.json")
