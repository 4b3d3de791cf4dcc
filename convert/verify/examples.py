"""The images whose answers conversion moved most: what an average hides and a person can judge."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from edgeproof.convert.verify.comparison import compare
from edgeproof.convert.verify.golden import GoldenSet
from edgeproof.convert.verify.labelled import Labelled
from edgeproof.convert.verify.measure import Measurement
from edgeproof.convert.verify.paired_answers import (
    HeldOutReference,
    ImageSet,
    PairedAnswers,
    paired_answers,
)
from edgeproof.convert.verify.pictures import png_of
from edgeproof.convert.verify.report_fields import PAGE_ONLY
from edgeproof.edge.manifest import Manifest
from edgeproof.edge.scores import probabilities

MOST_EXAMPLES = 6
# of a probability: a page shows whole percents, and less than one of them is nobody's example
LEAST_MOVED = 0.01


@dataclass(frozen=True)
class Prediction:
    """The most probable label of an answer.

    Attributes:
        label: index into `bundle.labels`.
        probability: 0 to 1.
    """

    label: int
    probability: float


@dataclass(frozen=True)
class Example:
    """One image, before and after conversion.

    Attributes:
        index: which image of the set, counted from 0 in the order of its data.
        label: the true label's index into `bundle.labels`; null for golden inputs, which have none.
        before: the reference's prediction.
        after: the variant's prediction.
        moved: the largest change of one label's probability, 0 to 1.
    """

    index: int
    label: int | None
    before: Prediction
    after: Prediction
    moved: float
    picture: bytes | None = field(default=None, repr=False, metadata=PAGE_ONLY)
    """PNG; only in `report.html`. None for models whose input is no picture."""


@dataclass(frozen=True)
class VariantExamples:
    """The examples of one variant, on the runtime where an answer moved farthest.

    Attributes:
        variant: its id.
        runtime: the one whose answers these are.
        reference: whose answers stand before conversion.
        images: the set that the examples are from: "held-out images" or "golden inputs".
        compared: how many images of it were compared.
        changed: on how many of them the most probable label is another one.
        examples: those that moved most, at most 6, the farthest first.
    """

    variant: str
    runtime: str
    reference: str
    images: ImageSet
    compared: int
    changed: int
    examples: tuple[Example, ...]


def worst_examples(
    measurements: Sequence[Measurement],
    manifest: Manifest,
    golden: GoldenSet,
    labelled: Labelled | None,
    heldout: HeldOutReference | None,
) -> tuple[VariantExamples, ...]:
    """For each variant of which an answer moved by at least `LEAST_MOVED`, on whatever runtime."""
    if manifest.output.scores == "values" or not manifest.labels:
        return ()
    found = []
    for variant in manifest.variants:
        answered = [m for m in measurements if m.variant == variant.id and not m.failure]
        moves = _moves(answered, golden, labelled, heldout, manifest)
        # of those that moved one equally far the runtime that ran the most images
        farthest = max(
            moves, key=lambda move: (round(move.farthest, 3), len(move.moved)), default=None
        )
        if farthest is not None and farthest.farthest >= LEAST_MOVED:
            found.append(_examples(farthest, golden, labelled, manifest))
    return tuple(found)


@dataclass(frozen=True)
class _Move:
    """How far each answer of one measurement is from the reference's; N and N x labels arrays."""

    measured: Measurement
    pair: PairedAnswers
    before: np.ndarray
    after: np.ndarray
    moved: np.ndarray

    @property
    def farthest(self) -> float:
        return float(self.moved.max())


def _moves(
    answered: Iterable[Measurement],
    golden: GoldenSet,
    labelled: Labelled | None,
    heldout: HeldOutReference | None,
    manifest: Manifest,
) -> list[_Move]:
    """Of answers that can be compared at all; a check says why others cannot."""
    moves = []
    for measured in answered:
        pair = paired_answers(measured, golden, labelled, heldout)
        if not compare(pair.expected, pair.got):
            continue
        before, after = (
            probabilities(scores, manifest.output, len(manifest.labels)).astype(np.float64)
            for scores in (pair.expected, pair.got)
        )
        moves.append(_Move(measured, pair, before, after, np.abs(after - before).max(axis=1)))
    return moves


def _examples(
    move: _Move, golden: GoldenSet, labelled: Labelled | None, manifest: Manifest
) -> VariantExamples:
    # the first of equals, so that two runs show the same
    worst = np.argsort(-move.moved, kind="stable")[:MOST_EXAMPLES]
    pair = move.pair
    images = _images(pair, golden, labelled, manifest)
    examples = tuple(
        Example(
            index=_index(pair, labelled, int(pair.rows[row])),
            label=None if pair.labels is None else int(pair.labels[row]),
            before=_prediction(move.before[row]),
            after=_prediction(move.after[row]),
            moved=float(move.moved[row]),
            picture=None if images is None else png_of(images[pair.rows[row]]),
        )
        for row in worst
        if move.moved[row] >= LEAST_MOVED
    )
    return VariantExamples(
        variant=move.measured.variant,
        runtime=move.measured.runtime,
        reference=pair.reference,
        images=pair.images,
        compared=len(pair.rows),
        changed=int(np.count_nonzero(move.before.argmax(axis=1) != move.after.argmax(axis=1))),
        examples=examples,
    )


def _images(
    pair: PairedAnswers, golden: GoldenSet, labelled: Labelled | None, manifest: Manifest
) -> np.ndarray | None:
    if manifest.input is None:
        return None
    return golden.inputs[0] if pair.labels is None or labelled is None else labelled.images


def _index(pair: PairedAnswers, labelled: Labelled | None, row: int) -> int:
    """The image's place in the whole set, where only some of it were used."""
    if pair.labels is None or labelled is None or labelled.rows is None:
        return row
    return int(labelled.rows[row])


def _prediction(scores: np.ndarray) -> Prediction:
    label = int(scores.argmax())
    return Prediction(label, float(scores[label]))
