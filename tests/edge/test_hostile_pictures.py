"""The corpus of hostile pictures: each ends in a label or in one line, cheaply, and the next
picture's turn comes."""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from edgeproof.edge.contract import InputContract
from edgeproof.edge.image import image_from_file
from tests.edge.corpus import jpegs, kinds, orientations, png_kinds, wrapped
from tests.edge.corpus.hostile import BACKGROUND, Hostile
from tests.edge.corpus.pictures import hostile_pictures
from tests.edge.corpus.supervisor import MEMORY_LIMIT_BYTES, complaints, supervised

FAULTS = "tests.edge.corpus.faults:faulty"
# what `edgeproof classify` looks for in a folder
SUFFIXES = (".png", ".jpg", ".webp", ".gif", ".bmp", ".tif")

# runs a command and writes its peak of memory to a file; a small process in between, since a
# child's peak begins with what its parent held
WITH_PEAK = """
import pathlib, resource, subprocess, sys
code = subprocess.call(sys.argv[2:])
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
pathlib.Path(sys.argv[1]).write_text(str(peak))
sys.exit(code)
"""

pytestmark = pytest.mark.xdist_group("hostile")


@cache
def corpus() -> tuple[Hostile, ...]:
    return tuple(hostile_pictures())


def file_name(hostile: Hostile) -> str:
    return hostile.name if hostile.name.endswith(SUFFIXES) else f"{hostile.name}.jpg"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every picture of the corpus as a file."""
    folder = tmp_path_factory.mktemp("hostile")
    for hostile in corpus():
        path = folder / file_name(hostile)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(hostile.content)
    return folder


def test_corpus_has_its_size_and_every_picture_its_name() -> None:
    names = [file_name(hostile) for hostile in corpus()]
    assert len(names) == len(set(names)) >= 800
    expected = [hostile.expected for hostile in corpus()]
    # most of them say what has to happen, and both ends are wanted often
    assert expected.count("either") < len(names) / 5
    assert min(expected.count("label"), expected.count("error")) > 200


def test_corpus_is_the_same_whenever_it_is_made() -> None:
    families = (png_kinds, kinds, orientations, jpegs, wrapped)
    first, again = ([h.content for f in families for h in f.pictures()] for _ in range(2))
    assert first == again
    assert len(first) > 400


def test_every_picture_ends_in_a_label_or_in_one_line(digits_bundle: Path, folder: Path) -> None:
    wrong: dict[str, list[str]] = {}
    descriptors = set()
    with supervised(digits_bundle) as supervisor:
        for hostile in corpus():
            path = folder / file_name(hostile)
            answer = supervisor.ask(path)
            descriptors.add(answer.descriptors)
            found = complaints(answer, path)
            if hostile.expected not in ("either", answer.outcome):
                found.append(f"expected {hostile.expected}, got {answer.outcome}: {answer.text}")
            if answer.outcome == "error" and hostile.says not in answer.text:
                found.append(f"expected {hostile.says!r} in {answer.text}")
            if found:
                wrong[hostile.name] = found
    assert wrong == {}
    assert len(descriptors) == 1  # none was left open


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        ("good", None),
        ("raises", "the process died: exit code 1"),
        ("crashes", "the process died: exit code -11"),
        ("hangs", "the process died: exit code -27"),  # SIGPROF
        ("slow", "s of processor time"),
        ("hungry", " MB"),
        ("talks", "wrote to descriptor 2: TIFFFillStrip"),
        ("nameless", "does not name its file"),
        ("several_lines", "not a line that can be printed"),
    ],
)
def test_a_classifier_that_does_worse_is_noticed(
    tmp_path: Path, fault: str, complaint: str | None
) -> None:
    # the control of the test above; and after a death the next picture is asked for as well
    with supervised(fault, FAULTS) as supervisor:
        for path in (tmp_path / "a.png", tmp_path / "b.png"):
            answer = supervisor.ask(path)
            found = " ".join(complaints(answer, path))
            assert found == "" if complaint is None else complaint in found
            if answer.outcome != "died":
                break


def test_pixels_are_what_the_format_defines() -> None:
    wrong = {}
    compared = 0
    for hostile in corpus():
        if hostile.pixels is None:
            continue
        height, width = hostile.pixels.shape[:2]
        contract = InputContract(height, width, "rgb", background=BACKGROUND)
        image = image_from_file(hostile.content, contract)
        compared += 1
        worst = int(np.abs(image.astype(int) - hostile.pixels.astype(int)).max())
        if worst > hostile.tolerance:
            wrong[hostile.name] = worst
    assert wrong == {}
    assert compared >= 350


def test_the_stream_goes_on(digits_bundle: Path, folder: Path, tmp_path: Path) -> None:
    """The command itself over the whole folder, a pipe that nobody writes to, and a device."""
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "zero.jpg").symlink_to("/dev/zero")
    others = [str(tmp_path / name) for name in ("pipe.jpg", "zero.jpg", "missing.jpg")]
    command = [Path(sys.executable).with_name("edgeproof"), "classify", digits_bundle]
    out, talk, peak = (tmp_path / name for name in ("out", "talk", "peak"))
    with out.open("wb") as results, talk.open("wb") as errors:
        done = subprocess.run(
            [sys.executable, "-c", WITH_PEAK, peak, *command, folder, *others, "--json"],
            stdout=results,
            stderr=errors,
            check=False,
        )
    assert done.returncode == 1

    lines = [json.loads(line) for line in out.read_text().splitlines()]
    outcomes = {line["file"]: "error" if "error" in line else "label" for line in lines}
    wanted = {str(folder / file_name(hostile)): hostile.expected for hostile in corpus()}
    wanted |= dict.fromkeys(others, "error")
    assert sorted(line["file"] for line in lines) == sorted(wanted)
    assert {f for f, w in wanted.items() if w not in ("either", outcomes[f])} == set()
    # every error once, in a line of its own, and nothing else
    said = sorted(f"edgeproof: {line['error']}" for line in lines if "error" in line)
    assert sorted(talk.read_text().splitlines()) == said
    # of all threads together: what they decode shares one picture's budget
    assert 0 < int(peak.read_text()) < MEMORY_LIMIT_BYTES
