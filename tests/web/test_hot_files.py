"""Small files in memory: the same bytes as on the disk, always."""

import os
from pathlib import Path

import pytest

from edgeproof.web import hot_files
from edgeproof.web.hot_files import LARGEST_BYTES, HotFiles


def test_file_is_read_once_and_again_when_it_changed(tmp_path: Path) -> None:
    path, files = tmp_path / "file", HotFiles()
    path.write_bytes(b"first")
    first = files.of(path)
    assert first is not None
    assert first.content == b"first"
    assert files.of(path) is first
    # replaced by one of the same size and time, as a copy that keeps times does
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    (tmp_path / "next").write_bytes(b"other")
    os.utime(tmp_path / "next", ns=times)
    (tmp_path / "next").replace(path)
    second = files.of(path)
    assert second is not None
    assert second.content == b"other"
    assert second.etag != first.etag


def test_large_file_is_left_on_the_disk(tmp_path: Path) -> None:
    path, files = tmp_path / "file", HotFiles()
    path.write_bytes(bytes(LARGEST_BYTES))
    assert files.of(path) is not None
    path.write_bytes(bytes(LARGEST_BYTES + 1))
    assert files.of(path) is None


def test_memory_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hot_files, "_TOTAL_BYTES", 100)
    files = HotFiles()
    paths = [tmp_path / str(i) for i in range(4)]
    for path in paths:
        path.write_bytes(bytes(40))
    first = files.of(paths[0])
    files.of(paths[1])
    assert files.of(paths[0]) is first
    files.of(paths[2])  # 120 bytes: the one that was not asked for longest goes
    assert files.of(paths[0]) is first
    assert set(files._files) == {paths[0], paths[2]}
