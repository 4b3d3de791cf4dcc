"""A bundle as values: everything that will be written, before any file is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from edgeproof.convert.card import CardContent
from edgeproof.convert.description import Description
from edgeproof.convert.golden import GoldenInputs, HeldOutImages
from edgeproof.convert.golden_files import EncodedPicture
from edgeproof.convert.rescue.result import Rescue
from edgeproof.edge.manifest import Provenance, SkippedVariant, TensorSpec


@dataclass(frozen=True)
class StoredAnswers:
    """What the reference kernels answer for the golden inputs at `rows`, an array per output."""

    rows: tuple[int, ...]
    outputs: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class ConvertedVariant:
    """One converted form: its files by name, the one to load first being `entry`."""

    id: str
    entry: str
    files: Mapping[str, bytes]
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    seconds: float
    reference: StoredAnswers | None = None


@dataclass(frozen=True)
class GoldenPictures:
    """Encoded pictures, the images that the contract makes of them, and Keras' outputs."""

    pictures: tuple[EncodedPicture, ...]
    images: np.ndarray
    outputs: np.ndarray


@dataclass(frozen=True)
class BundleContent:
    """All that a bundle holds."""

    description: Description
    model_inputs: tuple[TensorSpec, ...]
    model_outputs: tuple[TensorSpec, ...]
    variants: tuple[ConvertedVariant, ...]
    skipped: tuple[SkippedVariant, ...]
    golden: GoldenInputs
    golden_outputs: tuple[np.ndarray, ...]
    golden_pictures: GoldenPictures | None
    heldout: HeldOutImages | None
    provenance: Provenance
    rescues: tuple[Rescue, ...] = ()
    card: CardContent | None = None
