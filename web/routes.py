"""The URLs of the page. All are relative to it, so that it can live under any path."""

import mimetypes
from pathlib import Path

from flask import Blueprint, Flask, Response, current_app, jsonify, send_from_directory
from werkzeug.exceptions import NotFound

from edgeproof.edge.errors import did_you_mean
from edgeproof.web.served import ServedBundle

STATIC = Path(__file__).parent / "static"
EXTENSION = "edgeproof"

# a bundle is made by somebody: whatever it holds is shown without script and as its own origin
_BUNDLE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; sandbox"
# the system's own table may lack these or say otherwise
_TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".html": "text/html",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".json": "application/json",
    ".npy": "application/octet-stream",
    ".bin": "application/octet-stream",
    ".tflite": "application/octet-stream",
    ".webp": "image/webp",
}

pages = Blueprint("pages", __name__)


@pages.get("/")
def index() -> Response:
    """The page that people use."""
    return _file(STATIC, "index.html")


@pages.get("/verify.html")
def verify() -> Response:
    """The bare page that verification drives."""
    return _file(STATIC, "verify.html")


@pages.get("/static/<path:path>")
def static(path: str) -> Response:
    """The page's own files."""
    return _file(STATIC, path)


@pages.get("/healthz")
def health() -> Response:
    """Answers as long as the server does."""
    return jsonify(status="ok", bundles=len(_served()))


@pages.get("/bundles.json")
def bundles() -> Response:
    """What is served: a list of `ServedBundle.summary`."""
    return jsonify([served.summary() for served in _served().values()])


@pages.get("/bundles/<name>/<path:path>")
def bundle_file(name: str, path: str) -> Response:
    """A file of a bundle, if the manifest lists it."""
    served = _served().get(name)
    if served is None:
        raise NotFound(
            f"expected a served bundle ({', '.join(_served())}), got {name}"
            f"{did_you_mean(name, _served())}"
        )
    folder = served.bundle.folder.resolve()
    if path not in served.files or not (folder / path).is_file():
        raise NotFound(f"expected a file that {name}'s manifest lists, got {path}")
    if not (folder / path).resolve().is_relative_to(folder):
        raise NotFound(f"expected {path} inside the bundle {name}, got a link to elsewhere")
    response = _file(folder, path)
    response.headers["Content-Security-Policy"] = _BUNDLE_POLICY
    return response


def served_by(app: Flask) -> dict[str, ServedBundle]:
    """The bundles of an application, by the names they have in URLs."""
    served: dict[str, ServedBundle] = app.extensions[EXTENSION]
    return served


def _served() -> dict[str, ServedBundle]:
    return served_by(current_app)


def _file(folder: Path, path: str) -> Response:
    suffix = Path(path).suffix.lower()
    kind = _TYPES.get(suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"
    return send_from_directory(folder, path, mimetype=kind, conditional=True, etag=True)
