"""What is shared: labelled images in small batches, one process's figures, and a killer."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeproof.convert.verify.plan import planned
from edgeproof.convert.verify.run import verify_bundle
from edgeproof.convert.verify.scaleout import batches
from edgeproof.convert.verify.source import with_source
from edgeproof.convert.verify.write import report_document
from edgeproof.edge.bundle import Bundle

VARIANT = "tflite-int8"
BATCH = 16


@contextmanager
def in_small_batches() -> Iterator[int]:
    """359 held-out digits are 23 batches."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "MOST_ROWS", BATCH)
        yield BATCH


@pytest.fixture
def small_batches() -> Iterator[int]:
    """Batches of that many images, for one test."""
    with in_small_batches() as size:
        yield size


@pytest.fixture(scope="session")
def figures_by(digits_bundle: Path, digits_run: Path) -> Callable[[Any], dict[str, Any]]:
    """What the report of a verification by some workers says about answers, by runtime."""
    bundle = with_source(Bundle.open(digits_bundle), digits_run)

    def verify(workers: Any) -> dict[str, Any]:
        plan = planned(bundle, ["keras", "litert", "tflite-runtime"])
        wanted = {VARIANT, "source"}
        work = tuple((r, tuple(v for v in variants if v in wanted)) for r, variants in plan.work)
        plan = type(plan)(work, plan.left_out, plan.insists)
        with in_small_batches():
            document = report_document(verify_bundle(bundle, plan=plan, workers=workers))
        assert [row["failure"] for row in document["rows"]] == [None] * 4
        assert all(row["cost"]["accuracy"]["n"] > 90 for row in document["rows"])
        parts = ("variant", "version", "cost", "errors", "checks", "failure")
        return {row["runtime"]: {p: row[p] for p in parts} for row in document["rows"]}

    return verify


@pytest.fixture(scope="session")
def alone(figures_by: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    """The figures where each runtime has one process."""
    figures = figures_by(None)
    assert set(figures) == {"keras", "litert", "litert-reference", "tflite-runtime"}
    return figures


class Killing:
    """Workers, one of which is killed when the sixth batch is handed out."""

    def __init__(self, workers: Any, pid: Callable[[], int]) -> None:
        self._workers, self._pid = workers, pid
        self.submitted: list[int] = []
        self.killed: list[int] = []

    def submit(self, shared: Any, batch: Any) -> Any:
        self.submitted.append(batch.start)
        if len(self.submitted) == 6:
            self.killed.append(self._pid())
            os.kill(self.killed[0], signal.SIGKILL)
        return self._workers.submit(shared, batch)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._workers, name)


@pytest.fixture
def killing() -> Callable[..., Killing]:
    return Killing


@pytest.fixture(scope="session")
def heldout(digits_bundle: Path) -> np.ndarray:
    bundle = Bundle.open(digits_bundle)
    assert bundle.manifest.heldout is not None
    return bundle.array(bundle.manifest.heldout.images)
