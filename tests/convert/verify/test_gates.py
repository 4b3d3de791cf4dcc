import dataclasses

import numpy as np
import pytest

from edgeproof.convert.variants import VARIANTS
from edgeproof.convert.verify.faithfulness import integrity_checks
from edgeproof.convert.verify.gate_options import listing, with_overrides
from edgeproof.convert.verify.gates import GATES, Gate, gate_for
from edgeproof.convert.verify.golden import GoldenSet
from edgeproof.convert.verify.measure import Measurement
from edgeproof.edge.errors import UsageError

PER_PRECISION = ("noise", "agreement", "accuracy-drop", "confidence-drift")


def test_every_limit_has_its_reason() -> None:
    assert all(len(gate.why) > 10 for gate in GATES)
    with pytest.raises(ValueError, match="expected a reason"):
        Gate("x", "any", 1, "steps", "at most", " ")


def test_no_limit_is_given_twice() -> None:
    keys = [(gate.name, gate.precision) for gate in GATES]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("precision", sorted({variant.precision for variant in VARIANTS}))
def test_every_precision_has_all_its_limits(precision: str) -> None:
    for name in PER_PRECISION:
        assert gate_for(GATES, name, precision).limit >= 0
    assert {g.name for g in GATES if g.precision == precision} & {"relative", "steps"}


def test_a_missing_limit_is_an_error_not_a_pass() -> None:
    with pytest.raises(LookupError, match="expected a limit 'noise' for 'int4'"):
        gate_for(GATES, "noise", "int4")


def test_an_override_replaces_the_limit_for_every_precision() -> None:
    changed = with_overrides(GATES, ["accuracy-drop=0.5"])
    assert {g.limit for g in changed if g.name == "accuracy-drop"} == {0.5}
    assert gate_for(changed, "noise", "int8") == gate_for(GATES, "noise", "int8")


def test_an_override_of_one_precision_leaves_the_others() -> None:
    changed = with_overrides(GATES, ["noise:int8=0.5"])
    differing = [g for g, was in zip(changed, GATES, strict=True) if g != was]
    assert [(g.name, g.precision, g.limit) for g in differing] == [("noise", "int8", 0.5)]
    assert differing[0].why == "set by --gate noise:int8=0.5"


def test_one_image_of_few_is_no_evidence() -> None:
    drop = gate_for(GATES, "accuracy-drop", "int16x8")
    one_of_96 = 100 * (92 / 96 - 91 / 96)
    assert drop.limit < 100 / 96 < one_of_96  # by a rounding
    assert drop.for_images(96).holds(one_of_96)
    assert not drop.for_images(96).holds(2 * one_of_96)
    assert drop.for_images(10_000) == drop
    agreement = gate_for(GATES, "agreement", "int16x8")
    assert agreement.for_images(1) == agreement


def test_a_limit_that_was_asked_for_holds_for_one_image_as_well() -> None:
    (asked,) = (g for g in with_overrides(GATES, ["accuracy-drop:int8=0"]) if g.fixed)
    assert asked.for_images(96).limit == 0


def test_the_listing_has_every_limit_with_its_reason() -> None:
    text = " ".join(listing(GATES).split())
    for gate in GATES:
        assert f"{gate.name}: " in text
        assert f"{gate.precision} {gate.limit:g} {gate.why}" in text


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("acuracy-drop=1", "did you mean accuracy-drop"),
        ("acuracy-drop:int8=1", "did you mean accuracy-drop"),
        ("noise:int9=1", "a precision out of .*did you mean int8"),
        ("noise", "expected --gate NAME=VALUE"),
        ("noise=much", "expected a number for --gate noise, got 'much'"),
        ("noise=nan", "expected a finite number"),
        ("noise=-1", "expected a finite number"),
    ],
)
def test_wrong_overrides(override: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as error:
        with_overrides(GATES, [override])
    assert error.value.exit_code == 2


def test_right_answers_without_the_graphics_card_fail_its_gate() -> None:
    """The control of `on-gpu`: nothing ran there, whatever the answers are."""
    output = (np.ones((2, 3), np.float32),)
    golden = GoldenSet(output, output, (), None, None)
    measured = Measurement("tfjs-float32", "tfjs-webgpu", "1", (output, output))
    broken = {}
    for calls in (0, 1, None):
        checks = integrity_checks(dataclasses.replace(measured, gpu_calls=calls), golden, GATES)
        broken[calls] = [check.gate for check in checks if not check]
    assert broken == {0: ["on-gpu"], 1: [], None: []}
