"""What the server gives out, and what it does not."""

import json
import os
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from edgeproof.edge.bundle import Bundle
from edgeproof.web import app as app_module
from edgeproof.web.app import create_app
from edgeproof.web.errors import PageNotBuilt, WebError


@pytest.fixture
def client(digits_bundle: Path) -> FlaskClient:
    return create_app([digits_bundle]).test_client()


@pytest.mark.parametrize(
    ("url", "content_type"),
    [
        ("/", "text/html"),
        ("/verify.html", "text/html"),
        ("/static/js/image.js", "text/javascript"),
        ("/static/css/page.css", "text/css"),
        ("/static/icon.svg", "image/svg+xml"),
        ("/static/vendor/tfjs.js", "text/javascript"),
        ("/static/vendor/tfjs-backend-wasm-simd.wasm", "application/wasm"),
        ("/bundles.json", "application/json"),
        ("/bundles/digits/bundle.json", "application/json"),
        ("/bundles/digits/golden/inputs.npy", "application/octet-stream"),
        ("/healthz", "application/json"),
    ],
)
def test_files_come_with_their_type_and_the_headers_that_protect(
    client: FlaskClient, url: str, content_type: str
) -> None:
    with client.get(url) as response:
        assert response.status_code == 200
        assert response.mimetype == content_type
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-eval" not in policy.replace("'wasm-unsafe-eval'", "")


def test_page_policy_allows_no_inline_code(client: FlaskClient) -> None:
    with client.get("/") as response:
        assert "unsafe-inline" not in response.headers["Content-Security-Policy"]


def test_files_of_a_bundle_are_shown_without_script(client: FlaskClient) -> None:
    with client.get("/bundles/digits/bundle.json") as response:
        policy = response.headers["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "script-src" not in policy


def test_unchanged_file_is_not_sent_again(client: FlaskClient) -> None:
    with client.get("/static/js/image.js") as first:
        etag = first.headers["ETag"]
    with client.get("/static/js/image.js", headers={"If-None-Match": etag}) as second:
        assert second.status_code == 304


def test_list_of_bundles_has_what_the_page_offers(client: FlaskClient, digits_bundle: Path) -> None:
    (offer,) = client.get("/bundles.json").get_json()
    manifest = Bundle.open(digits_bundle).manifest
    browser_ids = [v.id for v in manifest.variants if v.format != "tflite"]
    # LiteRT.js takes those with float tensors
    browser_ids += ["tflite-float32", "tflite-float16", "tflite-dynamic-int8"]
    assert set(offer) == {"name", "title", "task", "labels", "variants", "report"}
    assert offer["name"] == digits_bundle.name
    assert [v["id"] for v in offer["variants"]] == browser_ids
    assert offer["labels"] == len(manifest.labels)


@pytest.mark.parametrize(
    "url",
    [
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static//etc/passwd",
        "/static/js/",
        "/static/",
        "/bundles/digits/",
        "/bundles/digits/../digits/bundle.json",
        "/bundles/digits/%2e%2e/%2e%2e/etc/passwd",
        "/bundles/digits//etc/passwd",
        "/bundles/%2e%2e/digits/bundle.json",
        "/bundles/digits/report.html",
        "/../../etc/passwd",
    ],
)
def test_nothing_else_is_given_out(client: FlaskClient, url: str) -> None:
    assert client.get(url, follow_redirects=True).status_code == 404


def test_file_that_the_manifest_does_not_list_is_not_given_out(bundle_copy: Path) -> None:
    (bundle_copy / "notes.txt").write_text("private")
    client = create_app([bundle_copy]).test_client()
    response = client.get("/bundles/digits/notes.txt")
    assert response.status_code == 404
    assert "manifest lists" in response.text


def test_link_out_of_a_bundle_is_not_followed(bundle_copy: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.npy"
    secret.write_text("private")
    (bundle_copy / "golden/inputs.npy").unlink()
    os.symlink(secret, bundle_copy / "golden/inputs.npy")
    response = create_app([bundle_copy]).test_client().get("/bundles/digits/golden/inputs.npy")
    assert response.status_code == 404
    assert "private" not in response.text


def test_report_is_given_out_once_there_is_one(bundle_copy: Path) -> None:
    (bundle_copy / "report.html").write_text("<h1>Parity</h1>")
    client = create_app([bundle_copy]).test_client()
    assert client.get("/bundles.json").get_json()[0]["report"] is True
    with client.get("/bundles/digits/report.html") as response:
        assert response.status_code == 200


def test_unknown_bundle_is_named_with_the_nearest(client: FlaskClient) -> None:
    response = client.get("/bundles/digit/bundle.json")
    assert response.status_code == 404
    assert response.text == ("expected a served bundle (digits), got digit; did you mean digits?\n")
    assert response.mimetype == "text/plain"


def test_two_bundles_of_one_name_are_refused(digits_bundle: Path, bundle_copy: Path) -> None:
    with pytest.raises(WebError, match="different names, got digits twice"):
        create_app([digits_bundle, bundle_copy])


def test_bundle_without_a_browser_variant_is_refused(bundle_copy: Path) -> None:
    path = bundle_copy / "bundle.json"
    document = json.loads(path.read_text())
    document["variants"] = [v for v in document["variants"] if v["id"] == "tflite-int8"]
    path.write_text(json.dumps(document))
    with pytest.raises(
        WebError, match=r"expected a variant for browsers .* --variants tfjs-float32"
    ):
        create_app([bundle_copy])


def test_page_that_was_not_built_is_said(
    digits_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app_module, "STATIC", tmp_path)
    with pytest.raises(PageNotBuilt, match="install edgeproof again"):
        create_app([digits_bundle])
