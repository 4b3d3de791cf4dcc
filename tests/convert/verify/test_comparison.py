import numpy as np
import pytest

from edgeproof.convert.verify.check import check, check_difference
from edgeproof.convert.verify.comparison import compare, compare_all, nothing, unequal_bytes
from edgeproof.convert.verify.gates import GATES, gate_for
from edgeproof.convert.verify.presoftmax import presoftmax

ONES = np.ones((2, 3), dtype=np.float32)
RELATIVE = gate_for(GATES, "relative", "float32")


def test_equal_arrays_differ_by_nothing_and_are_truthy() -> None:
    difference = compare(ONES, ONES)
    assert difference
    assert (difference.compared, difference.absolute, difference.noise) == (6, 0.0, 0.0)


def test_figures() -> None:
    difference = compare(np.array([0.0, 4.0]), np.array([0.0, 3.0]))
    assert (difference.absolute, difference.relative, difference.noise) == (1.0, 0.25, 0.25)


@pytest.mark.parametrize(
    ("expected", "got", "problem"),
    [
        (ONES[:0], ONES[:0], "no values to compare"),
        (ONES, ONES[:1], "expected shape 2 x 3, got 1 x 3"),
        (ONES, ONES * np.nan, "6 of 6 got values are NaN or infinite"),
        (ONES * np.inf, ONES, "6 of 6 expected values are NaN or infinite"),
        (ONES * 0, ONES * 0, "every expected value is zero"),
    ],
)
def test_what_cannot_be_compared_is_falsy(
    expected: np.ndarray, got: np.ndarray, problem: str
) -> None:
    difference = compare(expected, got)
    assert not difference
    assert difference.compared == 0
    assert problem in str(difference.problem)
    assert not check_difference(RELATIVE, "x", difference, difference.relative)


def test_outputs_of_another_number_are_falsy() -> None:
    assert not compare_all((ONES,), (ONES, ONES))
    assert not compare_all((), ())


def test_the_worst_output_stands() -> None:
    difference = compare_all((ONES, ONES), (ONES, ONES * 1.5))
    assert (difference.compared, difference.relative) == (12, 0.5)


def test_images_are_compared_as_bytes() -> None:
    image = np.full((2, 2), 255, dtype=np.uint8)
    assert unequal_bytes(image, image).absolute == 0
    assert unequal_bytes(image, image - 254).absolute == 254
    assert not unequal_bytes(image, image.astype(np.float32))
    assert not unequal_bytes(image[:0], image[:0])


def test_a_check_of_nothing_never_passes() -> None:
    assert not check(RELATIVE, "x", 0.0, 0)
    assert not check(RELATIVE, "x", float("nan"), 5)
    assert not check(RELATIVE, "x", 0.0, 5, problem="no reference")
    assert not check_difference(RELATIVE, "x", nothing("no reason"), 0.0)


def test_a_check_holds_up_to_its_limit() -> None:
    assert check(RELATIVE, "x", RELATIVE.limit, 1)
    assert not check(RELATIVE, "x", RELATIVE.limit * 1.001, 1)
    agreement = gate_for(GATES, "agreement", "int8")
    assert check(agreement, "x", agreement.limit, 1)
    assert not check(agreement, "x", agreement.limit - 0.001, 1)


def test_a_failed_check_names_the_tightest_limit_that_would_have_passed() -> None:
    failed = check(RELATIVE, "x", 0.25, 1)
    assert failed.got == 0.25
    assert failed.found == "0.25"
    assert failed.expected == "at most 0.0001 of the largest reference output"


def test_presoftmax_gives_the_logits_up_to_their_mean() -> None:
    logits = np.array([[3.0, -1.0, 0.5], [20.0, 0.0, -20.0]])
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    centred = logits - logits.mean(axis=1, keepdims=True)
    assert np.allclose(presoftmax(probabilities), centred, atol=1e-12)


def test_presoftmax_does_not_see_subnormals_and_keeps_nan() -> None:
    tiny = np.array([[1.0, 1e-40]], dtype=np.float32)
    assert np.array_equal(presoftmax(tiny), presoftmax(np.array([[1.0, 0.0]])))
    assert np.isnan(presoftmax(np.array([[np.nan, 1.0]]))).all()
