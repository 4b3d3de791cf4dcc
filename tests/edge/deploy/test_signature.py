"""Signed bundles: what a device that trusts a key takes, and all that it refuses."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import pytest

from edgeproof.edge.bundle import MANIFEST, Bundle
from edgeproof.edge.deploy import receive
from edgeproof.edge.deploy.device_check import check_variant
from edgeproof.edge.deploy.install import install, roll_back
from edgeproof.edge.deploy.pack import pack
from edgeproof.edge.deploy.signature import KeyFileError, SignatureError, sign, trusted_key

from .conftest import Run, archived, contents

pytest.importorskip("cryptography", reason="needs the extra `sign`")

Files = dict[str, bytes]


def make_key(file: Path, kind: str = "ed25519") -> None:
    command = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "me", "-f", str(file)]
    subprocess.run(command, check=True)


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys as OpenSSH writes them, and `mine` in PEM (`pem`), with a passphrase too (`locked`)."""
    folder = tmp_path_factory.mktemp("keys")
    make_key(folder / "mine")
    make_key(folder / "other")
    make_key(folder / "ecdsa", "ecdsa")
    from cryptography.hazmat.primitives import serialization as s

    key = s.load_ssh_private_key((folder / "mine").read_bytes(), None)
    locked = s.BestAvailableEncryption(b"open sesame")
    for name, lock in {"pem": s.NoEncryption(), "locked": locked}.items():
        content = key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, lock)
        (folder / name).write_bytes(content)
    public = key.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo)
    (folder / "pem.pub").write_bytes(public)
    return folder


