"""A runtime that crashes, hangs or talks nonsense is one sentence, and its process is gone."""

import sys
import time
from pathlib import Path

import numpy as np
import pytest

from edgeproof.convert.verify.errors import RuntimeFailed
from edgeproof.convert.verify.isolation import IsolatedRunning, Timeouts
from edgeproof.edge.bundle import Bundle

# a worker whose runtime has a fault built in
WORKER = """
import os, sys, time
from edgeproof.convert.verify.runtimes import registry
from edgeproof.convert.verify import worker

class Faulty:
    version, load_ms = "faulty 1", 0.0
    def open(self, variant): return self
    def run(self, inputs):
        fault = os.environ["FAULT"]
        if fault == "hang later":
            os.environ["FAULT"] = "hang"
        if fault == "crash":
            print("the last words", file=sys.stderr, flush=True)
            os.abort()
        if fault == "hang":
            time.sleep(600)
        if fault == "raise":
            raise ValueError("no such kernel\\nat line 7")
        return {"scores": inputs[0].astype("float32")}
    def close(self): pass

registry.start = lambda name, bundle: Faulty()
worker.main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
"""


@pytest.fixture
def command(tmp_path: Path) -> tuple[str, str]:
    script = tmp_path / "faulty_worker.py"
    script.write_text(WORKER)
    return sys.executable, str(script)


def failure(
    bundle: Path, command: tuple[str, str], fault: str, monkeypatch: pytest.MonkeyPatch
) -> str:
    monkeypatch.setenv("FAULT", fault)
    timeouts = Timeouts(start_s=60, open_s=60, run_s=1, per_image_s=0)
    running = IsolatedRunning("litert", Bundle.open(bundle), timeouts=timeouts, command=command)
    with running:
        session = running.open("tflite-float32")
        with pytest.raises(RuntimeFailed) as error:
            session.run([np.zeros((1, 2))])
        if fault != "raise":
            assert not running.alive
    assert not running.alive
    return str(error.value)


def test_a_crash_is_reported_with_its_last_words(
    digits_bundle: Path, command: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = failure(digits_bundle, command, "crash", monkeypatch)
    assert "crashed during 'run' (signal SIGABRT)" in said
    assert "the last words" in said


def test_a_hang_ends_at_its_time_limit(
    digits_bundle: Path, command: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    started = time.monotonic()
    assert "hung: expected an answer to 'run' within 1 s" in failure(
        digits_bundle, command, "hang", monkeypatch
    )
    assert time.monotonic() - started < 60


def test_a_limit_follows_what_was_seen(
    digits_bundle: Path, command: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    timeouts = Timeouts(start_s=60, open_s=60, run_s=1, per_image_s=600)
    assert timeouts.run(2) == 1201
    assert timeouts.run(2, seen_s=0.01) == 1 + 2 * 20 * 0.01
    assert timeouts.run(2, seen_s=500) == 1201
    monkeypatch.setenv("FAULT", "hang later")
    with IsolatedRunning(
        "litert", Bundle.open(digits_bundle), timeouts=timeouts, command=command
    ) as running:
        session = running.open("tflite-float32")
        session.run([np.zeros((2, 2))])
        with pytest.raises(RuntimeFailed, match="hung: expected an answer to 'run' within"):
            session.run([np.zeros((2, 2))])


def test_an_error_is_its_first_line(
    digits_bundle: Path, command: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert failure(digits_bundle, command, "raise", monkeypatch) == "ValueError: no such kernel"


def test_answers_come_through_unchanged(
    digits_bundle: Path, command: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAULT", "none")
    with IsolatedRunning("litert", Bundle.open(digits_bundle), command=command) as running:
        outputs = running.open("tflite-float32").run([np.arange(6).reshape(2, 3)])
    assert outputs["scores"].tolist() == [[0, 1, 2], [3, 4, 5]]
