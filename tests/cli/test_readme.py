"""README's commands, run as they stand there, in order, so that they cannot rot.

Blocks fenced as `sh` are run; `sh data` only where EDGEPROOF_DATA names the public data sets; any
other fence is not for running. Only lines that start with `edgeproof` are commands.
"""

import json
import os
import re
import shlex
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "README.md"
EDGEPROOF = str(Path(sys.executable).with_name("edgeproof"))


def commands(fence: str) -> list[str]:
    blocks = re.findall(rf"^```{fence}\n(.*?)^```$", README.read_text(), re.M | re.S)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [line.split(" #")[0].strip() for line in lines if line.startswith("edgeproof ")]


def run(command: str, folder: Path, more: str = "") -> str:
    shell = command.replace("edgeproof", shlex.quote(EDGEPROOF), 1) + more
    done = subprocess.run(
        shell, shell=True, cwd=folder, capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stderr}"
    return done.stdout


def serve(command: str, folder: Path) -> None:
    arguments = [*shlex.split(command)[1:], "--port", "0", "--json"]
    with subprocess.Popen(
        [EDGEPROOF, *arguments], cwd=folder, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        url = json.loads(server.stdout.readline())["url"]
        with urllib.request.urlopen(url) as page:
            assert b"<title>" in page.read()
        server.terminate()


def test_readme_shows_the_two_commands_first() -> None:
    text = README.read_text()
    assert text.index("make demo") < text.index("make test") < text.index("edgeproof train")


@pytest.mark.xdist_group("readme")
def test_tour_runs(tmp_path: Path) -> None:
    tour = commands("sh")
    assert {shlex.split(c)[1] for c in tour} >= {"train", "convert", "verify", "classify", "serve"}
    for command in tour:
        if command.startswith("edgeproof serve"):
            serve(command, tmp_path)
        else:
            assert run(command, tmp_path)


@pytest.mark.xdist_group("readme")
@pytest.mark.skipif("EDGEPROOF_DATA" not in os.environ, reason="needs EDGEPROOF_DATA")
def test_commands_on_the_public_data_sets_run(tmp_path: Path) -> None:
    listed = commands("sh data")
    assert len(listed) >= 3
    for command in listed:
        # the command as shown, cut short: one epoch on a few images
        short = " --epochs 1 --limit 500" if " train " in command else ""
        run(command, tmp_path, short)
