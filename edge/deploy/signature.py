"""Who packed a bundle: an Ed25519 signature of its manifest, which holds the hash of every file.

The signature is the plain 64 bytes of RFC 8032 over the bytes of `bundle.json`, so that
`openssl pkeyutl -verify -rawin` checks it too. Keys are those of `ssh-keygen -t ed25519` and of
`openssl genpkey -algorithm ed25519`.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeproof.edge.errors import EdgeproofError
from edgeproof.edge.extras import require

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

SIGNATURE_BYTES = 64
_KEY_LIMIT_BYTES = 2**16
_MAKE_ONE = "`ssh-keygen -t ed25519 -f FILE` makes FILE, the private one, and FILE.pub"


class KeyFileError(EdgeproofError):
    """A file does not hold the Ed25519 key that it should."""


class SignatureError(EdgeproofError):
    """A packed bundle is not signed by a key that is trusted here."""


def sign(message: bytes, key_file: Path, passphrase: Callable[[], str]) -> tuple[bytes, str]:
    """Sign with a private key in PEM or OpenSSH form.

    Args:
        passphrase: asked only where the key is protected by one.

    Returns:
        The signature and the key's fingerprint.

    Raises:
        KeyFileError: the file is missing, is no private Ed25519 key, or the passphrase is wrong.
        MissingExtra: `cryptography` is not installed.
    """
    require("pack --sign", "sign", "cryptography")
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    content = _key_bytes(key_file)
    try:
        key = _private_key(content, None)
    except TypeError:  # how cryptography says that the key is encrypted
        key = _private_key(content, passphrase().encode())
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(
            f"expected a private Ed25519 key in {key_file}, got {_found(content, key)}; {_MAKE_ONE}"
        )
    return key.sign(message), _fingerprint(key.public_key())


def check_signature(message: bytes, signature: bytes, trusted: Sequence[TrustedKey]) -> str:
    """The fingerprint of the trusted key that signed `message`.

    Raises:
        SignatureError: none of them did.
    """
    from cryptography.exceptions import InvalidSignature

    for key in trusted:
        try:
            key.public.verify(signature, message)
        except InvalidSignature:
            continue
        return key.fingerprint
    names = ", ".join(f"{key.file} ({key.fingerprint})" for key in trusted)
    raise SignatureError(
        f"expected a packed bundle signed with {names}, got one that was altered or signed with "
        "another key; nothing of it was installed"
    )


@dataclass(frozen=True)
class TrustedKey:
    """A public key, with the file that it was read from and its fingerprint."""

    file: Path
    public: Ed25519PublicKey
    fingerprint: str


def trusted_key(file: Path) -> TrustedKey:
    """Read a public key: PEM (`PUBLIC KEY`) or an OpenSSH line (`ssh-ed25519 AAAA... name`).

    Raises:
        KeyFileError: the file is missing or is no public Ed25519 key.
        MissingExtra: `cryptography` is not installed.
    """
    require("install --trust", "sign", "cryptography")
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    content = _key_bytes(file)
    key = _public_key(content)
    if not isinstance(key, Ed25519PublicKey):
        raise KeyFileError(
            f"expected a public Ed25519 key in {file}, got {_found(content, key)}; {_MAKE_ONE}"
        )
    return TrustedKey(file, key, _fingerprint(key))


def _key_bytes(file: Path) -> bytes:
    if not file.is_file():
        raise KeyFileError(
            f"expected an Ed25519 key file, got {file}, which is no file; {_MAKE_ONE}"
        )
    with file.open("rb") as stream:
        return stream.read(_KEY_LIMIT_BYTES)


def _private_key(content: bytes, passphrase: bytes | None) -> Any:
    """A private key of any algorithm; None where there is none. TypeError: it is encrypted."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    is_openssh = b"BEGIN OPENSSH PRIVATE KEY" in content
    load = serialization.load_ssh_private_key if is_openssh else serialization.load_pem_private_key
    try:
        return load(content, passphrase)
    except UnsupportedAlgorithm as error:
        raise KeyFileError(
            f"expected a key that cryptography can read, got: {error}; keys of ssh-keygen with a "
            "passphrase need pip install bcrypt"
        ) from error
    except ValueError as error:
        if passphrase is not None:
            raise KeyFileError(f"expected the key's passphrase, got another: {error}") from error
        return None


def _public_key(content: bytes) -> Any:
    """A public key of any algorithm; None where there is none."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    is_pem = content.lstrip().startswith(b"-----BEGIN")
    load = serialization.load_pem_public_key if is_pem else serialization.load_ssh_public_key
    try:
        return load(content.strip())
    except (ValueError, UnsupportedAlgorithm):
        return None


def _fingerprint(key: Ed25519PublicKey) -> str:
    """As `ssh-keygen -l` shows it."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    line = key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    digest = hashlib.sha256(base64.b64decode(line.split()[1])).digest()
    return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


def _found(content: bytes, key: Any) -> str:
    """What a file holds instead of the key that was expected."""
    if key is not None:
        return f"a key of another kind ({type(key).__name__})"
    if b"PRIVATE KEY" in content:
        return "a private one"
    if b"PUBLIC KEY" in content or content.startswith(b"ssh-"):
        return "a public one"
    return "no key"
