"""What a service of its own user must be able to read, and what hides it."""

import site
import sys
from collections.abc import Iterable
from pathlib import Path

import edgeproof.edge
from edgeproof.edge.errors import EdgeproofError

# what ProtectHome= and PrivateTmp= put away
_HIDDEN = tuple(Path(p) for p in ("/home", "/root", "/run/user", "/tmp", "/var/tmp"))


class NotForServices(EdgeproofError):
    """Something lies where a service's user cannot get at it."""


def program() -> tuple[Path, list[Path]]:
    """The command that runs edgeproof here, and the folders that it is made of.

    Raises:
        NotForServices: it is installed for one user only.
    """
    command = Path(sys.executable).parent.resolve() / "edgeproof"
    package = Path(next(iter(edgeproof.edge.__path__)))
    if package.is_relative_to(site.getusersitepackages()):
        raise NotForServices(
            "expected edgeproof in a virtual environment, got it in one user's own packages, which "
            "a service does not see; python3 -m venv env && env/bin/pip install 'edgeproof[edge]'"
        )
    if not command.is_file():
        raise NotForServices(
            f"expected {command} beside the Python that runs this, got none; install edgeproof "
            "in a virtual environment"
        )
    return command, [Path(p).resolve() for p in (sys.prefix, sys.base_prefix, package)]


def hidden(folders: Iterable[Path]) -> list[Path]:
    """Those of the folders that a service only sees if they are bound into its view."""
    below = {f for f in folders if any(f.is_relative_to(root) for root in _HIDDEN)}
    return sorted(f for f in below if not any(parent in below for parent in f.parents))


def check_readable(folder: Path, bound: Iterable[Path], *, deep: bool) -> None:
    """Raise NotForServices unless any user may read a folder, and with `deep` all that is in it.

    Args:
        bound: folders that are bound into the service's view: what is above them does not matter.
    """
    tops = [top for top in bound if folder.is_relative_to(top)]
    for above in folder.parents:
        if all(above.is_relative_to(top) for top in tops) and not _allows(above, 0o1):
            raise _closed(above)
    if not _allows(folder, 0o5):
        raise _closed(folder)
    for path in folder.rglob("*") if deep else ():
        if not path.is_symlink() and not _allows(path, 0o5 if path.is_dir() else 0o4):
            raise _closed(path)


def _allows(path: Path, bits: int) -> bool:
    return path.stat().st_mode & bits == bits


def _closed(path: Path) -> NotForServices:
    return NotForServices(
        f"expected {path} to be readable by every user, since the service runs as one of its own, "
        f"got mode {path.stat().st_mode & 0o777:o}; chmod o+rX {path}"
    )
