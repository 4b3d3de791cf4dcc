"""Cases one after the other: interruption, crashes, and what the machine did meanwhile."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from edgeproof.edge.bench import cli, conditions, run
from edgeproof.edge.bench.cli import bench
from edgeproof.edge.bench.figures import Bench, Conditions
from edgeproof.edge.bench.measuring import timed
from edgeproof.edge.bench.run import Plan, run_bench
from edgeproof.edge.bundle import Bundle
from edgeproof.edge.own_process import Answer
from tests.edge import fake_boards

CASE = {
    "load_ms": 3.0,
    "first_ms": 2.0,
    "model": {"n": 100, "median_ms": 1.0, "p95_ms": 1.2, "p99_ms": 1.5, "per_second": 990.0},
    "whole": {"n": 100, "median_ms": 4.0, "p95_ms": 4.2, "p99_ms": 4.5, "per_second": 240.0},
    "peak_bytes": 60_000_000,
}


def answer(arguments: Sequence[str]) -> Answer:
    _, _, _, variant, threads, *_ = arguments
    return Answer({"variant": variant, "threads": int(threads), "file_bytes": 20_000, **CASE})


def ran(
    bundle: Path, root: Path, asking: Callable[[Sequence[str]], Answer] = answer, **plan: object
) -> Bench:
    return run_bench(Bundle.open(bundle), Plan(**plan), lambda line: None, root=root, asking=asking)  # type: ignore[arg-type]


def test_every_variant_with_every_number_of_threads(digits_bundle: Path, tmp_path: Path) -> None:
    found = ran(digits_bundle, tmp_path, threads=(1, 2))
    assert len(found.cases) == 10
    assert {case.threads for case in found.cases} == {1, 2}
    assert all(case.variant.startswith("tflite-") for case in found.cases)


def test_a_crash_is_that_case_s_failure(digits_bundle: Path, tmp_path: Path) -> None:
    def crashing(arguments: Sequence[str]) -> Answer:
        if "tflite-int8" in arguments:
            return Answer({}, "ended by SIGILL, built for another processor")
        return answer(arguments)

    found = ran(digits_bundle, tmp_path, crashing, threads=(1,))
    failed = {case.variant: case.failure for case in found.cases if case.failure}
    assert failed == {"tflite-int8": "ended by SIGILL, built for another processor"}
    assert found.complete


def interrupting(arguments: Sequence[str]) -> Answer:
    if "tflite-float16" in arguments:
        raise KeyboardInterrupt
    return answer(arguments)


def test_an_interrupt_keeps_what_was_measured(digits_bundle: Path, tmp_path: Path) -> None:
    found = ran(digits_bundle, tmp_path, interrupting, threads=(1,))
    assert [case.variant for case in found.cases] == ["tflite-float32"]
    assert not found.complete


def test_an_interrupted_command_prints_and_says_so(
    digits_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "run_bench", partial(run_bench, asking=interrupting))
    arguments = [str(digits_bundle), "--threads", "1", "--json"]
    done = CliRunner().invoke(bench, arguments, standalone_mode=False)
    assert done.return_value == cli._INTERRUPTED
    assert len(json.loads(done.stdout)["cases"]) == 1
    assert "interrupted after 1 of 5" in done.stderr


def test_a_pi_that_is_slowed_down_meanwhile(digits_bundle: Path, tmp_path: Path) -> None:
    fake_boards.pi_4(tmp_path)
    firmware = tmp_path / "sys/devices/platform/soc/soc:firmware/get_throttled"
    firmware.write_text("10000\n")  # under-voltage some time before

    def heating(arguments: Sequence[str]) -> Answer:
        # over when the case ends, but the firmware remembers
        firmware.write_text("50000\n")
        (tmp_path / "sys/class/thermal/thermal_zone0/temp").write_text("81200\n")
        return answer(arguments)

    found = ran(digits_bundle, tmp_path, heating, variants=("tflite-int8",), threads=(1,))
    told = found.conditions
    assert told.throttled == ("throttled",)
    assert (told.temperature_before_c, told.temperature_after_c) == (48.312, 81.2)
    assert told.governor == "ondemand"
    assert any("expected the governor performance, got ondemand" in w for w in found.warnings)
    assert any("slowed down during the run (throttled)" in w for w in found.warnings)


def test_a_quiet_machine_gives_no_warnings() -> None:
    quiet = Conditions("performance", 50.0, 51.0, 0.1, ())
    assert conditions.warnings(quiet, cores=4, most_threads=4) == []
    not_told = Conditions(None, None, None, None, None)
    assert conditions.warnings(not_told, cores=4, most_threads=4) == []
    assert len(conditions.warnings(quiet, cores=2, most_threads=4)) == 1
    busy = Conditions("performance", 50.0, 51.0, 1.3, ())
    assert len(conditions.warnings(busy, cores=4, most_threads=4)) == 1


def test_times_are_numpy_percentiles_of_the_runs_that_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    durations = [50.0] + [0.1 * n for n in range(1, 11)]  # the first one is warm-up
    clock = iter(
        np.repeat(np.cumsum(durations[1:]), 2) - np.tile([1, 0], 10) * np.repeat(durations[1:], 2)
    )
    monkeypatch.setattr("edgeproof.edge.bench.measuring.time.perf_counter", lambda: next(clock))
    calls: list[int] = []
    times = timed(lambda: calls.append(1), runs=10, warm_up=1)
    assert len(calls) == 11
    assert times.n == 10
    assert times.median_ms == pytest.approx(550)
    assert times.p95_ms == pytest.approx(955)
    assert times.p99_ms == pytest.approx(991)
    assert times.per_second == pytest.approx(10 / 5.5)
