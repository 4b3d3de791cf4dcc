"""What the comparison by layer says no to."""

from __future__ import annotations

from edgeproof.edge.errors import EdgeproofError


class DiffError(EdgeproofError):
    """A variant cannot be compared with its Keras model layer by layer."""
