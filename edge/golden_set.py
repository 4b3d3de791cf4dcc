"""What a bundle says the right answers are, as arrays."""

from dataclasses import dataclass

import numpy as np

from edgeproof.edge.bundle import Bundle
from edgeproof.edge.errors import BundleError
from edgeproof.edge.manifest import GoldenFile, Variant


@dataclass(frozen=True)
class GoldenSet:
    """Golden inputs with Keras' outputs, and encoded pictures with their images and outputs.

    Attributes:
        inputs: one array per model input; uint8 N x H x W x C for image models.
        outputs: one float32 array per model output, first axis N.
        files: the encoded pictures.
        file_images: what the contract makes of them, uint8; empty without files.
        file_outputs: the first output for each of them; empty without files.
    """

    inputs: tuple[np.ndarray, ...]
    outputs: tuple[np.ndarray, ...]
    files: tuple[GoldenFile, ...]
    file_images: np.ndarray
    file_outputs: np.ndarray

    def __len__(self) -> int:
        """How many golden inputs there are."""
        return len(self.inputs[0])

    def at_most(self, count: int) -> "GoldenSet":
        """As many inputs and as many files, evenly spaced."""
        rows, chosen = _spaced(len(self), count), _spaced(len(self.files), count)
        return GoldenSet(
            tuple(array[rows] for array in self.inputs),
            tuple(array[rows] for array in self.outputs),
            tuple(self.files[i] for i in chosen),
            self.file_images[chosen],
            self.file_outputs[chosen],
        )


def read_golden_set(bundle: Bundle) -> GoldenSet:
    """Read the golden set, every file's hash checked.

    Raises:
        BundleError: a file is missing or altered, or there is nothing to compare with.
    """
    golden = bundle.manifest.golden
    inputs = tuple(bundle.array(entry) for entry in golden.inputs)
    outputs = tuple(bundle.array(entry) for entry in golden.outputs)
    counts = {array.shape[:1] for array in (*inputs, *outputs)}
    if not inputs or not outputs or len(counts) != 1 or counts <= {(), (0,)}:
        raise BundleError(
            f"expected golden inputs and outputs of one length in {bundle.folder}, got "
            f"{[a.shape for a in inputs]} and {[a.shape for a in outputs]}; convert the model again"
        )
    if golden.file_images is None or golden.file_outputs is None:
        images, answers = np.empty((0,), np.uint8), np.empty((0,), np.float32)
    else:
        images, answers = bundle.array(golden.file_images), bundle.array(golden.file_outputs)
    lengths = {(len(golden.files),), images.shape[:1], answers.shape[:1]}
    missing = bundle.manifest.input is not None and not golden.files
    if len(lengths) != 1 or missing:
        raise BundleError(
            f"expected golden picture files with as many images and outputs in {bundle.folder}, "
            f"got {len(golden.files)}, {images.shape} and {answers.shape}; convert the model again"
        )
    return GoldenSet(inputs, outputs, golden.files, images, answers)


def reference_outputs(
    bundle: Bundle, variant: Variant, count: int
) -> tuple[np.ndarray, ...] | None:
    """What the bundle keeps of a variant's own arithmetic, in the dtypes of its file.

    Args:
        count: how many golden inputs there are.

    Returns:
        An array for each model output, a row for each of `variant.reference.rows`; None where
        nothing is kept.

    Raises:
        BundleError: a file is missing or altered, or does not fit.
    """
    reference = variant.reference
    if reference is None:
        return None
    outputs = tuple(bundle.array(entry) for entry in reference.outputs)
    fits = [array.dtype.name for array in outputs] == [spec.dtype for spec in variant.outputs]
    lengths = {array.shape[:1] for array in outputs}
    is_there = bool(reference.rows) and set(reference.rows) <= set(range(count))
    if not fits or not is_there or lengths != {(len(reference.rows),)}:
        raise BundleError(
            f"expected reference answers of {variant.id} for {len(reference.rows)} of {count} "
            f"golden inputs, got {[(a.dtype.name, a.shape) for a in outputs]}; "
            "convert the model again"
        )
    return outputs


def _spaced(length: int, count: int) -> np.ndarray:
    """At most `count` evenly spaced positions, the first and the last among them."""
    return np.unique(np.linspace(0, max(0, length - 1), min(length, count)).astype(int))
