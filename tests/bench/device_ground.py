"""What the device is measured on: an environment as a device has it, bundles and pictures.

Made once and kept below the cache, but for Edgeproof itself, which is installed anew each time.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PICTURES = 1000
SCRIPTS = Path(__file__).with_name("on_device")
_ROOT = Path(__file__).parents[2]
_SOURCES = (
    "edge",
    "train",
    "convert",
    "web",
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "MANIFEST.in",
)


@dataclass(frozen=True)
class Ground:
    """Paths of everything that a measurement needs.

    Attributes:
        binaries: of an environment with `edgeproof[edge]` and nothing else.
        bundles: by name: `digits` and `mobilenet`.
        pictures: a folder of `PICTURES` JPEGs of 640x480.
    """

    binaries: Path
    bundles: dict[str, Path]
    pictures: Path

    @property
    def python(self) -> Path:
        return self.binaries / "python"

    @property
    def edgeproof(self) -> Path:
        return self.binaries / "edgeproof"

    @property
    def picture(self) -> Path:
        return self.pictures / "0000.jpg"

    def bare(self, model: str, variant: str) -> list[str | Path]:
        """The bare script's command; pictures follow."""
        manifest = json.loads((self.bundles[model] / "bundle.json").read_bytes())
        contract = manifest["input"]
        (entry,) = [v["entry"] for v in manifest["variants"] if v["id"] == variant]
        numbers = [str(contract["scale"][0]), str(contract["offset"][0])]
        script = [self.python, SCRIPTS / "bare.py", self.bundles[model] / entry]
        return [*script, contract["color"], *numbers]


def prepare(cache: Path) -> Ground:
    """Make what is missing.

    Raises:
        RuntimeError: the package index cannot be reached, or something cannot be made.
    """
    cache = cache.absolute()
    cache.mkdir(parents=True, exist_ok=True)
    binaries = _environment(cache / "environment", cache / "wheel")
    bundles = {"digits": cache / "digits", "mobilenet": cache / "mobilenet"}
    edgeproof = Path(sys.executable).with_name("edgeproof")
    if not bundles["digits"].exists():
        _do(edgeproof, "train", "digits", "-o", cache / "digits-run", "--force")
        _do(edgeproof, "convert", cache / "digits-run", "-o", bundles["digits"])
    if not bundles["mobilenet"].exists():
        source = cache / "mobilenet-source"
        _do(sys.executable, Path(__file__).with_name("make_mobilenet.py"), source)
        options = ["--normalize", "minus-one-one", "--labels", source / "labels.txt"]
        options += ["--calibration", source / "calibration.npz"]
        options += ["--variants", "tflite-float32,tflite-int8"]
        _do(edgeproof, "convert", source / "model.keras", "-o", bundles["mobilenet"], *options)
    pictures = cache / "pictures"
    if not (pictures / f"{PICTURES - 1:04}.jpg").exists():
        _do(binaries / "python", SCRIPTS / "pictures.py", pictures, PICTURES)
    return Ground(binaries, bundles, pictures)


def _environment(folder: Path, wheels: Path) -> Path:
    """What a device installs, without what a developer's environment has beside it."""
    source = wheels / "source"  # a copy: building leaves its traces in a tree
    shutil.rmtree(wheels, ignore_errors=True)
    shutil.copytree(_ROOT, source, ignore=_not_in_a_wheel)
    pip = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
    _do(*pip, "-w", wheels, source)
    (wheel,) = wheels.glob("*.whl")
    if not folder.exists():
        _do(sys.executable, "-m", "venv", folder)
    install = [folder / "bin" / "python", "-m", "pip", "install", "-q"]
    install += ["--disable-pip-version-check", f"edgeproof[edge] @ {wheel.as_uri()}"]
    _do(*install)
    _do(*install, "--no-deps", "--force-reinstall")
    return folder / "bin"


def _not_in_a_wheel(folder: str, names: list[str]) -> list[str]:
    """At the root all but the packages and what describes them; below, what others have built."""
    if Path(folder) == _ROOT:
        return [name for name in names if name not in _SOURCES]
    return [name for name in names if name in ("node_modules", "__pycache__")]


def _do(*command: object) -> None:
    said = " ".join(map(str, command))
    sys.stderr.write(f"$ {said}\n")
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{said} failed: {done.stderr[-1000:]}")
