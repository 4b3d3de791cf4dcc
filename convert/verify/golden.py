"""What a bundle says the right answers are, and the labelled images it brings."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from edgeproof.convert.verify.errors import VerifyError
from edgeproof.edge.bundle import Bundle
from edgeproof.edge.golden_set import reference_outputs


@dataclass(frozen=True)
class GoldenSet:
    """Inputs with Keras' outputs, and encoded pictures with their images and outputs.

    Attributes:
        inputs: one array per model input; uint8 N x H x W x C for image models.
        outputs: one float32 array per model output, first axis N.
        files: paths inside the bundle.
        file_images: uint8, one per file; None where there are no files.
        file_outputs: the first output for each file; None where there are no files.
        reference: variant -> what the bundle keeps of its reference kernels' outputs.
    """

    inputs: tuple[np.ndarray, ...]
    outputs: tuple[np.ndarray, ...]
    files: tuple[str, ...]
    file_images: np.ndarray | None
    file_outputs: np.ndarray | None
    reference: Mapping[str, tuple[np.ndarray, ...]] = field(default_factory=dict)


def read_golden(bundle: Bundle) -> GoldenSet:
    """Read the golden set.

    Raises:
        BundleError: a file is missing or altered.
        VerifyError: the arrays do not fit each other.
    """
    golden = bundle.manifest.golden
    inputs = tuple(bundle.array(entry) for entry in golden.inputs)
    outputs = tuple(bundle.array(entry) for entry in golden.outputs)
    counts = {len(array) for array in (*inputs, *outputs)}
    if not inputs or not outputs or len(counts) != 1 or counts == {0}:
        raise VerifyError(
            f"expected golden inputs and outputs of one length in {bundle.folder}, got "
            f"{[len(a) for a in inputs]} and {[len(a) for a in outputs]}; convert the model again"
        )
    has_images, has_outputs = golden.file_images is not None, golden.file_outputs is not None
    if bool(golden.files) != has_images or bool(golden.files) != has_outputs:
        raise VerifyError(
            f"expected golden files together with their images and outputs in {bundle.folder}, "
            f"got {len(golden.files)} files; convert the model again"
        )
    if bundle.manifest.input is not None and not golden.files:
        raise VerifyError(
            f"expected golden files in {bundle.folder}, whose model takes pictures, got none; "
            "convert the model again"
        )
    images = None if golden.file_images is None else bundle.array(golden.file_images)
    answers = None if golden.file_outputs is None else bundle.array(golden.file_outputs)
    if images is not None and answers is not None:
        lengths = {len(golden.files), len(images), len(answers)}
        if len(lengths) != 1:
            raise VerifyError(
                f"expected as many images and outputs as golden files in {bundle.folder}, got "
                f"{len(golden.files)}, {len(images)} and {len(answers)}; convert the model again"
            )
    files = tuple(g.file.path for g in golden.files)
    reference = {}
    for variant in bundle.manifest.variants:
        if (kept := reference_outputs(bundle, variant, len(inputs[0]))) is not None:
            reference[variant.id] = kept
    return GoldenSet(inputs, outputs, files, images, answers, reference)