@pytest.fixture(scope="session")
def signed(digits_bundle: Path, keys: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("signed") / "signed.tar.gz"
    pack(Bundle.open(digits_bundle), file, variants=["tflite-int8"], key_file=keys / "mine")
    return file


def test_signed_bundle_is_taken_by_whoever_trusts_the_key(
    run: Run, digits_bundle: Path, keys: Path, tmp_path: Path
) -> None:
    file, device = tmp_path / "signed.tar.gz", tmp_path / "device"
    options = ("--variants", "tflite-int8", "--sign", keys / "mine", "--json")
    code, out, _ = run("pack", digits_bundle, "-o", file, *options)
    assert code == 0
    shown = subprocess.run(
        ["ssh-keygen", "-l", "-f", keys / "mine.pub"], capture_output=True, text=True, check=True
    )
    fingerprint = shown.stdout.split()[1]
    assert json.loads(out)["signed_by"] == fingerprint
    trust = ("--trust", keys / "other.pub", "--trust", keys / "mine.pub")
    code, out, _ = run("install", file, "--into", device, *trust, "--json")
    assert code == 0
    assert json.loads(out)["signed_by"] == fingerprint
    # without a key given the signature is nobody's business
    code, out, _ = run("install", file, "--into", device, "--json")
    assert (code, json.loads(out)["signed_by"]) == (0, None)


def test_openssl_agrees(signed: Path, keys: Path, tmp_path: Path) -> None:
    files = contents(signed)
    assert list(files)[:2] == ["bundle.json.sig", MANIFEST]
    for name in list(files)[:2]:
        (tmp_path / name).write_bytes(files[name])
    check = ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", keys / "pem.pub"]
    message = ["-in", tmp_path / MANIFEST, "-sigfile", tmp_path / "bundle.json.sig"]
    subprocess.run([*check, *message], check=True, capture_output=True)
    (tmp_path / MANIFEST).write_bytes(files[MANIFEST] + b" ")
    assert subprocess.run([*check, *message], check=False, capture_output=True).returncode == 1


def test_pem_and_openssh_forms_are_the_same_key(
    digits_bundle: Path, signed: Path, keys: Path, tmp_path: Path
) -> None:
    again = tmp_path / "again.tar.gz"
    pack(Bundle.open(digits_bundle), again, variants=["tflite-int8"], key_file=keys / "pem")
    assert again.read_bytes() == signed.read_bytes()
    assert trusted_key(keys / "pem.pub").fingerprint == trusted_key(keys / "mine.pub").fingerprint


def unsigned(files: Files) -> list[tuple[str, bytes]]:
    return [(n, c) for n, c in files.items() if n != "bundle.json.sig"]


def with_manifest(files: Files, content: bytes) -> list[tuple[str, bytes]]:
    return list({**files, MANIFEST: content}.items())


SPOILT: dict[str, tuple[Callable[[Files], list[tuple[str, bytes]]], str]] = {
    "unsigned": (unsigned, "expected a signed packed bundle, since keys are trusted here"),
    "signature last": (
        lambda f: [*unsigned(f), ("bundle.json.sig", f["bundle.json.sig"])],
        "expected a signed packed bundle, since keys are trusted here",
    ),
    "altered manifest": (
        lambda f: with_manifest(f, f[MANIFEST].replace(b'"digits"', b'"pixels"', 1)),
        "got one that was altered or signed with another key",
    ),
    "manifest with a space more": (
        lambda f: with_manifest(f, f[MANIFEST] + b" "),
        "got one that was altered or signed with another key",
    ),
    "no signature in it": (
        lambda f: list({**f, "bundle.json.sig": b""}.items()),
        "got one that was altered or signed with another key",
    ),
    "half a signature": (
        lambda f: list({**f, "bundle.json.sig": f["bundle.json.sig"][:32]}.items()),
        "got one that was altered or signed with another key",
    ),
    "zeros": (
        lambda f: list({**f, "bundle.json.sig": bytes(64)}.items()),
        "got one that was altered or signed with another key",
    ),
}


@pytest.mark.parametrize("name", list(SPOILT))
def test_device_that_trusts_a_key_parses_nothing_else(
    signed: Path, keys: Path, tmp_path: Path, name: str
) -> None:
    make, message = SPOILT[name]
    stream = archived(make(contents(signed)))
    trusted = [trusted_key(keys / "mine.pub")]
    with (
        mock.patch.object(receive, "manifest_from_bytes", side_effect=AssertionError("parsed")),
        pytest.raises(SignatureError, match=message),
    ):
        install(stream, tmp_path, trusted=trusted, check=check_variant)
    assert not (tmp_path / "current").exists()
    assert list((tmp_path / "releases").iterdir()) == []


def test_control_the_same_archive_unspoilt_is_taken(
    signed: Path, keys: Path, tmp_path: Path
) -> None:
    stream = archived(list(contents(signed).items()))
    trusted = [trusted_key(keys / "pem.pub")]
    assert install(stream, tmp_path, trusted=trusted, check=check_variant)


def test_another_key_is_refused(run: Run, signed: Path, keys: Path, tmp_path: Path) -> None:
    trust = ("--trust", keys / "other.pub")
    code, out, error = run("install", signed, "--into", tmp_path / "device", *trust)
    assert (code, out) == (1, "")
    assert "got one that was altered or signed with another key" in error
    assert trusted_key(keys / "other.pub").fingerprint in error


def test_altered_file_behind_a_right_signature_is_refused(
    run: Run, signed: Path, keys: Path, tmp_path: Path
) -> None:
    files = contents(signed)
    name = "variants/tflite-int8/model.tflite"
    files[name] = files[name][:-1] + b"?"
    (tmp_path / "file").write_bytes(archived(list(files.items())).getvalue())
    trust = ("--trust", keys / "mine.pub")
    code, _, error = run("install", tmp_path / "file", "--into", tmp_path / "device", *trust)
    assert code == 1
    assert "model.tflite was altered: expected SHA-256" in error


def test_going_back_to_an_unsigned_release_is_refused(
    packed: dict[str, Path], signed: Path, keys: Path, tmp_path: Path
) -> None:
    for file in (packed["float32"], signed):
        with file.open("rb") as stream:
            install(stream, tmp_path, check=check_variant)
    trusted = [trusted_key(keys / "mine.pub")]
    with pytest.raises(SignatureError, match="expected a signed release"):
        roll_back(tmp_path, trusted=trusted, check=check_variant)
    assert roll_back(tmp_path, check=check_variant)
    # and now the signed one is the one before
    assert roll_back(tmp_path, trusted=trusted, check=check_variant).signed_by is not None


def test_locked_key_asks_for_its_passphrase(keys: Path) -> None:
    signature, fingerprint = sign(b"message", keys / "locked", lambda: "open sesame")
    key = trusted_key(keys / "mine.pub")
    key.public.verify(signature, b"message")
    assert fingerprint == key.fingerprint
    with pytest.raises(KeyFileError, match="expected the key's passphrase"):
        sign(b"message", keys / "locked", lambda: "open barley")


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("mine.pub", "a public one"),
        ("pem.pub", "a public one"),
        ("ecdsa", "a key of another kind"),
        ("missing", "which is no file"),
        ("empty", "no key"),
    ],
)
def test_what_is_no_private_key_is_said(
    run: Run, digits_bundle: Path, keys: Path, tmp_path: Path, name: str, found: str
) -> None:
    (keys / "empty").write_bytes(b"")
    options = ("-o", tmp_path / "new.tar.gz", "--sign", keys / name)
    code, out, error = run("pack", digits_bundle, *options)
    assert (code, out) == (1, "")
    assert found in error
    assert "ssh-keygen -t ed25519" in error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("mine", "a private one"),
        ("pem", "a private one"),
        ("ecdsa.pub", "a key of another kind"),
        ("missing", "which is no file"),
    ],
)
def test_what_is_no_public_key_is_said(
    run: Run, signed: Path, keys: Path, tmp_path: Path, name: str, found: str
) -> None:
    code, _, error = run("install", signed, "--into", tmp_path / "d", "--trust", keys / name)
    assert code == 1
    assert found in error
    assert list(tmp_path.iterdir()) == []


def test_missing_extra_is_said(
    run: Run, signed: Path, keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgeproof.edge import extras

    monkeypatch.setattr(extras.importlib.util, "find_spec", lambda name: None)
    code, _, error = run("install", signed, "--into", tmp_path / "d", "--trust", keys / "mine.pub")
    assert code == 1
    assert "pip install 'edgeproof[sign]'" in error
