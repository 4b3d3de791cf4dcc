"""Runtimes side by side: order, containment, latency alone, and an end that ends everything."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeproof.convert.progress import Silent
from edgeproof.convert.verify.errors import RuntimeFailed
from edgeproof.convert.verify.golden import GoldenSet
from edgeproof.convert.verify.measure import Work
from edgeproof.convert.verify.process_tree import descendants
from edgeproof.convert.verify.runtimes.registry import Runtime
from edgeproof.convert.verify.schedule import Found, Job, side_by_side
from edgeproof.edge.errors import RuntimeUnavailable
from edgeproof.edge.manifest import TensorSpec

GOLDEN = GoldenSet((np.ones((2, 3), np.float32),), (np.ones((2, 3), np.float32),), (), None, None)
SPEC = TensorSpec("scores", "float32", (None, 3), None, None)


class Machine:
    """Fakes of runtimes, and a record of who computed beside whom."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.busy = 0
        self.most = 0
        self.beside_latency: list[int] = []
        self.threads: dict[str, set[int]] = {}
        self.starts: list[str] = []
        self.closed: list[str] = []

    def start(self, name: str, bundle: Any) -> "FakeRunning":
        self.starts.append(name)
        if name == "absent":
            raise RuntimeUnavailable("no such thing here")
        if name == "silent":
            raise RuntimeFailed("hung at its start")
        return FakeRunning(self, name)


class FakeRunning:
    version, load_ms = "fake 1", 0.0

    def __init__(self, machine: Machine, name: str) -> None:
        self.machine, self.name = machine, name

    def open(self, variant: str) -> "FakeRunning":
        if self.name == "choosy" and variant == "b":
            raise RuntimeUnavailable("b has what it lacks")
        self.variant = variant
        self.machine.threads.setdefault(self.name, set()).add(threading.get_ident())
        return self

    def run(self, inputs: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        machine = self.machine
        with machine.lock:
            machine.busy += 1
            machine.most = max(machine.most, machine.busy)
        time.sleep(0.03)
        with machine.lock:
            machine.busy -= 1
        if self.name == "crashes" and self.variant == "a":
            raise RuntimeFailed("the last words")
        return {"scores": inputs[0]}

    def latency_ms(self, inputs: Sequence[np.ndarray], n: int) -> list[float]:
        self.machine.beside_latency.append(self.machine.busy)
        if self.name == "late":
            raise RuntimeFailed("died of haste")
        return [1.0] * n

    def tensors(self) -> None:
        return None

    def gpu_calls(self) -> None:
        return None

    def close(self) -> None:
        self.machine.closed.append(self.name)


def found_by(machine: Machine, *names: str, at_once: int = 2) -> dict[str, Found]:
    work = tuple(Work(v, (SPEC,), (SPEC,), GOLDEN, None, None) for v in ("a", "b"))
    jobs = [Job(Runtime(n, ("tfjs",), None, (), i), work) for i, n in enumerate(names)]
    start: Callable[..., Any] = machine.start
    results = side_by_side(jobs, None, start, at_once, Silent())  # type: ignore[arg-type]
    assert [found.runtime.name for found in results] == list(names)
    return {found.runtime.name: found for found in results}


def test_as_many_at_a_time_as_asked_for_and_results_in_order() -> None:
    machine = Machine()
    found = found_by(machine, "one", "two", "three", at_once=2)
    assert machine.most == 2
    assert machine.starts[0] == "three"  # the longest first
    for each in found.values():
        assert [m.variant for m in each.measurements] == ["a", "b"]
        assert all(m.failure is None and len(m.latencies_ms) == 30 for m in each.measurements)


def test_latency_is_measured_when_nobody_computes_and_on_the_runtimes_own_thread() -> None:
    machine = Machine()
    found_by(machine, "one", "two", "three", at_once=3)
    # three runtimes, two variants, five runs and then the rest
    assert machine.beside_latency == [0] * 12
    assert all(len(threads) == 1 for threads in machine.threads.values())
    assert len(set.union(*machine.threads.values())) == 3


def test_a_crash_is_one_failed_row_and_the_runtime_starts_again() -> None:
    machine = Machine()
    found = found_by(machine, "crashes", "one")
    first, second = found["crashes"].measurements
    assert first.failure == "the last words"
    assert second.failure is None
    assert machine.starts.count("crashes") == 2
    assert all(m.failure is None for m in found["one"].measurements)


def test_what_does_not_start_is_not_waited_for_again() -> None:
    machine = Machine()
    found = found_by(machine, "silent", "one")
    assert [m.failure for m in found["silent"].measurements] == ["hung at its start"] * 2
    assert machine.starts.count("silent") == 1
    assert all(m.failure is None for m in found["one"].measurements)


def test_a_crash_while_timing_is_a_failure_too() -> None:
    found = found_by(Machine(), "late")
    assert [m.failure for m in found["late"].measurements] == ["died of haste"] * 2


def test_an_emulator_is_never_timed() -> None:
    machine = Machine()
    work = (Work("a", (SPEC,), (SPEC,), GOLDEN, None, None),)
    jobs = [
        Job(Runtime("board", ("tflite",), None, (), 1, emulated=True), work),
        Job(Runtime("here", ("tflite",), None, (), 1), work),
    ]
    start: Callable[..., Any] = machine.start
    board, here = side_by_side(jobs, None, start, 2, Silent())  # type: ignore[arg-type]
    assert board.measurements[0].failure is None
    assert (board.measurements[0].latencies_ms, board.measurements[0].load_ms) == ((), None)
    assert len(here.measurements[0].latencies_ms) == 30
    assert here.measurements[0].load_ms == 0.0


def test_what_cannot_run_is_told_apart_from_what_failed() -> None:
    found = found_by(Machine(), "absent", "choosy")
    assert found["absent"].unavailable == "no such thing here"
    assert found["absent"].measurements == ()
    assert found["choosy"].refused == (("b", "b has what it lacks"),)
    assert [m.variant for m in found["choosy"].measurements] == ["a"]


@pytest.mark.parametrize(
    ("runtimes", "waited_for"),
    [
        ("tfjs-cpu,litert", "tfjs-cpu"),
        # in the middle of batches that two processes share
        ("litert", "labelled images: "),
    ],
)
def test_ctrl_c_ends_every_process(
    digits_bundle: Path, tmp_path: Path, runtimes: str, waited_for: str
) -> None:
    images = np.zeros((400_000, 8, 8, 1), np.uint8)
    np.savez(tmp_path / "many.npz", images=images, labels=np.arange(len(images)) % 10)
    # what a shell starts in the background ignores Ctrl-C until it is told otherwise
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from edgeproof.convert import progress; progress.PART_EVERY_S = 0.1; "
        "from edgeproof.convert.verify.scaleout import evaluate; evaluate.WORTH_SHARING_S = 0; "
        "from edgeproof.edge.main import entrypoint; entrypoint()"
    )
    command = [sys.executable, "-c", code, "verify", str(digits_bundle)]
    options = ["--runtimes", runtimes, "--jobs", "2", "--data", str(tmp_path / "many.npz")]
    process = subprocess.Popen(
        [*command, *options],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    assert process.stderr is not None
    while waited_for not in process.stderr.readline():
        assert process.poll() is None
    time.sleep(1)
    children = descendants(process.pid)
    assert children
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 130
    process.stderr.close()
    deadline = time.monotonic() + 10
    while (left := [pid for pid in children if _is_alive(pid)]) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left == []


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
