"""The URLs of the page. All are relative to it, so that it can live under any path."""

import mimetypes
from pathlib import Path

from flask import Blueprint, Flask, Response, current_app, jsonify, request, send_file
from werkzeug.exceptions import NotFound, ServiceUnavailable

from edgeproof.edge.errors import EdgeproofError, did_you_mean
from edgeproof.web import policies
from edgeproof.web.built_page import BuiltPage
from edgeproof.web.catalogue import Catalogue
from edgeproof.web.compressed import SUFFIXES, CompressedCopies
from edgeproof.web.documents import Documents
from edgeproof.web.hot_files import HotFiles
from edgeproof.web.served import REPORTS, ServedBundle

EXTENSION = "edgeproof"

# the address holds the version, so what is there never changes
_FOR_EVER = "public, max-age=31536000, immutable"
# the system's own table may lack these or say otherwise
_TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".html": "text/html",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".npy": "application/octet-stream",
    ".bin": "application/octet-stream",
    ".tflite": "application/octet-stream",
    ".webp": "image/webp",
    # text/markdown is a download to some browsers
    ".md": "text/plain",
}

pages = Blueprint("pages", __name__)


class Site:
    """What one application serves."""

    def __init__(self, page: BuiltPage, bundles: Catalogue) -> None:
        self.page = page
        self.bundles = bundles
        self.copies = CompressedCopies()
        self.hot = HotFiles()
        self.documents = Documents(page)


@pages.get("/")
def index() -> Response:
    """The page that people use."""
    return _document("index.html")


@pages.get("/verify.html")
def verify() -> Response:
    """The bare page that verification drives."""
    return _document("verify.html")


@pages.get("/sw.js")
def service_worker() -> Response:
    """The service worker: it may only look after what lies at or below its own address."""
    return _file(_site().page.folder / "sw.js")


@pages.get("/static/<version>/<path:path>")
def static(version: str, path: str) -> Response:
    """The page's own files."""
    page = _site().page
    if version != page.version:
        raise NotFound(f"expected the page's version {page.version}, got {version}; reload it")
    if path not in page.files:
        raise NotFound(f"expected a file of the page, got {path}")
    response = _file(page.folder / path)
    response.headers["Cache-Control"] = _FOR_EVER
    return response


@pages.get("/healthz")
def health() -> Response:
    """Answers as long as the server does."""
    response = jsonify(status="ok", bundles=len(_site().bundles))
    response.headers["Cache-Control"] = "no-store"
    return response


@pages.get("/bundles.json")
def bundles() -> Response:
    """What is served: a list of `offer_of`."""
    response = jsonify(_site().bundles.offers())
    response.add_etag()
    response.make_conditional(request)
    return response


@pages.get("/bundles/<name>/<version>/<path:path>")
def bundle_file(name: str, version: str, path: str) -> Response:
    """A file of a bundle, if the manifest lists it."""
    served = _served(name)
    if version != served.version:
        raise NotFound(
            f"expected {name}'s version {served.version}, got {version}; reload the page"
        )
    # absolute, for Flask looks for others below itself
    folder = served.bundle.folder.resolve()
    if path not in served.files or not (file := (folder / path).resolve()).is_file():
        raise NotFound(f"expected a file that {name}'s manifest lists, got {path}")
    if not file.is_relative_to(folder):
        raise NotFound(f"expected a file inside {name}, got a link to elsewhere: {path}")
    response = _file(file)
    response.headers["Content-Security-Policy"] = policies.BUNDLE
    if path not in REPORTS:
        response.headers["Cache-Control"] = _FOR_EVER
    return response


def site_of(app: Flask) -> Site:
    """What an application serves."""
    site: Site = app.extensions[EXTENSION]
    return site


def _site() -> Site:
    return site_of(current_app)


def _served(name: str) -> ServedBundle:
    known = _site().bundles
    try:
        return known[name]
    except KeyError:
        raise NotFound(
            f"expected a served bundle ({', '.join(known)}), got {name}{did_you_mean(name, known)}"
        ) from None
    except EdgeproofError as error:
        # damaged, or being replaced at this moment
        raise ServiceUnavailable(str(error), retry_after=1) from error


def _document(name: str) -> Response:
    site = _site()
    encoding = next((e for e in SUFFIXES if request.accept_encodings[e]), None)
    content = site.documents.encoded(name, site.bundles.offers(), encoding)
    response = Response(content, mimetype="text/html")
    if encoding is not None:
        response.headers["Content-Encoding"] = encoding
    response.vary.add("Accept-Encoding")
    response.add_etag()
    response.make_conditional(request)
    return response


def _file(path: Path) -> Response:
    """The file, compressed where the browser takes that and it pays."""
    copies = _site().copies
    suffix = path.suffix.lower()
    kind = _TYPES.get(suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    for encoding in SUFFIXES:
        if request.accept_encodings[encoding] and (copy := copies.of(path, encoding)) is not None:
            response = _sent(copy, kind)
            response.headers["Content-Encoding"] = encoding
            break
    else:
        response = _sent(path, kind)
    response.vary.add("Accept-Encoding")
    return response


def _sent(path: Path, kind: str) -> Response:
    """A file as it is, or the part of it that is asked for."""
    hot = _site().hot.of(path)
    if hot is None:
        return send_file(path, mimetype=kind, conditional=True, etag=True)
    response = Response(hot.content, mimetype=kind)
    response.set_etag(hot.etag)
    response.make_conditional(request, accept_ranges=True, complete_length=len(hot.content))
    return response
