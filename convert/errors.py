"""What conversion says no to."""

from __future__ import annotations

from edgeproof.edge.errors import EdgeproofError


class ConvertError(EdgeproofError):
    """The model, its calibration images or its description cannot become a bundle."""
