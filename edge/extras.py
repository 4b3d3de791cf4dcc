"""Commands whose extra is not installed stay listed, and say what to install."""

import importlib.util

from edgeproof.edge.errors import EdgeproofError


class MissingExtra(EdgeproofError):
    """A command needs packages that are not installed."""


def require(command: str, extra: str, *modules: str) -> None:
    """Raise MissingExtra unless every top-level module can be found; imports none of them."""
    missing = [m for m in modules if importlib.util.find_spec(m) is None]
    if missing:
        raise MissingExtra(
            f"`edgeproof {command}` needs {', '.join(missing)}; pip install 'edgeproof[{extra}]'"
        )
