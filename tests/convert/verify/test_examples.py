"""The images that conversion moved most: the right ones, the right predictions, in every state."""

import dataclasses
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgeproof.convert.verify.examples import LEAST_MOVED, MOST_EXAMPLES, worst_examples
from edgeproof.convert.verify.golden import GoldenSet
from edgeproof.convert.verify.labelled import Labelled, evenly
from edgeproof.convert.verify.measure import Measurement
from edgeproof.convert.verify.paired_answers import HeldOutReference
from edgeproof.convert.verify.pictures import LARGEST_SIDE, png_of
from edgeproof.convert.verify.report import Report
from edgeproof.edge.bundle import Bundle
from edgeproof.edge.manifest import Manifest

RNG = np.random.default_rng(3)
KERAS = RNG.dirichlet(np.full(10, 0.2), 40).astype(np.float32)
IMAGES = RNG.integers(0, 256, (40, 8, 8, 1), dtype=np.uint8)
LABELS = RNG.integers(0, 10, 40)
GOLDEN = GoldenSet((IMAGES[:12],), (KERAS[:12],), (), None, None)


@pytest.fixture(scope="module")
def manifest(digits_bundle: Path) -> Manifest:
    return Bundle.open(digits_bundle).manifest


def moved(rows: dict[int, float]) -> np.ndarray:
    """Keras' answers with that share of some images' top probability given to another label."""
    scores = KERAS.copy()
    for row, share in rows.items():
        top = scores[row].argmax()
        taken = scores[row, top] * share
        scores[row, top] -= taken
        scores[row, (top + 1) % 10] += taken
    return scores


def measurement(variant: str, runtime: str, scores: np.ndarray, rows: np.ndarray) -> Measurement:
    return Measurement(
        variant,
        runtime,
        "1",
        golden_runs=((scores[:12],),),
        heldout_rows=rows,
        heldout_output=scores[rows],
    )


EVERY = np.arange(40)
LABELLED = Labelled("test set", IMAGES, LABELS, 40)
HELDOUT = HeldOutReference("Keras", KERAS)


def test_the_images_that_moved_most_are_shown_with_both_predictions(manifest: Manifest) -> None:
    shares = {3: 0.9, 17: 0.8, 31: 0.5, 8: 0.4, 9: 0.3, 20: 0.25, 33: 0.2, 1: 1e-4}
    scores = moved(shares)
    found = worst_examples(
        [measurement("tflite-int8", "litert", scores, EVERY)], manifest, GOLDEN, LABELLED, HELDOUT
    )
    (of_int8,) = found
    moves = np.abs(scores.astype(np.float64) - KERAS).max(axis=1)
    expected = [int(row) for row in np.argsort(-moves)[:MOST_EXAMPLES]]
    assert [example.index for example in of_int8.examples] == expected
    assert (of_int8.images, of_int8.compared) == ("held-out images", 40)
    assert of_int8.changed == np.count_nonzero(scores.argmax(axis=1) != KERAS.argmax(axis=1))
    worst = of_int8.examples[0]
    row = worst.index
    assert worst.label == LABELS[row]
    assert worst.before.label == KERAS[row].argmax()
    assert worst.before.probability == pytest.approx(KERAS[row].max())
    assert worst.after.label == scores[row].argmax()
    assert worst.moved == pytest.approx(moves[row])
    assert worst.picture is not None
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(worst.picture))), IMAGES[row, ..., 0])


def test_of_several_runtimes_the_one_that_moved_an_answer_farthest(manifest: Manifest) -> None:
    few = np.array([0, 3, 5])
    every = [
        measurement("tflite-int8", "litert", moved({3: 0.1}), EVERY),
        measurement("tflite-int8", "tflite-runtime", moved({3: 0.9}), few),
        dataclasses.replace(measurement("tflite-int8", "x", KERAS, few), failure="crashed"),
    ]
    (found,) = worst_examples(every, manifest, GOLDEN, LABELLED, HELDOUT)
    assert (found.runtime, found.compared) == ("tflite-runtime", 3)
    assert [example.index for example in found.examples] == [3]


def test_of_equal_runtimes_the_one_that_ran_the_most_images(manifest: Manifest) -> None:
    scores = moved({3: 0.9})
    every = [
        measurement("tflite-int8", "litert-reference", scores, np.array([0, 3])),
        measurement("tflite-int8", "litert", scores * np.float32(1 - 1e-6), EVERY),
    ]
    (found,) = worst_examples(every, manifest, GOLDEN, LABELLED, HELDOUT)
    assert (found.runtime, found.compared) == ("litert", 40)


def test_answers_that_stayed_are_no_examples(manifest: Manifest) -> None:
    """And answers that cannot be compared are none either: a check says so."""
    broken = KERAS.copy()
    broken[2, 2] = np.nan
    for scores in (KERAS, moved({3: LEAST_MOVED / 2}), broken):
        measured = measurement("tflite-float16", "litert", scores, EVERY)
        assert worst_examples([measured], manifest, GOLDEN, LABELLED, HELDOUT) == ()


def test_an_index_counts_in_the_whole_set(manifest: Manifest) -> None:
    labelled = evenly(LABELLED, 10)  # rows 0, 4, 8, ...
    assert labelled.rows is not None
    scores = moved({12: 0.9})[labelled.rows]
    measured = dataclasses.replace(
        measurement("tflite-int8", "litert", KERAS, np.arange(10)), heldout_output=scores
    )
    reference = HeldOutReference("Keras", KERAS[labelled.rows])
    (found,) = worst_examples([measured], manifest, GOLDEN, labelled, reference)
    assert found.examples[0].index == 12


def test_golden_inputs_stand_in_where_nothing_is_labelled(manifest: Manifest) -> None:
    measured = measurement("tflite-int8", "litert", moved({3: 0.9}), EVERY)
    (found,) = worst_examples([measured], manifest, GOLDEN, None, None)
    assert (found.images, found.compared) == ("golden inputs", 12)
    assert (found.examples[0].index, found.examples[0].label) == (3, None)


def test_a_model_without_labels_has_none(manifest: Manifest) -> None:
    measured = measurement("tflite-int8", "litert", moved({3: 0.9}), EVERY)
    values = dataclasses.replace(manifest.output, scores="values")
    for without in (
        dataclasses.replace(manifest, output=values),
        dataclasses.replace(manifest, labels=()),
    ):
        assert worst_examples([measured], without, GOLDEN, None, None) == ()


def test_examples_of_a_real_bundle_are_those_of_coarse_variants(full_report: Report) -> None:
    variants = [found.variant for found in full_report.examples]
    assert "tflite-int8" in variants
    assert "tflite-float32" not in variants
    for found in full_report.examples:
        assert found.reference == "Keras"
        assert 1 <= len(found.examples) <= MOST_EXAMPLES
        assert all(e.moved >= LEAST_MOVED and e.picture for e in found.examples)


def test_large_pictures_become_small_ones_and_small_ones_stay() -> None:
    large = RNG.integers(0, 256, (300, 200, 3), dtype=np.uint8)
    opened = Image.open(io.BytesIO(png_of(large)))
    assert (opened.size, opened.mode) == ((75, LARGEST_SIDE), "RGB")
    small = RNG.integers(0, 256, (5, 9, 3), dtype=np.uint8)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(png_of(small)))), small)
