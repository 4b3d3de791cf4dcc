"""The wheel, built from a clean copy and installed into empty environments."""

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from edgeproof.edge.bundle import Bundle

PACKAGES = {"edge", "train", "convert", "web"}

# one process builds the wheel and runs what needs it
pytestmark = pytest.mark.xdist_group("wheel")


def environment(folder: Path, wheel: Path, extra: str) -> Path:
    """A virtual environment that holds `edgeproof[extra]` and nothing else; returns its bin/."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pip = [folder / "bin" / "python", "-m", "pip", "install", "-q"]
    subprocess.run([*pip, f"edgeproof[{extra}] @ {wheel.as_uri()}"], check=True)
    return folder / "bin"


def test_wheel_holds_the_packages_and_the_built_page_only(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {tuple(n.split("/")[:2]) for n in names if not n.split("/")[0].endswith(".dist-info")}
    assert tops == {("edgeproof", package) for package in PACKAGES}
    assert not [n for n in names if "node_modules" in n or n.startswith("edgeproof/tests")]
    for needed in (
        "edgeproof/edge/runtime.py",
        "edgeproof/web/static/index.html",
        "edgeproof/web/static/js/image.js",
        "edgeproof/convert/verify/report.schema.json",
        "edgeproof/convert/verify/html/report.css",
        "edgeproof/train/report.css",
        "edgeproof/train/zoo/mnist/model.keras",
        "edgeproof/train/zoo/mnist/MODEL_CARD.md",
        "edgeproof/train/zoo/mnist/examples/9-1.png",
    ):
        assert needed in names
    # every file of the zoo, and nothing that a maintainer's attempt left there
    zoo = Path(__file__).parents[2] / "train" / "zoo"
    entries = {p.relative_to(zoo.parents[1]) for p in zoo.glob("*/**/*") if p.is_file()}
    entries = {p for p in entries if "__pycache__" not in p.parts}
    shipped = {n.removeprefix("edgeproof/") for n in names if n.startswith("edgeproof/train/zoo/")}
    assert {n for n in shipped if n.count("/") > 2} == {p.as_posix() for p in entries}
    vendor = [n for n in names if n.startswith("edgeproof/web/static/vendor/")]
    assert any(n.endswith(".wasm") for n in vendor)
    assert any(n.endswith(".js") for n in vendor)
    for built in ("dist/main.js", "dist/worker.js.br", "vendor/tfjs-wasm.js.gz", "sw.js"):
        assert f"edgeproof/web/static/{built}" in names


def test_device_environment_gives_the_labels_that_keras_gives(
    wheel: Path, tmp_path: Path, digits_bundle: Path
) -> None:
    binaries = environment(tmp_path / "device", wheel, "edge")
    installed = json.loads(
        subprocess.run(
            [binaries / "python", "-m", "pip", "list", "--format", "json"],
            capture_output=True,
            check=True,
        ).stdout
    )
    names = {package["name"].lower() for package in installed}
    assert {"numpy", "pillow", "click"} <= names
    assert not {"tensorflow", "keras", "flask", "rich"} & names

    bundle = Bundle.open(digits_bundle)
    golden = bundle.manifest.golden
    assert golden.file_outputs is not None
    expected = [bundle.manifest.labels[i] for i in bundle.array(golden.file_outputs).argmax(axis=1)]
    files = [digits_bundle / g.file.path for g in golden.files]
    done = subprocess.run(
        [binaries / "edgeproof", "classify", digits_bundle, *files, "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["label"] for line in lines] == expected

    # commands of extras that are not installed stay listed and say what to install
    train = subprocess.run(
        [binaries / "edgeproof", "train", "digits", "-o", tmp_path / "run"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert train.returncode == 1
    assert "pip install 'edgeproof[train]'" in train.stderr


@pytest.fixture
def served_without_node(wheel: Path, tmp_path: Path, digits_bundle: Path) -> Iterator[str]:
    """The address of the page as the wheel serves it, with nothing but the wheel on PATH."""
    binaries = environment(tmp_path / "web", wheel, "web")
    command = [binaries / "edgeproof", "serve", digits_bundle, "--port", "0", "--json"]
    environ = {**os.environ, "PATH": str(binaries)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ) as server:
        assert server.stdout is not None
        yield json.loads(server.stdout.readline())["url"]
        server.terminate()


def test_wheel_serves_a_page_that_proves_itself(
    served_without_node: str, chromium: Browser
) -> None:
    page = chromium.new_page()
    page.goto(served_without_node)
    badge = page.locator("#proof[data-state=passed]")
    badge.wait_for(timeout=60_000)
    assert "matches training on this device" in badge.inner_text().lower()
    page.close()
