"""What the server gives out, and what it does not."""

import gzip
import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import brotli
import pytest
from flask.testing import FlaskClient

from edgeproof.edge.bundle import Bundle
from edgeproof.web import built_page, page_build
from edgeproof.web.app import create_app
from edgeproof.web.built_page import BuiltPage
from edgeproof.web.errors import PageNotBuilt, WebError
from edgeproof.web.hosts import host_check
from edgeproof.web.routes import site_of

PAGE = f"/static/{BuiltPage.open().version}"


@pytest.fixture
def client(digits_bundle: Path) -> FlaskClient:
    return create_app([digits_bundle]).test_client()


def address(client: FlaskClient, path: str) -> str:
    """Where a file of the digits bundle lies."""
    version = site_of(client.application).bundles["digits"].version
    return f"/bundles/digits/{version}/{path}"


@pytest.mark.parametrize(
    ("url", "content_type"),
    [
        ("/", "text/html"),
        ("/verify.html", "text/html"),
        (f"{PAGE}/js/image.js", "text/javascript"),
        (f"{PAGE}/dist/page.css", "text/css"),
        (f"{PAGE}/icon.svg", "image/svg+xml"),
        (f"{PAGE}/vendor/tfjs-wasm.js", "text/javascript"),
        (f"{PAGE}/vendor/tfjs-backend-wasm-simd.wasm", "application/wasm"),
        ("/bundles.json", "application/json"),
        ("/sw.js", "text/javascript"),
        (f"{PAGE}/app.webmanifest", "application/manifest+json"),
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
    with client.get(address(client, "golden/inputs.npy")) as response:
        assert response.mimetype == "application/octet-stream"
        policy = response.headers["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "script-src" not in policy


@pytest.mark.parametrize("url", ["/", "/sw.js", "/bundles.json"])
def test_documents_are_asked_for_each_time(client: FlaskClient, url: str) -> None:
    with client.get(url) as first:
        assert first.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("url", ["/", "/sw.js"])
def test_unchanged_file_is_not_sent_again(client: FlaskClient, url: str) -> None:
    with client.get(url) as first:
        etag = first.headers["ETag"]
    with client.get(url, headers={"If-None-Match": etag}) as second:
        assert second.status_code == 304


def test_what_holds_a_version_in_its_address_is_kept_for_ever(client: FlaskClient) -> None:
    for url in (f"{PAGE}/dist/main.js", address(client, "bundle.json")):
        with client.get(url) as response:
            assert "immutable" in response.headers["Cache-Control"]


@pytest.mark.parametrize("url", ["/static/0123456789abcdef/dist/main.js", "/static/dist/main.js"])
def test_files_of_another_version_of_the_page_are_not_given_out(
    client: FlaskClient, url: str
) -> None:
    assert client.get(url).status_code == 404


def test_files_of_another_version_of_a_bundle_are_not_given_out(client: FlaskClient) -> None:
    response = client.get("/bundles/digits/0123456789abcdef/bundle.json")
    assert response.status_code == 404
    assert "got 0123456789abcdef; reload the page" in response.text


def test_new_manifest_is_a_new_version(bundle_copy: Path) -> None:
    before = site_of(create_app([bundle_copy])).bundles["digits"].version
    path = bundle_copy / "bundle.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"name": "other"}))
    assert site_of(create_app([bundle_copy])).bundles["digits"].version != before


@pytest.mark.parametrize(
    ("encoding", "decode"), [("br", brotli.decompress), ("gzip", gzip.decompress)]
)
@pytest.mark.parametrize("file", ["page", "bundle"])
def test_compressed_where_the_browser_takes_it(
    client: FlaskClient, encoding: str, decode: Callable[[bytes], bytes], file: str
) -> None:
    url = f"{PAGE}/dist/main.js" if file == "page" else address(client, "bundle.json")
    with client.get(url) as plain, client.get(url, headers={"Accept-Encoding": encoding}) as small:
        assert "Content-Encoding" not in plain.headers
        assert small.headers["Content-Encoding"] == encoding
        assert "Accept-Encoding" in small.headers["Vary"]
        assert small.headers["ETag"] != plain.headers["ETag"]
        assert small.mimetype == plain.mimetype
        assert decode(small.data) == plain.data


def test_picture_is_not_compressed_again(client: FlaskClient, digits_bundle: Path) -> None:
    picture = Bundle.open(digits_bundle).manifest.golden.files[0].file.path
    url = address(client, picture)
    with client.get(url, headers={"Accept-Encoding": "br, gzip"}) as response:
        assert "Content-Encoding" not in response.headers


def test_part_of_a_file_may_be_asked_for(client: FlaskClient, digits_bundle: Path) -> None:
    url = address(client, "golden/inputs.npy")
    with client.get(url, headers={"Range": "bytes=6-9"}) as response:
        assert response.status_code == 206
        assert response.data == (digits_bundle / "golden/inputs.npy").read_bytes()[6:10]


def test_report_that_is_written_again_is_given_out_anew(bundle_copy: Path) -> None:
    client = create_app([bundle_copy]).test_client()
    for text in ("<h1>Parity</h1>" * 100, "<h1>Proof</h1>" * 100):
        (bundle_copy / "report.html").write_text(text)
        url = address(client, "report.html")
        with client.get(url, headers={"Accept-Encoding": "gzip"}) as response:
            assert response.headers["Cache-Control"] == "no-cache"
            assert gzip.decompress(response.data).decode() == text


def test_label_cannot_end_the_script_that_lists_the_bundles(bundle_copy: Path) -> None:
    path = bundle_copy / "bundle.json"
    hostile = "</script><script>alert(1)</script>"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"name": hostile}))
    with create_app([bundle_copy]).test_client().get("/") as response:
        assert "<script>alert" not in response.text
        listed = re.search(r'id="offers">(.*?)</script>', response.text)
        assert listed is not None
        assert json.loads(listed[1])[0]["title"] == hostile


