"""The Flask application that serves the page and the bundles.

It only hands out files: pictures are classified in the visitor's browser and never arrive here.
"""

from collections.abc import Sequence
from pathlib import Path

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from edgeproof.web.errors import PageNotBuilt
from edgeproof.web.routes import EXTENSION, STATIC, pages
from edgeproof.web.served import served_bundles

# wasm-unsafe-eval: compiling WebAssembly, and nothing else that eval could do.
# blob: pictures that the visitor chose, shown before they are classified
_PAGE_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "worker-src 'self'",
        "connect-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "media-src 'self' blob:",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
# a worker has a policy of its own: TensorFlow.js starts its threads from scripts in blobs. It has
# no document into which anybody could inject one
_WORKER = "/static/js/worker.js"
_WORKER_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval' blob:",
        "worker-src 'self' blob:",
        "connect-src 'self'",
    )
)


def create_app(bundles: Sequence[Path]) -> Flask:
    """The application for these bundle folders; each is served under its folder's name.

    Raises:
        BundleError: a folder is not a bundle.
        WebError: a bundle has no variant for browsers, or two have the same name.
        PageNotBuilt: the page's third-party JavaScript is missing.
    """
    if not (STATIC / "vendor" / "tfjs.js").is_file():
        raise PageNotBuilt(
            f"expected the built page in {STATIC / 'vendor'}, got none; "
            "install edgeproof again: pip install -e '.[web]'"
        )
    # no static folder of Flask's own: routes.py serves the files, relative to the page
    app = Flask(__name__, static_folder=None)
    app.extensions[EXTENSION] = served_bundles(bundles)
    app.register_blueprint(pages)
    app.after_request(_secured)
    app.register_error_handler(HTTPException, _plain_error)
    return app


def _secured(response: Response) -> Response:
    headers = response.headers
    policy = _WORKER_POLICY if request.path == _WORKER else _PAGE_POLICY
    headers.setdefault("Content-Security-Policy", policy)
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    # the two that isolate the page from other origins: without them no browser gives it threads
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Embedder-Policy"] = "require-corp"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(self), microphone=(), geolocation=()"
    # the browser keeps every file and asks whether its ETag still holds
    headers.setdefault("Cache-Control", "no-cache")
    return response


def _plain_error(error: HTTPException) -> tuple[str, int, dict[str, str]]:
    return f"{error.description}\n", error.code or 500, {"Content-Type": "text/plain"}
