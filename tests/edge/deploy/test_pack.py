"""`edgeproof pack`: what goes into the file, and that it says the truth about itself."""

import dataclasses
import json
import os
import shutil
import tarfile
from pathlib import Path

import pytest

from edgeproof.edge.bundle import MANIFEST, Bundle, manifest_to_bytes
from edgeproof.edge.deploy.pack import LEFT_OUT, pack
from edgeproof.edge.errors import BundleError, UsageError
from edgeproof.edge.manifest import FileEntry

from .conftest import Run, contents, sha256


def unpacked(file: Path, folder: Path) -> Bundle:
    for name, content in contents(file).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return Bundle.open(folder)


def test_packed_bundle_is_a_bundle_of_what_a_device_needs(
    run: Run, digits_bundle: Path, tmp_path: Path
) -> None:
    file = tmp_path / "digits.tar.gz"
    code, out, _ = run("pack", digits_bundle, "-o", file, "--json")
    assert code == 0
    said = json.loads(out)
    bundle = unpacked(file, tmp_path / "unpacked")
    bundle.check_all()
    manifest = bundle.manifest

    assert {v.format for v in manifest.variants} == {"tflite"}
    assert said["variants"] == [v.id for v in manifest.variants]
    assert len(said["variants"]) == 5
    assert manifest.heldout is None
    assert manifest.golden == Bundle.open(digits_bundle).manifest.golden
    assert set(contents(file)) == {MANIFEST, *(e.path for e in manifest.all_files())}
    assert not [n for n in contents(file) if "tfjs" in n or "heldout" in n]

    original = (digits_bundle / MANIFEST).read_bytes()
    assert manifest.provenance.packed_from == said["packed_from"] == sha256(original)
    assert said["manifest_sha256"] == sha256(contents(file)[MANIFEST])
    assert said["left_out"] == [s.id for s in manifest.skipped if s.reason == LEFT_OUT]
    assert "tfjs-float32" in said["left_out"]
    with pytest.raises(UsageError, match=r"tfjs-float32 is not in .*: left out by pack"):
        bundle.variant("tfjs-float32")
    assert (said["bytes"], said["sha256"]) == (file.stat().st_size, sha256(file.read_bytes()))


def test_same_bundle_gives_the_same_bytes_anywhere(digits_bundle: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first.tar.gz", tmp_path / "other" / "second.tgz"
    pack(Bundle.open(digits_bundle), first)
    copy = tmp_path / "other" / "digits"
    shutil.copytree(digits_bundle, copy, copy_function=shutil.copy)
    for path in copy.rglob("*"):
        os.utime(path, (1, 1))
        path.chmod(0o700)
    pack(Bundle.open(copy), second)
    assert first.read_bytes() == second.read_bytes()
    with tarfile.open(first) as archive:
        stamps = {(m.mtime, m.uid, m.gid, m.uname, m.gname, m.mode, m.type) for m in archive}
    assert stamps == {(0, 0, 0, "", "", 0o644, tarfile.REGTYPE)}
    # control: other content, other bytes
    pack(Bundle.open(copy), second, variants=["tflite-int8"], force=True)
    assert first.read_bytes() != second.read_bytes()


def test_bundle_of_which_nothing_is_left_out_keeps_its_manifest(
    packed: dict[str, Path], tmp_path: Path
) -> None:
    bundle = unpacked(packed["int8"], tmp_path / "unpacked")
    again = pack(bundle, tmp_path / "again.tar.gz")
    assert Path(again.file).read_bytes() == packed["int8"].read_bytes()
    assert again.left_out[0] == "tflite-float32"  # by the first packing, as the manifest says


def test_chosen_variants(run: Run, digits_bundle: Path, tmp_path: Path) -> None:
    file = tmp_path / "two.tar.gz"
    chosen = ("--variants", "tflite-int8, tflite-float32")
    assert run("pack", digits_bundle, "-o", file, *chosen)[0] == 0
    models = {n for n in contents(file) if n.endswith(".tflite")}
    assert models == {f"variants/tflite-{p}/model.tflite" for p in ("int8", "float32")}


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--variants", "tflite-int9"], 2, "did you mean tflite-int8?"),
        (["--variants", "tfjs-float32"], 2, "expected TFLite variants, got tfjs-float32"),
        (["-o", "."], 1, "expected a file to write, got the folder"),
        (["-o", "no/where.tar.gz"], 1, "expected a folder to write where.tar.gz in"),
        (["-o", "there.tar.gz"], 1, "which exists; choose another or give --force"),
    ],
)
def test_refusals_write_nothing(
    run: Run,
    digits_bundle: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.tar.gz").write_text("mine")
    found, out, error = run("pack", digits_bundle, "-o", "new.tar.gz", *arguments)
    assert (found, out) == (code, "")
    assert message in error
    assert [p.name for p in tmp_path.iterdir()] == ["there.tar.gz"]
    assert (tmp_path / "there.tar.gz").read_text() == "mine"
    assert run("pack", digits_bundle, "-o", "there.tar.gz", "--force")[0] == 0


def test_altered_bundle_is_not_packed(run: Run, bundle_copy: Path, tmp_path: Path) -> None:
    (bundle_copy / "golden/outputs.npy").write_bytes(b"")
    code, _, error = run("pack", bundle_copy, "-o", tmp_path / "new.tar.gz")
    assert code == 1
    assert "outputs.npy was altered: expected" in error
    assert [p.name for p in tmp_path.iterdir()] == [bundle_copy.name]


def test_bundle_for_browsers_alone_is_refused(bundle_copy: Path, tmp_path: Path) -> None:
    bundle = Bundle.open(bundle_copy)
    tfjs = tuple(v for v in bundle.manifest.variants if v.format != "tflite")
    manifest = dataclasses.replace(bundle.manifest, variants=tfjs)
    with pytest.raises(BundleError, match=r"expected a TFLite variant in .*, got tfjs-float32"):
        pack(Bundle(bundle_copy, manifest), tmp_path / "new.tar.gz")


@pytest.mark.parametrize(
    "path",
    ["golden/./x", "golden//x", "a b", ".hidden", "golden/.x", "bundle.json", "größe", "a\x1bb"],
)
def test_odd_file_names_are_refused(bundle_copy: Path, tmp_path: Path, path: str) -> None:
    bundle = Bundle.open(bundle_copy)
    golden = bundle.manifest.golden
    odd = dataclasses.replace(golden.inputs[0], path=path)
    golden = dataclasses.replace(golden, inputs=(odd,))
    with pytest.raises(BundleError, match="expected plain file names"):
        pack(
            Bundle(bundle_copy, dataclasses.replace(bundle.manifest, golden=golden)), tmp_path / "x"
        )


@pytest.mark.parametrize(
    ("path", "message"),
    [("golden/OUTPUTS.npy", "once, got .* twice"), ("golden", "as a file and as a folder")],
)
def test_file_names_that_collide_are_refused(
    bundle_copy: Path, tmp_path: Path, path: str, message: str
) -> None:
    bundle = Bundle.open(bundle_copy)
    extra = FileEntry(path, 0, sha256(b""))
    golden = dataclasses.replace(bundle.manifest.golden, inputs=(extra,))
    with pytest.raises(BundleError, match=message):
        pack(
            Bundle(bundle_copy, dataclasses.replace(bundle.manifest, golden=golden)), tmp_path / "x"
        )


def test_manifest_bytes_are_what_conversion_wrote(digits_bundle: Path) -> None:
    written = (digits_bundle / MANIFEST).read_bytes()
    assert manifest_to_bytes(Bundle.open(digits_bundle).manifest) == written
