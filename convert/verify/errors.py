"""What verification says no to."""

from edgeproof.edge.errors import EdgeproofError


class VerifyError(EdgeproofError):
    """A bundle cannot be verified as it was asked for."""


class RuntimeFailed(VerifyError):
    """A runtime crashed, hung or refused a variant: one failed row, the others go on."""


class RuntimeKilled(RuntimeFailed):
    """A runtime's process was ended from outside, which says nothing about the runtime."""


class PrepareError(VerifyError):
    """An emulated board cannot be prepared here."""


class DataError(VerifyError):
    """The labelled data cannot be read or does not fit the bundle."""
