"""The exceptions of `edgeproof.web`."""

from edgeproof.edge.errors import EdgeproofError


class WebError(EdgeproofError):
    """The page cannot be built or served."""


class PageNotBuilt(WebError):
    """The third-party JavaScript of the page is missing from this installation."""


class AddressUnavailable(WebError):
    """The server cannot listen where it was told to."""
