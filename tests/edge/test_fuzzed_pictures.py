"""10,000 mutated pictures: each ends in an image or in an ImageError of one line."""

import contextlib
import json
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from edgeproof.edge.contract import InputContract
from edgeproof.edge.errors import ImageError
from edgeproof.edge.image import image_from_file
from tests.edge.corpus.fuzzing import found
from tests.edge.corpus.mutation import mutated
from tests.edge.corpus.supervisor import CPU_LIMIT_S, MEMORY_LIMIT_BYTES

SEED = 20
COUNT = 10_000
SUFFIXES = ("png", "jpg", "gif", "webp", "bmp", "tif")


def test_ten_thousand_mutated_pictures(tmp_path: Path) -> None:
    # in a process of its own: a decoder's crash is a finding, and so is what C code prints
    talk = tmp_path / "talk"
    with talk.open("wb") as errors:
        done = subprocess.run(
            [sys.executable, "-m", "tests.edge.corpus.fuzzing", str(SEED), "0", str(COUNT)],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            check=False,
            cwd=Path(__file__).parents[2],
        )
    last = done.stdout.splitlines()[-1]
    assert done.returncode == 0, f"exit code {done.returncode} at picture {last}"
    findings = json.loads(last)
    assert findings["escaped"] == {}
    assert findings["warned"] == {}
    assert talk.read_bytes() == b""
    assert findings["slowest_s"] < CPU_LIMIT_S
    assert findings["peak_bytes"] < MEMORY_LIMIT_BYTES
    outcomes = findings["outcomes"]
    assert sum(outcomes.values()) == COUNT
    # both ends, in every format: mutations that all failed at the first byte would test nothing
    kinds = {f"{suffix} {end}" for suffix in SUFFIXES for end in ("label", "error")}
    assert set(outcomes) == kinds
    assert min(outcomes.values()) >= 50


def test_mutations_are_the_same_for_a_seed() -> None:
    assert [mutated(1, i) for i in range(300)] == [mutated(1, i) for i in range(300)]
    assert (
        len({mutated(1, i)[1] for i in range(300)} | {mutated(2, i)[1] for i in range(300)}) > 550
    )


def careless(content: bytes, contract: InputContract) -> np.ndarray:
    """Pillow as one would write it in five minutes."""
    import io

    from PIL import Image

    with Image.open(io.BytesIO(content)) as picture:
        return np.asarray(picture.convert("RGB").resize((contract.width, contract.height)))


def test_what_escapes_and_what_warns_is_noticed(capsys: pytest.CaptureFixture[str]) -> None:
    # the control: plain Pillow raises of many kinds and warns on the same pictures
    findings = found(SEED, range(400), careless)
    kinds = {text.split(": ", 1)[1].split("(")[0] for text in findings.escaped.values()}
    assert {"UnidentifiedImageError", "OSError"} < kinds
    assert findings.warned
    ours = found(SEED, range(400), image_from_file)
    assert (ours.escaped, ours.warned) == ({}, {})
    capsys.readouterr()


def test_warning_filters_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    # they are the program's own, and changing them is not safe between threads
    monkeypatch.setattr(warnings, "filterwarnings", None)
    monkeypatch.setattr(warnings, "simplefilter", None)
    for number in range(50):
        with contextlib.suppress(ImageError):
            image_from_file(mutated(SEED, number)[1], InputContract(8, 8, "rgb"))
