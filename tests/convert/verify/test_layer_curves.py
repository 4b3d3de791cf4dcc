"""The comparison by layer inside verification: what it finds, what it costs, how it ends."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from edgeproof.convert.verify import layers as module
from edgeproof.convert.verify.errors import RuntimeFailed
from edgeproof.convert.verify.isolation import IsolatedRunning
from edgeproof.convert.verify.layers import LAYER_INPUTS, LayerCurve, layers_of
from edgeproof.convert.verify.plan import planned
from edgeproof.convert.verify.report import Report
from edgeproof.convert.verify.run import verify_bundle
from edgeproof.convert.verify.runtimes.registry import start
from edgeproof.convert.verify.source import with_source
from edgeproof.edge.bundle import Bundle
from tests.parity.conftest import Lab
from tests.parity.mutants.mutant import FLOAT, Ground
from tests.parity.mutants.tflite_edits import WEIGHTS, edited, on_constant
from tests.parity.mutants.weights import first_channel_zeroed

pytestmark = pytest.mark.xdist_group("report")


def test_every_variant_has_a_curve_or_a_reason(full_report: Report) -> None:
    found = full_report.layers
    assert (found.reason, found.inputs) == (None, LAYER_INPUTS)
    assert found.wall_s > 0
    curves = {curve.variant: curve for curve in found.curves}
    assert len(curves) == 9
    assert "which only TF.js can run" in (curves.pop("tfjs-layers-float32").reason or "")
    for curve in curves.values():
        assert curve.reason is None
        assert len(curve.points) >= 9
        assert not any(point.falls_off for point in curve.points)
    exact, coarse = curves["tflite-float32"], curves["tflite-int8"]
    assert min(p.snr_db for p in exact.points) > 100
    assert max(p.snr_db for p in coarse.points) < 70


def test_a_fault_falls_off_at_its_layer(
    bundle_copy: Path, digits_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control, in a process of its own as users have it: one channel of one layer is zero."""
    edited(FLOAT, on_constant(3, WEIGHTS, first_channel_zeroed))(
        Ground(Lab(bundle_copy), monkeypatch, tmp_path, digits_run)
    )
    variants = bundle_copy / "variants"
    for folder in variants.iterdir():
        if folder.name.startswith("tfjs"):
            shutil.rmtree(folder)
    bundle = with_source(Bundle.open(bundle_copy), digits_run)
    with IsolatedRunning("keras", bundle) as running:
        session = running.open("source")
        broken = session.layer_curve(FLOAT, 4, 120)
        intact = session.layer_curve("tflite-float16", 4, 120)
        gone = session.layer_curve("tfjs-float32", 4, 120)
    assert [p.layer for p in broken.points if p.falls_off] == ["re_lu_3"]
    assert not any(p.falls_off for p in intact.points)
    assert "got no such file" in (gone.reason or "")


def test_nothing_is_compared_where_nobody_asked_or_keras_is_not_there(digits_bundle: Path) -> None:
    bundle = Bundle.open(digits_bundle)
    plan = planned(bundle, ["litert"])
    for asked, reason in ((False, "not asked for"), (True, "was not run: not asked for")):
        found = verify_bundle(bundle, plan=plan, limit=5, layers=asked, start=start)
        assert reason in (found.layers.reason or "")
        assert found.layers.curves == ()
        assert found.passed


class Sessions:
    """Keras sessions that fail as told: `answers` are errors, seconds that it takes, or None."""

    def __init__(self, answers: Sequence[Any], clock: list[float]) -> None:
        self.answers, self.clock = list(answers), clock
        self.started = self.abandoned = 0

    def open(self) -> "Sessions":
        self.started += 1
        return self

    def abandon(self) -> None:
        self.abandoned += 1

    def layer_curve(self, variant_id: str, inputs: int, timeout_s: float) -> LayerCurve:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        self.clock[0] += min(answer, timeout_s)
        if answer > timeout_s:
            raise RuntimeFailed("hung: expected an answer")
        return LayerCurve(variant_id, None)


@pytest.mark.parametrize(
    ("answers", "reasons", "started"),
    [
        ([1, 1, 1], [None, None, None], 1),
        # a process that died takes one curve along, and the next one gets a new process
        ([1, RuntimeFailed("crashed"), 1], [None, "crashed", None], 2),
        ([1, 1000], [None, "left out after 120 s: edgeproof diff BUNDLE b", "left out"], 1),
    ],
)
def test_time_is_limited_and_failures_are_reasons(
    answers: list[Any],
    reasons: list[str | None],
    started: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [0.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: clock[0])
    sessions = Sessions(answers, clock)
    found = layers_of(sessions.open, sessions.abandon, ["a", "b", "c"], lambda: False)
    assert [curve.variant for curve in found.curves] == ["a", "b", "c"]
    for curve, reason in zip(found.curves, reasons, strict=True):
        assert (curve.reason or "").startswith(reason or "")
        assert (curve.reason is None) == (reason is None)
    assert sessions.started == started
    assert sessions.abandoned == sum(isinstance(r, str) for r in reasons[:2])


def test_an_end_ends_it() -> None:
    sessions = Sessions([], [0.0])
    found = layers_of(sessions.open, sessions.abandon, ["a", "b"], lambda: True)
    assert [bool(curve.reason) for curve in found.curves] == [True, True]
    assert sessions.started == 0
