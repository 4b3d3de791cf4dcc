"""The exceptions of `edgeproof.edge`, and the base class of every other package's.

Each message is one sentence that says what was expected, what was got and what to do. The command
line prints it as it stands and exits with the class's `exit_code`; nothing else is ever shown.
"""

from collections.abc import Iterable


class EdgeproofError(Exception):
    """Something could not be done. Exit code 1."""

    exit_code = 1


class UsageError(EdgeproofError):
    """The command was asked for in the wrong way. Exit code 2."""

    exit_code = 2


class BundleError(EdgeproofError):
    """A bundle is missing, incomplete, altered or not a bundle."""


class ModelFailed(BundleError):
    """The runtime refuses the model's file, fails to run it, or answers with what is no number."""


class ImageError(EdgeproofError):
    """A picture cannot be read; other pictures of the same batch are not affected."""


class RuntimeUnavailable(EdgeproofError):
    """The asked-for TFLite runtime is not installed here."""


class OutputError(EdgeproofError):
    """A result cannot be written where it was asked for."""


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """`'; did you mean X?'` for the choice nearest to a mistyped word, or an empty string."""
    import difflib  # here, for only mistakes need it

    near = difflib.get_close_matches(word, list(choices), n=1)
    return f"; did you mean {near[0]}?" if near else ""
