"""Archives that somebody made to harm, or that were harmed: refused, and nothing of them stays."""

import gzip
import io
import json
import struct
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeproof.edge.bundle import MANIFEST
from edgeproof.edge.deploy.archive import ArchiveReader
from edgeproof.edge.deploy.device_check import check_variant
from edgeproof.edge.deploy.install import install
from edgeproof.edge.deploy.receive import receive
from edgeproof.edge.errors import BundleError, OutputError

from .conftest import Run, archived, contents, names_below

Files = dict[str, bytes]
INPUTS = "golden/inputs.npy"


def link(name: str, kind: bytes, target: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def of_type(name: str, kind: bytes) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    return info


def without(files: Files, name: str) -> Files:
    return {n: c for n, c in files.items() if n != name}


def with_path(files: Files, path: str) -> Files:
    """The golden inputs moved to `path`, in the manifest as well as in the archive."""
    manifest = json.loads(files[MANIFEST])
    manifest["golden"]["inputs"][0]["path"] = path
    moved = {path if n == INPUTS else n: c for n, c in files.items()}
    return {**moved, MANIFEST: json.dumps(manifest).encode()}


def with_size(files: Files, size: int) -> Files:
    manifest = json.loads(files[MANIFEST])
    manifest["golden"]["inputs"][0]["bytes"] = size
    return {**files, MANIFEST: json.dumps(manifest).encode()}


# what is wrong -> the archive's members, and what is said
HOSTILE: dict[str, tuple[Callable[[Files], list], str]] = {
    "nothing at all": (lambda f: [], "which starts with bundle.json, got nothing"),
    "another archive": (lambda f: [("a.txt", b"x")], "which starts with bundle.json, got 'a.txt'"),
    "manifest last": (
        lambda f: [*without(f, MANIFEST).items(), (MANIFEST, f[MANIFEST])],
        "which starts with bundle.json, got 'golden/",
    ),
    "no manifest": (lambda f: [(MANIFEST, b"[" * 100_000)], "is not a valid manifest"),
    "binary manifest": (lambda f: [(MANIFEST, bytes(range(256)))], "is not a valid manifest"),
    "huge manifest": (
        lambda f: [(MANIFEST, bytes(8 * 2**20 + 1))],
        "expected bundle.json of at most 8,388,608 bytes, got 8,388,609",
    ),
    "unlisted file": (
        lambda f: [*f.items(), ("extra.py", b"import os")],
        "got 'extra.py', which its manifest does not list",
    ),
    "file outside": (
        lambda f: [*f.items(), ("../../escaped", b"x")],
        "got '../../escaped', which its manifest does not list",
    ),
    "absolute file": (
        lambda f: [*f.items(), ("/tmp/escaped", b"x")],
        "got '/tmp/escaped', which its manifest does not list",
    ),
    "listed file outside": (
        lambda f: list(with_path(f, "../escaped").items()),
        "expected a path inside the bundle, got '../escaped'",
    ),
    "listed absolute file": (
        lambda f: list(with_path(f, "/tmp/escaped").items()),
        "expected a path inside the bundle, got '/tmp/escaped'",
    ),
    "listed odd file": (
        lambda f: list(with_path(f, "golden/\x1b[2J").items()),
        r"such as golden/inputs.npy in the manifest, got 'golden/\x1b[2J'",
    ),
    "manifest that lists itself": (
        lambda f: list(with_path(f, MANIFEST).items()),
        "in the manifest, got 'bundle.json'",
    ),
    "twice": (lambda f: [*f.items(), (INPUTS, f[INPUTS])], f"got '{INPUTS}', twice"),
    "second manifest": (lambda f: [*f.items(), (MANIFEST, b"{}")], "got 'bundle.json', which"),
    "missing file": (lambda f: list(without(f, INPUTS).items()), f"got none for {INPUTS}"),
    "shorter file": (
        lambda f: list({**f, INPUTS: f[INPUTS][:-1]}.items()),
        "golden/inputs.npy of 2,176 bytes, as the manifest says, got 2,175",
    ),
    "altered file": (
        lambda f: list({**f, INPUTS: f[INPUTS][:-1] + b"?"}.items()),
        "golden/inputs.npy was altered: expected SHA-256",
    ),
    "symbolic link": (
        lambda f: [(MANIFEST, f[MANIFEST]), (link(INPUTS, tarfile.SYMTYPE, "/etc/passwd"), b"")],
        "regular files only in a packed bundle, got 'golden/inputs.npy' of tar type b'2'",
    ),
    "hard link": (
        lambda f: [(MANIFEST, f[MANIFEST]), (link(INPUTS, tarfile.LNKTYPE, "/etc/passwd"), b"")],
        "of tar type b'1'",
    ),
    "device": (
        lambda f: [(MANIFEST, f[MANIFEST]), (of_type(INPUTS, tarfile.CHRTYPE), b"")],
        "of tar type b'3'",
    ),
    "pipe": (
        lambda f: [(MANIFEST, f[MANIFEST]), (of_type(INPUTS, tarfile.FIFOTYPE), b"")],
        "of tar type b'6'",
    ),
    "folder": (
        lambda f: [(MANIFEST, f[MANIFEST]), (of_type("golden", tarfile.DIRTYPE), b"")],
        "of tar type b'5'",
    ),
    "link as the manifest": (
        lambda f: [(link(MANIFEST, tarfile.SYMTYPE, "/etc/passwd"), b"")],
        "of tar type b'2'",
    ),
}


@pytest.mark.parametrize("name", list(HOSTILE))
def test_hostile_archives_are_refused(packed: dict[str, Path], tmp_path: Path, name: str) -> None:
    make, message = HOSTILE[name]
    stream = archived(make(contents(packed["int8"])))
    with pytest.raises(BundleError) as refused:
        install(stream, tmp_path / "a" / "device", check=check_variant)
    assert message in str(refused.value)
    assert names_below(tmp_path) == {"a/device/.lock"}


def test_control_the_same_files_unspoilt_are_installed(
    packed: dict[str, Path], tmp_path: Path
) -> None:
    files = contents(packed["int8"])
    assert install(archived(list(files.items())), tmp_path, check=check_variant)
    assert {*files} == names_below(tmp_path / "current")


@pytest.mark.parametrize("format", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_extended_headers_are_refused(format: int, tmp_path: Path) -> None:
    # their sizes and names are data of a second file, on which readers differ
    stream = archived([("x" * 300, b"")], format)
    with pytest.raises(BundleError, match=r"regular files only .* of tar type b'[xL]'"):
        receive(stream, tmp_path)


def test_sparse_and_negative_sizes_are_refused(tmp_path: Path) -> None:
    sparse = of_type(MANIFEST, tarfile.GNUTYPE_SPARSE).tobuf(tarfile.GNU_FORMAT)
    with pytest.raises(BundleError, match="of tar type b'S'"):
        receive(io.BytesIO(gzip.compress(sparse)), tmp_path)
    negative = bytearray(tarfile.TarInfo(MANIFEST).tobuf(tarfile.GNU_FORMAT))
    negative[124:136] = b"\xff" * 12  # -1 in base 256
    negative[148:156] = b"%06o\0 " % tarfile.calc_chksums(bytes(negative))[0]
    with pytest.raises(BundleError, match="and -1 bytes"):
        receive(io.BytesIO(gzip.compress(bytes(negative))), tmp_path)


def test_files_cut_off_anywhere_are_refused(packed: dict[str, Path], tmp_path: Path) -> None:
    whole = packed["int8"].read_bytes()
    for size in {*range(0, len(whole), 2999), len(whole) - 8, len(whole) - 1}:
        with pytest.raises(BundleError, match="cut off; copy it again"):
            install(io.BytesIO(whole[:size]), tmp_path, check=check_variant)
    assert names_below(tmp_path) == {".lock"}


def test_damaged_files_are_refused(packed: dict[str, Path], tmp_path: Path) -> None:
    whole = packed["int8"].read_bytes()
    for place in range(10, len(whole), 3001):
        damaged = bytearray(whole)
        damaged[place] ^= 0x55
        with pytest.raises(BundleError):
            install(io.BytesIO(bytes(damaged)), tmp_path, check=check_variant)
    assert names_below(tmp_path) == {".lock"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x89PNG\r\n", "expected a packed bundle in gzip, got: Not a gzipped file"),
        (gzip.compress(b"hello" * 200), "got a tar with invalid header"),
        (gzip.compress(b"0" * 512), "got a tar with bad checksum"),
    ],
    # gzip holds the time, and test processes must agree on names
    ids=["png", "text", "zeros"],
)
def test_files_of_other_kinds_are_refused(
    run: Run, tmp_path: Path, content: bytes, message: str
) -> None:
    (tmp_path / "file").write_bytes(content)
    code, out, error = run("install", tmp_path / "file", "--into", tmp_path / "device")
    assert (code, out) == (1, "")
    assert message in error


def test_terminal_is_not_told_what_to_do(run: Run, packed: dict[str, Path], tmp_path: Path) -> None:
    files = contents(packed["int8"])
    manifest = {**json.loads(files[MANIFEST]), "\x1b[2Jfield": 1}
    (tmp_path / "file").write_bytes(archived([(MANIFEST, json.dumps(manifest).encode())]).read())
    code, _, error = run("install", tmp_path / "file", "--into", tmp_path / "device")
    assert code == 1
    assert r"\x1b[2Jfield: unknown field" in error
    assert "\x1b" not in error


class Counted(io.BytesIO):
    """A stream that knows how many bytes were taken from it."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        content = super().read(size)
        self.taken += len(content)
        return content


def test_bombs_are_not_unpacked(packed: dict[str, Path], tmp_path: Path) -> None:
    files = contents(packed["int8"])
    # 32 MiB of zeros, 1,000 times smaller in gzip, in the place of a file of 2 KB ...
    bomb = archived([(MANIFEST, files[MANIFEST]), (INPUTS, bytes(2**25))]).getvalue()
    stream = Counted(bomb)
    with pytest.raises(BundleError, match="as the manifest says, got 33,554,432"):
        receive(stream, tmp_path)
    assert stream.taken < len(bomb) / 2
    # ... and behind the last one
    tail = gzip.compress(gzip.decompress(archived(list(files.items())).getvalue()) + bytes(2**25))
    stream = Counted(tail)
    (tmp_path / "second").mkdir()
    with pytest.raises(BundleError, match="to end after its last file, got more"):
        receive(stream, tmp_path / "second")
    assert stream.taken < len(tail) - 2**14


def test_more_than_the_disk_holds_is_refused_before_it_is_written(
    packed: dict[str, Path], tmp_path: Path
) -> None:
    files = with_size(contents(packed["int8"]), 2**60)
    with pytest.raises(OutputError, match=r"expected 1,152,\d+,[\d,]+ bytes of room on the disk"):
        receive(archived(list(files.items())), tmp_path)
    assert names_below(tmp_path) == set()


def test_reader_holds_no_more_than_a_chunk() -> None:
    reader = ArchiveReader(archived([("a", bytes(10**6)), ("b", b"second")]))
    member = reader.next()
    assert member is not None
    assert max(map(len, reader.content(member))) <= 2**18
    second = reader.next()
    assert second is not None
    assert b"".join(reader.content(second)) == b"second"
    assert reader.next() is None


def test_empty_gzip_members_by_the_thousand_end(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="cut off"):
        receive(io.BytesIO(gzip.compress(b"") * 20_000), tmp_path)


def test_header_checksum_counts(packed: dict[str, Path], tmp_path: Path) -> None:
    tar = bytearray(gzip.decompress(packed["int8"].read_bytes()))
    struct.pack_into("8s", tar, 148, b"0000000\0")
    with pytest.raises(BundleError, match="got a tar with bad checksum"):
        receive(io.BytesIO(gzip.compress(bytes(tar))), tmp_path)
