"""A browser that is missing, is none, dies or never answers: one sentence, and no process left."""

import os
import re
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from edgeproof.convert.verify.errors import RuntimeFailed
from edgeproof.convert.verify.isolation import IsolatedRunning, Timeouts
from edgeproof.convert.verify.plan import planned
from edgeproof.convert.verify.process_tree import descendants
from edgeproof.convert.verify.runtimes import tfjs_page
from edgeproof.edge.bundle import Bundle

IMAGES = [np.zeros((4, 8, 8, 1), np.uint8)]


def test_without_a_browser_the_others_go_on_and_the_report_says_so(
    digits_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHROMIUM", "/nowhere/chromium")
    plan = planned(Bundle.open(digits_bundle), None)
    states = {state.name: state for state in plan.left_out}
    assert states["tfjs-wasm"].state == "unavailable"
    assert "expected a browser at CHROMIUM=/nowhere/chromium" in str(states["tfjs-wasm"].reason)
    assert "litert" in [runtime.name for runtime, _ in plan.work]


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo 'no such display' >&2; exit 3", r"has been closed \(no such display\); install an"),
        ("exec sleep 600", "Timeout 1500ms exceeded"),
    ],
)
def test_what_is_no_browser(
    digits_bundle: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    script: str,
    message: str,
) -> None:
    program = tmp_path / "browser"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("CHROMIUM", str(program))
    monkeypatch.setattr(tfjs_page, "START_TIMEOUT_MS", 1500)
    # a thread of its own, as Playwright wants it
    with ThreadPoolExecutor(max_workers=1) as thread:
        started = thread.submit(tfjs_page.PageRunning, Bundle.open(digits_bundle), "tfjs-cpu")
        with pytest.raises(RuntimeFailed, match=f"expected a Chromium at {program} .*{message}"):
            started.result()


def of_kind(running: IsolatedRunning, kind: str) -> list[int]:
    """The browser's processes of a kind; "" is its main one."""
    found = []
    for pid in descendants(running._process.pid):
        # some of them write their arguments anew, with spaces between
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        kinds = re.findall(r"--type=(\S+)", command) or [""]
        if "chrom" in command.partition(" ")[0] and kinds[0] == kind:
            found.append(pid)
    assert found
    return found


def stop_the_page(running: IsolatedRunning) -> None:
    for pid in of_kind(running, "renderer"):
        os.kill(pid, signal.SIGSTOP)


def stop_everything(running: IsolatedRunning) -> None:
    for pid in (*of_kind(running, "renderer"), *of_kind(running, "")):
        os.kill(pid, signal.SIGSTOP)


def kill_the_browser(running: IsolatedRunning) -> None:
    os.kill(of_kind(running, "")[0], signal.SIGKILL)


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (stop_the_page, "hung: expected an answer to 'run' within 1 s, got none in 1 s"),
        (stop_everything, "hung: expected an answer to 'run' within 1 s, got none in 1 s"),
        (kill_the_browser, "tfjs-cpu failed during 'runImages': .* browser has been closed"),
    ],
)
def test_a_browser_that_dies_or_never_answers(
    digits_bundle: Path, harm: Callable[[IsolatedRunning], None], message: str
) -> None:
    timeouts = Timeouts(run_s=1, per_image_s=0)
    with IsolatedRunning("tfjs-cpu", Bundle.open(digits_bundle), timeouts=timeouts) as running:
        session = running.open("tfjs-float32")
        processes = descendants(running._process.pid)
        assert len(processes) > 3
        harm(running)
        with pytest.raises(RuntimeFailed, match=message):
            session.run(IMAGES)
    deadline = time.monotonic() + 20
    while (left := [p for p in processes if Path(f"/proc/{p}/exe").exists()]) and (
        time.monotonic() < deadline
    ):
        time.sleep(0.05)
    assert left == []
