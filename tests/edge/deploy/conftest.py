"""Packed bundles to install: small ones of one variant each, and ways to spoil them."""

import dataclasses
import hashlib
import io
import shutil
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from edgeproof.edge.bundle import MANIFEST, Bundle, file_entry, manifest_to_bytes
from edgeproof.edge.deploy.pack import pack
from edgeproof.edge.main import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """`edgeproof ...` in this process: exit code, standard output, standard error."""

    def run(*arguments: str | Path | int) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main([str(a) for a in arguments])
        return code, *capsys.readouterr()

    return run


@pytest.fixture(scope="session")
def packed(digits_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Packed bundles of the digits model by their only variant's precision."""
    folder = tmp_path_factory.mktemp("packed")
    files = {}
    for precision in ("float32", "float16", "int8"):
        files[precision] = folder / f"{precision}.tar.gz"
        pack(Bundle.open(digits_bundle), files[precision], variants=[f"tflite-{precision}"])
    return files


@pytest.fixture(scope="session")
def wrong(digits_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A packed bundle that is whole, every hash right, whose model gives wrong answers."""
    folder = tmp_path_factory.mktemp("wrong")
    bundle = folder / "digits"
    shutil.copytree(digits_bundle, bundle)
    opened = Bundle.open(bundle)
    variant = opened.variant("tflite-float32")
    model = bundle / variant.entry
    content = bytearray(model.read_bytes())
    middle = len(content) // 2 & ~3  # among the float32 weights
    content[middle : middle + 400] = bytes(400)
    model.write_bytes(content)
    spoilt = dataclasses.replace(variant, files=(file_entry(bundle, model),))
    manifest = dataclasses.replace(opened.manifest, variants=(spoilt,))
    (bundle / MANIFEST).write_bytes(manifest_to_bytes(manifest))
    file = folder / "wrong.tar.gz"
    pack(Bundle.open(bundle), file)
    return file


def contents(file: Path) -> dict[str, bytes]:
    """A packed bundle's files, as `tarfile` reads them."""
    with tarfile.open(file) as archive:
        return {m.name: archive.extractfile(m).read() for m in archive}  # type: ignore[union-attr]


def archived(
    members: Sequence[tuple[str | tarfile.TarInfo, bytes]], format: int = tarfile.USTAR_FORMAT
) -> io.BytesIO:
    """A .tar.gz of whatever one likes."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz", format=format) as archive:
        for member, content in members:
            info = tarfile.TarInfo(member) if isinstance(member, str) else member
            if isinstance(member, str):
                info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    stream.seek(0)
    return stream


def names_below(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if not p.is_dir()}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
