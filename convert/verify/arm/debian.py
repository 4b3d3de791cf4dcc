"""Debian packages of another architecture, without the rights of the superuser.

apt-get with a state of its own finds the dependencies and checks Debian's signatures; dpkg-deb
unpacks. Nothing is installed, and no script of a package is run.
"""

import os
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import IO, cast

from edgeproof.convert.verify.errors import PrepareError

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
MIRROR_VARIABLE = "EDGEPROOF_DEBIAN_MIRROR"
_MIRROR = "http://deb.debian.org/debian"  # packages are signed: no TLS is needed
_LAST_LINES = 2


def require_tools() -> None:
    """Raise PrepareError where something of Debian's own tools is missing."""
    missing = [tool for tool in ("apt-get", "dpkg", "dpkg-deb") if shutil.which(tool) is None]
    if missing:
        raise PrepareError(
            f"expected the programs apt-get, dpkg and dpkg-deb, got no {' and no '.join(missing)}; "
            "prepare the boards on Debian or Ubuntu, or in a container of one of them"
        )
    if not KEYRING.is_file():
        raise PrepareError(
            f"expected Debian's keys at {KEYRING}, got no such file; "
            "do: apt install debian-archive-keyring"
        )


def host_architecture() -> str:
    """Debian's name for this machine's architecture."""
    return _run(["dpkg", "--print-architecture"]).strip()


def download(packages: tuple[str, ...], *, suite: str, architecture: str, into: Path) -> list[Path]:
    """The packages and all that they depend on, as .deb files in a folder below `into`.

    Raises:
        PrepareError: no network, no such package, or a signature that is not Debian's.
    """
    state = into / f"apt-{suite}-{architecture}"
    for folder in ("lists/partial", "cache/archives/partial", "none"):
        (state / folder).mkdir(parents=True, exist_ok=True)
    (state / "status").touch()
    mirror = os.environ.get(MIRROR_VARIABLE, _MIRROR)
    (state / "sources.list").write_text(f"deb [signed-by={KEYRING}] {mirror} {suite} main\n")
    options = {
        "APT::Architecture": architecture,
        "APT::Architectures": architecture,
        "APT::Sandbox::User": "",
        "APT::Update::Error-Mode": "any",
        "Acquire::Retries": "2",
        "Acquire::http::Timeout": "30",
        "Acquire::Languages": "none",
        "Dir::State": state,
        "Dir::State::lists": state / "lists",
        "Dir::State::status": state / "status",
        "Dir::Cache": state / "cache",
        "Dir::Etc::sourcelist": state / "sources.list",
        "Dir::Etc::sourceparts": state / "none",
        "Dir::Etc::preferences": state / "none" / "preferences",
        "Dir::Etc::preferencesparts": state / "none",
    }
    apt = ["apt-get", "-qq", *(f"-o{name}={value}" for name, value in options.items())]
    wanted = f"Debian's packages from {mirror} {suite}"
    do = f"check the network, or name a mirror with {MIRROR_VARIABLE}"
    _run([*apt, "update"], wanted, do)
    only = ("--download-only", "--no-install-recommends", "-y")
    _run([*apt, "install", *only, *packages], wanted, do)
    found = sorted((state / "cache" / "archives").glob("*.deb"))
    if not found:
        raise PrepareError(f"expected {wanted}, got none; {do}")
    return found


def unpack(package: Path, into: Path) -> None:
    """All files of a package below a folder."""
    _run(["dpkg-deb", "-x", str(package), str(into)], f"a Debian package at {package}")


def unpack_program(package: Path, name: str, into: Path) -> None:
    """One program of a package's /usr/bin, as the file `into`.

    Raises:
        PrepareError: the package has no such program.
    """
    with subprocess.Popen(
        ["dpkg-deb", "--fsys-tarfile", str(package)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        content = cast(IO[bytes], process.stdout)
        with content, tarfile.open(fileobj=content, mode="r|") as archive:
            for member in archive:
                stream = archive.extractfile(member) if member.isfile() else None
                if stream is not None and member.name.endswith(f"usr/bin/{name}"):
                    into.write_bytes(stream.read())
                    into.chmod(0o755)
        process.kill()  # it may still be writing what nobody reads
    if not into.is_file():
        raise PrepareError(f"expected the program {name} in {package.name}, got none")


def _run(command: list[str], wanted: str = "", do: str = "") -> str:
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "LC_ALL": "C"},
    )
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()[-_LAST_LINES:]
        said = " / ".join(line.strip() for line in lines) or f"exit code {done.returncode}"
        raise PrepareError(f"expected {wanted or command[0]}, got: {said}; {do or 'try again'}")
    return done.stdout
