"""The cache of decoded pictures: same images, found damage, bounded size, and no cache on a full
disk."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgeproof.edge.contract import InputContract
from edgeproof.train.data import loading
from edgeproof.train.data.cache import CacheEntry, entry_folder
from edgeproof.train.data.cache_space import make_room
from edgeproof.train.data.class_folders import class_folder_source
from edgeproof.train.data.source import FileSource, Loaded

CONTRACT = InputContract(height=8, width=6, color="rgb", fit="crop")
Say = pytest.CaptureFixture[str]


@pytest.fixture
def source(
    tmp_path: Path, write_tree: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> FileSource:
    """Twenty pictures, one of which cannot be read."""
    root = write_tree(tmp_path / "pets", cat=10, dog=10)
    (root / "cat" / "p1_001.png").write_bytes(b"no picture")
    monkeypatch.setattr(loading, "_WORTH_CACHING", 5)
    return class_folder_source(root)


@pytest.fixture
def decoded_count(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many pictures each load decoded."""
    real, counts = loading.decoded, list[int]()

    def counted(files: list[Path], contract: InputContract) -> object:
        counts.append(len(files))
        return real(files, contract)

    monkeypatch.setattr(loading, "decoded", counted)
    return counts


def _load(source: FileSource, indices: object = None) -> Loaded:
    wanted = np.arange(20) if indices is None else np.asarray(indices)
    return source.load(wanted, CONTRACT, "images")


def test_the_second_load_decodes_only_what_could_not_be_read(
    source: FileSource, decoded_count: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = _load(source), _load(source)
    assert decoded_count == [20, 1]
    monkeypatch.setattr(loading, "_WORTH_CACHING", 10**9)
    plain = _load(source)
    for loaded in (first, second):
        np.testing.assert_array_equal(loaded.images[:], plain.images)
        np.testing.assert_array_equal(loaded.indices, plain.indices)
        assert [left.path.name for left in loaded.left_out] == ["p1_001.png"]


def test_rows_are_read_in_any_order(source: FileSource) -> None:
    images = _load(source, [19, 4, 7, 2, 11, 5]).images
    assert images.shape == (6, 8, 6, 3)
    whole = images[:]
    np.testing.assert_array_equal(images[2], whole[2])
    np.testing.assert_array_equal(images[np.array([4, 0, 4])], whole[[4, 0, 4]])
    np.testing.assert_array_equal(images[1:3], whole[1:3])
    with pytest.raises(IndexError):
        images[6]


def test_parts_are_decoded_as_they_are_asked_for(
    source: FileSource, decoded_count: list[int]
) -> None:
    _load(source, np.arange(0, 20, 2))
    _load(source)
    assert decoded_count == [10, 10]


def test_another_contract_or_a_changed_file_is_another_entry(source: FileSource) -> None:
    files = source.files
    here = entry_folder(files, CONTRACT)
    assert entry_folder(files, CONTRACT) == here
    gray = InputContract(height=8, width=6, color="gray", fit="crop")
    os.utime(files[3], ns=(0, 0))
    others = {
        entry_folder(files, gray),
        entry_folder(files, CONTRACT),
        entry_folder(files[1:], gray),
    }
    assert len(others | {here}) == 4


@pytest.mark.parametrize("damage", ["bit", "truncated", "rows"])
def test_damage_is_found_and_decoded_again(
    source: FileSource, decoded_count: list[int], capsys: Say, damage: str
) -> None:
    right = _load(source).images[:]
    folder = entry_folder(source.files, CONTRACT)
    images = folder / "images.bin"
    if damage == "bit":
        content = bytearray(images.read_bytes())
        content[5 * 8 * 6 * 3 + 17] ^= 1
        images.write_bytes(content)
    elif damage == "truncated":
        os.truncate(images, images.stat().st_size // 2)
    else:
        rows = folder / "rows.npz"
        rows.write_bytes(rows.read_bytes()[:-80])
    np.testing.assert_array_equal(_load(source).images[:], right)
    # one with its one wrong bit, half of them, or all; and the unreadable one each time
    assert decoded_count[1] == {"bit": 2, "truncated": 11, "rows": 20}[damage]
    assert ("are damaged, decoding them again" in capsys.readouterr().err) == (damage != "rows")


def test_a_full_disk_is_said_and_nothing_is_cached(
    source: FileSource, monkeypatch: pytest.MonkeyPatch, capsys: Say
) -> None:
    def full(self: CacheEntry, row: int, image: np.ndarray) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(CacheEntry, "write", full)
    assert len(_load(source).images) == 19
    assert "pictures are not cached (No space left on device)" in capsys.readouterr().err


def test_what_a_killed_process_wrote_is_not_trusted(
    source: FileSource, decoded_count: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(self: CacheEntry) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(CacheEntry, "save", killed)
        with pytest.raises(KeyboardInterrupt):
            _load(source)
    _load(source)
    assert decoded_count == [20, 20]


def test_the_entries_used_longest_ago_go_first(tmp_path: Path, capsys: Say) -> None:
    folders = [tmp_path / name for name in ("old", "older", "new")]
    for age, folder in enumerate(folders):
        folder.mkdir()
        (folder / "images.bin").write_bytes(bytes(50_000))
        os.utime(folder, (1000 - 10 * (age % 2), 1000 - 10 * (age % 2)))
    make_room(folders[2], most_bytes=120_000)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["new", "old"]
    assert "removed from the cache of decoded pictures" in capsys.readouterr().err
    make_room(folders[2], most_bytes=1)  # never the one in use
    assert [p.name for p in tmp_path.iterdir()] == ["new"]


def test_the_cache_is_where_xdg_says(
    source: FileSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "elsewhere"))
    _load(source)
    assert len(list((tmp_path / "elsewhere" / "edgeproof" / "decoded").iterdir())) == 1
