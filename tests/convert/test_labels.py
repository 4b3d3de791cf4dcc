"""Label files."""

from pathlib import Path

import pytest

from edgeproof.convert.errors import ConvertError
from edgeproof.convert.labels import labels_from_file


@pytest.mark.parametrize(
    "text", ["cat\ndog\n", "cat\r\ndog", "\ufeffcat\n dog \n\n", '["cat", "dog"]']
)
def test_lines_and_json(tmp_path: Path, text: str) -> None:
    path = tmp_path / "labels.txt"
    path.write_bytes(text.encode())

    assert labels_from_file(path) == ("cat", "dog")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "got none"),
        (b"cat\n\ndog", "a label in line 2"),
        (b"cat\ndog\ncat", "got 'cat' twice"),
        (b'["cat", 3]', "expected strings only"),
        (b'["cat"', "is not a JSON list"),
        (b"\xff\xfe\x00", "as UTF-8 text"),
    ],
)
def test_bad_files(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "labels.txt"
    path.write_bytes(content)
    with pytest.raises(ConvertError, match=message):
        labels_from_file(path)


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(ConvertError, match="which is no file"):
        labels_from_file(tmp_path / "none.txt")
