"""The answers that cost is about, image by image: a variant's and, of the same images, Keras'."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from edgeproof.convert.verify.golden import GoldenSet
from edgeproof.convert.verify.labelled import Labelled
from edgeproof.convert.verify.measure import Measurement

ImageSet = Literal["held-out images", "golden inputs"]


@dataclass(frozen=True)
class HeldOutReference:
    """The first output for all held-out images, by Keras or by what stands in for it."""

    name: str
    output: np.ndarray


@dataclass(frozen=True)
class PairedAnswers:
    """First outputs for the same images, N x ...

    Attributes:
        images: which set they are.
        rows: indices into that set.
        reference: whose answers `expected` are.
        expected, got: before and after conversion.
        labels: the true class indices; None for golden inputs.
    """

    images: ImageSet
    rows: np.ndarray
    reference: str
    expected: np.ndarray
    got: np.ndarray
    labels: np.ndarray | None = None

    @property
    def subject(self) -> str:
        """What is compared with what, in words."""
        return self.images if self.labels is None else f"{self.images} and {self.reference}"


def paired_answers(
    measured: Measurement,
    golden: GoldenSet,
    labelled: Labelled | None,
    reference: HeldOutReference | None,
) -> PairedAnswers:
    """Held-out images where there are any that the reference answered too, else golden inputs."""
    rows, got = measured.heldout_rows, measured.heldout_output
    if labelled is None or reference is None or rows is None or got is None:
        expected, got = golden.outputs[0], measured.golden_runs[0][0]
        return PairedAnswers("golden inputs", np.arange(len(expected)), "Keras", expected, got)
    expected, labels = reference.output[rows], labelled.labels[rows]
    return PairedAnswers("held-out images", rows, reference.name, expected, got, labels)
