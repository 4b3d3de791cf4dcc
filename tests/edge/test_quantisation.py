"""Affine quantisation and the reading of scores."""

import numpy as np
import pytest

from edgeproof.edge.manifest import Output, TensorSpec
from edgeproof.edge.quantisation import dequantise, quantise
from edgeproof.edge.scores import probabilities

INT8 = TensorSpec("x", "int8", (1, 4), scale=0.5, zero_point=-3)


def test_rounds_half_to_even_and_clips() -> None:
    real = np.array([0.25, 0.75, -0.25, 1000.0, -1000.0])
    np.testing.assert_array_equal(quantise(real, INT8), [-3, -1, -3, 127, -128])


def test_every_integer_survives_the_round_trip() -> None:
    steps = np.arange(-128, 128, dtype=np.int8)
    np.testing.assert_array_equal(quantise(dequantise(steps, INT8), INT8), steps)


def test_subtracting_the_zero_point_does_not_overflow() -> None:
    spec = TensorSpec("x", "int8", (1,), scale=1.0, zero_point=127)
    np.testing.assert_array_equal(dequantise(np.array([-128], np.int8), spec), [-255.0])


def test_float_tensors_pass_through() -> None:
    spec = TensorSpec("x", "float32", (1,))
    np.testing.assert_array_equal(quantise(np.array([1.5]), spec), np.float32([1.5]))
    np.testing.assert_array_equal(dequantise(np.array([1.5]), spec), np.float32([1.5]))


def test_logits_become_probabilities_without_overflow() -> None:
    row = probabilities(np.array([[1000.0, 1000.0, 0.0]]), Output("logits"), 3)
    np.testing.assert_allclose(row, [[0.5, 0.5, 0.0]])


def test_single_sigmoid_is_the_second_label() -> None:
    np.testing.assert_allclose(
        probabilities(np.array([[0.9]]), Output("sigmoid"), 2), [[0.1, 0.9]], rtol=1e-6
    )


def test_wrong_number_of_labels_is_an_error() -> None:
    with pytest.raises(ValueError, match="expected 3 scores, one per label, got 2"):
        probabilities(np.array([[0.5, 0.5]]), Output("softmax"), 3)
    with pytest.raises(ValueError, match="plain values"):
        probabilities(np.array([[0.5, 0.5]]), Output("values"), 2)
