"""The Flask application that serves the page and the bundles.

It only hands out files: pictures are classified in the visitor's browser and never arrive here.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from flask import Flask, Response, request
from werkzeug.exceptions import BadRequest, HTTPException

from edgeproof.web import policies
from edgeproof.web.built_page import BuiltPage
from edgeproof.web.catalogue import Catalogue
from edgeproof.web.routes import EXTENSION, Site, pages

_POLICY = "Content-Security-Policy"
# what has a global of its own, to which its headers apply; those of other files say what is read
_DOCUMENTS = {"text/html", "image/svg+xml"}
_WORKERS = ("/worker.js", "/sw.js")


def create_app(
    bundles: Sequence[str | Path], *, is_own_host: Callable[[str], bool] | None = None
) -> Flask:
    """The application for these bundle folders; each is served under its folder's name.

    Args:
        is_own_host: whether a Host header is answered to (`hosts.py`); None answers to any, as
            behind a proxy that checks it.

    Raises:
        BundleError: a folder is not a bundle.
        WebError: a bundle has no variant for browsers, or two have the same name.
        PageNotBuilt: the built page is missing or older than its sources.
    """
    site = Site(BuiltPage.open(), Catalogue(map(Path, bundles)))
    # no static folder of Flask's own: routes.py serves the files, relative to the page
    app = Flask(__name__, static_folder=None)
    app.extensions[EXTENSION] = site
    app.register_blueprint(pages)
    if is_own_host is not None:
        app.before_request(lambda: _refuse_other_hosts(is_own_host))
    app.after_request(_secured)
    app.register_error_handler(HTTPException, _plain_error)
    return app


def _refuse_other_hosts(is_own_host: Callable[[str], bool]) -> None:
    if not is_own_host(request.host):
        raise BadRequest(
            f"expected a name of this server in the address, got {request.host}; "
            "allow it with --allow-host"
        )


def _secured(response: Response) -> Response:
    headers = response.headers
    runs_by_itself = response.mimetype in _DOCUMENTS or request.path.endswith(_WORKERS)
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    # with the one below it isolates the page from other origins: no browser gives it threads else
    headers["Cross-Origin-Embedder-Policy"] = "require-corp"
    if runs_by_itself:
        is_worker = request.path.endswith(_WORKERS[0])
        headers.setdefault(_POLICY, policies.WORKER if is_worker else policies.PAGE)
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Permissions-Policy"] = "camera=(self), microphone=(), geolocation=()"
        headers["Referrer-Policy"] = "no-referrer"
    else:
        # 370 bytes less for each of the files of a first visit
        headers.setdefault(_POLICY, policies.INERT)
    # the browser keeps every file and asks whether its ETag still holds
    headers.setdefault("Cache-Control", "no-cache")
    return response


def _plain_error(error: HTTPException) -> Response:
    # with the error's own headers: Allow, Content-Range, Retry-After, or where it redirects to
    response = Response(f"{error.description}\n", error.code or 500, error.get_headers())
    response.headers["Content-Type"] = "text/plain; charset=utf-8"
    return response
