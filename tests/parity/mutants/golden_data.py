"""A golden set that is wrong, or that proves nothing."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.parity.mutants.mutant import INT8, Ground, Mutant

Change = Callable[[np.ndarray], np.ndarray]


def rewritten(ground: Ground, name: str, change: Change) -> None:
    """An array of the bundle, changed, with a repaired hash."""
    before = np.load(ground.lab.bundle / name)
    after = change(before.copy())
    assert after.shape != before.shape or not np.array_equal(before, after)
    stream = io.BytesIO()
    np.save(stream, after)
    ground.lab.rewrite(name, stream.getvalue())


def on_arrays(**changes: Change) -> Callable[[Ground], None]:
    """A fault of `golden/<name>.npy`, for each name given."""

    def seed(ground: Ground) -> None:
        for name, change in changes.items():
            rewritten(ground, f"golden/{name}.npy", change)

    return seed


def of_rows(rows: list[int]) -> Callable[[Ground], None]:
    """Inputs and their right outputs, of these rows alone."""
    return on_arrays(inputs=lambda a: a[rows], outputs=lambda a: a[rows])


def few(ground: Ground) -> None:
    """Two inputs, in a bundle that is whole otherwise: reference answers are of more."""
    of_rows([0, 1])(ground)

    def edit(manifest: dict[str, Any]) -> None:
        for variant in manifest["variants"]:
            variant["reference"] = None

    ground.lab.change_manifest(edit)


def of_another_model(outputs: np.ndarray) -> np.ndarray:
    """As sure and as varied as the right ones."""
    return outputs[:, np.random.default_rng(5).permutation(outputs.shape[1])]


def without_pictures(ground: Ground) -> None:
    def edit(manifest: dict[str, Any]) -> None:
        manifest["golden"].update(files=[], file_images=None, file_outputs=None)

    ground.lab.change_manifest(edit)


def on_reference(variant: str) -> Callable[[Ground], None]:
    return lambda ground: rewritten(ground, f"golden/{variant}.npy", lambda a: a[::-1])


def without_inputs(ground: Ground) -> None:
    ground.lab.change_manifest(lambda manifest: manifest["golden"].update(inputs=[], outputs=[]))


def consistent_with_the_variant(ground: Ground) -> None:
    """Model and golden outputs are another network's: only Keras itself can tell."""
    shift = np.linspace(0.98, 1.02, 10, dtype=np.float32)
    on_arrays(outputs=lambda a: a * shift, file_outputs=lambda a: a * shift)(ground)
    from tests.parity.mutants.runtimes import on_rows

    on_rows(lambda rows, _: rows * shift)(ground)


def mutant(
    name: str, change: str, gate: str, seed: Callable[[Ground], None], **options: Any
) -> Mutant:
    return Mutant(f"golden-{name}", change, gate, seed, **options)


MUTANTS = (
    mutant(
        "other-model",
        "the outputs are another model's",
        "relative",
        on_arrays(outputs=of_another_model),
    ),
    mutant(
        "shuffled",
        "the outputs are in another order",
        "relative",
        on_arrays(outputs=lambda a: a[::-1]),
    ),
    mutant(
        "one-swapped",
        "two of 32 outputs are swapped",
        "relative",
        on_arrays(outputs=lambda a: a[[1, 0, *range(2, len(a))]]),
    ),
    mutant(
        "constant",
        "the outputs are all alike",
        "golden-variety",
        on_arrays(outputs=lambda a: np.full_like(a, 0.1)),
    ),
    mutant(
        "black",
        "all inputs are black, with one right answer",
        "golden-variety",
        on_arrays(inputs=np.zeros_like, outputs=lambda a: np.repeat(a[:1], len(a), axis=0)),
    ),
    mutant("copies", "32 copies of one input", "golden-variety", of_rows([0] * 32)),
    mutant("two-inputs", "32 copies of two inputs", "golden-inputs", of_rows([0, 1] * 16)),
    mutant("few", "two inputs in place of 32", "golden-inputs", few),
    mutant(
        "wrong-picture",
        "the golden images are of other pictures",
        "file-images",
        on_arrays(file_images=lambda a: a[::-1]),
    ),
    mutant(
        "wrong-picture-output",
        "the golden files' outputs are in another order",
        "relative",
        on_arrays(file_outputs=lambda a: a[::-1]),
    ),
    mutant(
        "reference",
        "the answers that devices are held to are those of other inputs",
        "stored-steps",
        on_reference("tflite-int8"),
        variant=INT8,
    ),
    mutant(
        "reference-float",
        "the same, of a variant with float outputs",
        "stored-relative",
        on_reference("tflite-dynamic-int8"),
        variant="tflite-dynamic-int8",
    ),
    mutant(
        "other-network",
        "golden outputs and runtime agree on a network that was never trained",
        "golden-reproduced",
        consistent_with_the_variant,
        runtimes=("litert", "keras"),
        with_source=True,
    ),
    mutant(
        "truncated",
        "one output is missing",
        "golden inputs and outputs of one length",
        on_arrays(outputs=lambda a: a[:-1]),
        refused=True,
    ),
    mutant(
        "empty",
        "there are no rows",
        "golden inputs and outputs of one length",
        on_arrays(inputs=lambda a: a[:0], outputs=lambda a: a[:0]),
        refused=True,
    ),
    mutant(
        "no-list",
        "no inputs are listed",
        "golden inputs and outputs of one length",
        without_inputs,
        refused=True,
    ),
    mutant(
        "no-pictures",
        "the golden files are left out",
        "golden files",
        without_pictures,
        refused=True,
    ),
    mutant(
        "fewer-pictures",
        "one image is missing",
        "as many images and outputs as golden files",
        on_arrays(file_images=lambda a: a[:-1]),
        refused=True,
    ),
)
