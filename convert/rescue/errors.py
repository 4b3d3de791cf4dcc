"""What `--keep-float` cannot do."""

from edgeproof.edge.errors import EdgeproofError


class NoRescue(EdgeproofError):
    """No layers left in float let a variant meet its gates. Not a reason to skip the variant."""