@pytest.mark.parametrize(
    ("listens_on", "header", "answered"),
    [
        ("127.0.0.1", "127.0.0.1:8000", True),
        ("127.0.0.1", "localhost", True),
        ("127.0.0.1", "[::1]:8000", True),
        ("127.0.0.1", "192.168.0.7", False),
        ("127.0.0.1", "rebound.example", False),
        ("0.0.0.0", "192.168.0.7:8000", True),
        ("0.0.0.0", "[2001:db8::1]", True),
        ("0.0.0.0", "rebound.example", False),
        ("0.0.0.0", "localhost.rebound.example", False),
        ("0.0.0.0", "", False),
        ("0.0.0.0", "models.example:443", True),
    ],
)
def test_only_own_names_are_answered_to(
    digits_bundle: Path, listens_on: str, header: str, answered: bool
) -> None:
    own = host_check(listens_on, ("models.example",))
    assert own(header) is answered
    client = create_app([digits_bundle], is_own_host=own).test_client()
    with client.get("/healthz", headers={"Host": header or " "}) as response:
        assert response.status_code == (200 if answered else 400)
        assert answered or "allow it with --allow-host" in response.text


def test_list_of_bundles_has_what_the_page_offers(client: FlaskClient, digits_bundle: Path) -> None:
    (offer,) = client.get("/bundles.json").get_json()
    manifest = Bundle.open(digits_bundle).manifest
    browser_ids = [v.id for v in manifest.variants if v.format != "tflite"]
    # LiteRT.js takes those with float tensors
    browser_ids += ["tflite-float32", "tflite-float16", "tflite-dynamic-int8"]
    told = {"name", "version", "title", "task", "labels", "first_labels", "input", "example"}
    assert set(offer) == told | {"variants", "trained", "notice", "card", "verdict", "report"}
    assert offer["name"] == digits_bundle.name
    assert [v["id"] for v in offer["variants"]] == browser_ids
    assert offer["labels"] == len(manifest.labels)


@pytest.mark.parametrize(
    "url",
    [
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static//etc/passwd",
        f"{PAGE}/../../app.py",
        f"{PAGE}/%2e%2e/app.py",
        f"{PAGE}//etc/passwd",
        f"{PAGE}/js/",
        f"{PAGE}/",
        "/static/",
        "/bundles/digits/",
        "/bundles/digits/VERSION/",
        "/bundles/digits/VERSION/../VERSION/bundle.json",
        "/bundles/digits/VERSION/%2e%2e/%2e%2e/etc/passwd",
        "/bundles/digits/VERSION//etc/passwd",
        "/bundles/%2e%2e/digits/VERSION/bundle.json",
        "/bundles/digits/VERSION/report.html",
        "/../../etc/passwd",
    ],
)
def test_nothing_else_is_given_out(client: FlaskClient, url: str) -> None:
    url = url.replace("VERSION", site_of(client.application).bundles["digits"].version)
    assert client.get(url, follow_redirects=True).status_code == 404


def test_file_that_the_manifest_does_not_list_is_not_given_out(bundle_copy: Path) -> None:
    (bundle_copy / "notes.txt").write_text("private")
    client = create_app([bundle_copy]).test_client()
    response = client.get(address(client, "notes.txt"))
    assert response.status_code == 404
    assert "manifest lists" in response.text


def test_link_out_of_a_bundle_is_not_followed(bundle_copy: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.npy"
    secret.write_text("private")
    (bundle_copy / "golden/inputs.npy").unlink()
    os.symlink(secret, bundle_copy / "golden/inputs.npy")
    client = create_app([bundle_copy]).test_client()
    response = client.get(address(client, "golden/inputs.npy"))
    assert response.status_code == 404
    assert "private" not in response.text


def test_report_is_given_out_once_there_is_one(bundle_copy: Path) -> None:
    (bundle_copy / "report.html").write_text("<h1>Parity</h1>")
    client = create_app([bundle_copy]).test_client()
    assert client.get("/bundles.json").get_json()[0]["report"] is True
    with client.get(address(client, "report.html")) as response:
        assert response.status_code == 200


def test_unknown_bundle_is_named_with_the_nearest(client: FlaskClient) -> None:
    response = client.get("/bundles/digit/0123456789abcdef/bundle.json")
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


@pytest.fixture
def page_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The page's folder, to break; what it holds is the installation's."""
    static = tmp_path / "web" / "static"
    shutil.copytree(built_page.STATIC, static, copy_function=os.link)
    monkeypatch.setattr(built_page, "STATIC", static)
    return static


@pytest.mark.parametrize("part", page_build.PARTS)
def test_page_that_was_not_built_is_said(
    digits_bundle: Path, page_copy: Path, part: page_build.Part
) -> None:
    shutil.rmtree(page_copy / part.folder)
    with pytest.raises(PageNotBuilt, match="install edgeproof again"):
        create_app([digits_bundle])


def test_page_that_is_older_than_its_sources_is_said(digits_bundle: Path, page_copy: Path) -> None:
    create_app([digits_bundle])
    source = page_copy / "js" / "resize.js"
    content = source.read_text()
    source.unlink()  # a link to the installation's own file
    source.write_text(content + " ")
    with pytest.raises(PageNotBuilt, match="got an older build; build it: python -m"):
        create_app([digits_bundle])
