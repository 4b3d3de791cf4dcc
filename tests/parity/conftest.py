"""The matrix is measured once for all its tests; the negative controls run in this process."""

import dataclasses
import fcntl
import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeproof.convert.verify.plan import planned
from edgeproof.convert.verify.report import Broken, Report
from edgeproof.convert.verify.run import verify_bundle
from edgeproof.convert.verify.runtimes import registry
from edgeproof.convert.verify.source import with_source
from edgeproof.edge.bundle import Bundle

Outputs = dict[str, np.ndarray]


@pytest.fixture(scope="session")
def matrix(
    shared_folder: Path,
    digits_bundle: Path,
    digits_run: Path,
    cli: Callable[..., subprocess.CompletedProcess[str]],
) -> dict[str, Any]:
    """The report of one full `edgeproof verify`, every runtime and the browser included."""
    bundle = shared_folder / "verified" / "digits"
    bundle.parent.mkdir(exist_ok=True)
    with open(bundle.parent / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the first of several test processes measures
        if not (bundle / "report.json").exists():
            shutil.rmtree(bundle, ignore_errors=True)
            shutil.copytree(digits_bundle, bundle)
            finished = cli("verify", bundle, "--source", digits_run, timeout_s=500)
            assert (bundle / "report.json").exists(), finished.stderr
    return json.loads((bundle / "report.json").read_bytes())


class AlteredSession:
    """A session whose answers a fault has changed on the way."""

    def __init__(self, session: Any, alter: Callable[[Outputs, int], Outputs]) -> None:
        self._session = session
        self._alter = alter
        self._calls = 0

    def run(self, inputs: Sequence[np.ndarray]) -> Outputs:
        self._calls += 1
        return self._alter(self._session.run(inputs), self._calls)

    def run_file(self, path: str) -> tuple[np.ndarray, Outputs]:
        image, outputs = self._session.run_file(path)
        return image, self._alter(outputs, self._calls)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)


class AlteredRunning:
    """A runtime that opens altered sessions."""

    def __init__(self, running: Any, alter: Callable[[Outputs, int], Outputs]) -> None:
        self._running = running
        self._alter = alter

    def open(self, variant_id: str) -> AlteredSession:
        return AlteredSession(self._running.open(variant_id), self._alter)

    def close(self) -> None:
        self._running.close()


@dataclasses.dataclass
class Lab:
    """Verification of one variant in this process, with an optional fault in a runtime."""

    bundle: Path

    def verify(
        self,
        variant: str,
        *,
        runtime: str = "litert",
        source: Path | None = None,
        data: Path | None = None,
        alter: Callable[[Outputs, int], Outputs] | None = None,
    ) -> Report:
        """`alter` changes the outputs of `runtime`; it gets them and the number of the call."""
        bundle = Bundle.open(self.bundle)
        if source is not None:
            bundle = with_source(bundle, source)
        plan = planned(bundle, [runtime])
        kept = [(r, tuple(v for v in variants if v == variant)) for r, variants in plan.work]
        plan = dataclasses.replace(plan, work=tuple((r, v) for r, v in kept if v))

        def start(name: str, opened: Bundle) -> Any:
            running = registry.start(name, opened)
            return AlteredRunning(running, alter) if alter and name == runtime else running

        # in a thread of its own: Playwright allows one synchronous session for each thread, and
        # the suite's shared browser may hold this one's
        with ThreadPoolExecutor(max_workers=1) as thread:
            return thread.submit(
                verify_bundle, bundle, plan=plan, data=data, limit=60, start=start
            ).result()

    def change_manifest(self, change: Callable[[dict[str, Any]], None]) -> None:
        path = self.bundle / "bundle.json"
        document = json.loads(path.read_bytes())
        change(document)
        path.write_text(json.dumps(document))

    def rewrite(self, name: str, content: bytes) -> None:
        """Replace a file and repair its size and SHA-256 in the manifest: the fault stays."""
        (self.bundle / name).write_bytes(content)

        def repair(value: Any) -> None:
            if isinstance(value, dict):
                if value.get("path") == name and "sha256" in value:
                    value["bytes"] = len(content)
                    value["sha256"] = hashlib.sha256(content).hexdigest()
                for inner in value.values():
                    repair(inner)
            elif isinstance(value, list):
                for inner in value:
                    repair(inner)

        self.change_manifest(repair)


@pytest.fixture
def lab(bundle_copy: Path) -> Lab:
    return Lab(bundle_copy)


def broken_gates(report: Report) -> set[str]:
    """The names of the gates that broke; a broken gate always makes the report fail."""
    assert report.passed == (not report.broken)
    for broken in report.broken:
        assert isinstance(broken, Broken)
        assert broken.sentence.startswith(f"{broken.variant} on {broken.runtime}: gate")
    return {broken.gate for broken in report.broken}


@pytest.fixture
def caught() -> Callable[[Report], set[str]]:
    return broken_gates
