"""The command line as a whole: fast help, exit codes, one sentence on errors."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Cli = Callable[..., subprocess.CompletedProcess[str]]
COMMANDS = [
    *("train", "convert", "verify", "diff", "inspect", "classify", "doctor", "bench", "serve"),
    *("pack", "install", "deploy", "service"),
]
HEAVY = ["tensorflow", "keras", "numpy", "flask", "playwright", "PIL", "rich", "sklearn"]


def test_help_lists_every_command(cli: Cli) -> None:
    done = cli("--help")
    assert done.returncode == 0
    assert all(f"  {command} " in done.stdout for command in COMMANDS)


@pytest.mark.parametrize("arguments", [["--help"], *([c, "--help"] for c in COMMANDS)])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    # what keeps `edgeproof --help` under 0.2 s; the time itself is not a test
    program = (
        "import sys; from edgeproof.edge.main import main; "
        f"code = main({arguments!r}); "
        f"sys.exit(repr([m for m in {HEAVY!r} if m in sys.modules]) if code == 0 else code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.stderr.strip() == "[]"


def test_unknown_command_suggests_the_nearest(cli: Cli) -> None:
    done = cli("clasify")
    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean classify?" in done.stderr


def test_missing_extra_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    from edgeproof.edge import extras

    monkeypatch.setattr(extras.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(extras.MissingExtra, match=r"pip install 'edgeproof\[train\]'"):
        extras.require("train", "train", "tensorflow")


def test_edge_runs_with_its_siblings_and_tensorflow_blocked() -> None:
    blocked = ["tensorflow", "keras", "flask", "rich", "edgeproof.train", "edgeproof.convert"]
    # extras: imported by whom they serve
    blocked += ["watchdog", "paho", "cv2", "picamera2", "matplotlib", "cryptography"]
    root = Path(__file__).parents[2]
    files = [p for p in sorted((root / "edge").rglob("*.py")) if p.stem != "__init__"]
    modules = ["edgeproof." + ".".join(p.relative_to(root).with_suffix("").parts) for p in files]
    assert len(modules) > 40
    program = (
        "import sys, importlib\n"
        f"sys.modules.update(dict.fromkeys({[*blocked, 'edgeproof.web']!r}))\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)
