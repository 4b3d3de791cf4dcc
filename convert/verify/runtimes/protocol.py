"""What a runtime is to verification. Fakes in the tests implement the same three classes."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from edgeproof.edge.manifest import TensorSpec


class Session(Protocol):
    """One variant, loaded by one runtime.

    Golden inputs are passed as the bundle holds them: for image models one uint8 array
    N x height x width x channels *before* scale and offset, otherwise one array per model input.
    """

    @property
    def version(self) -> str:
        """What executes the variant, with its version."""

    @property
    def load_ms(self) -> float:
        """Time from bytes to a model that can run."""

    def run(self, inputs: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        """Real (dequantised) float32 outputs by tensor name, first axis N."""

    def run_file(self, path: str) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """The whole path for an encoded picture of the bundle: its uint8 image and the outputs."""

    def latency_ms(self, inputs: Sequence[np.ndarray], n: int) -> list[float]:
        """Times of `n` runs on the first input alone, after a warm-up."""

    def tensors(self) -> tuple[tuple[TensorSpec, ...], tuple[TensorSpec, ...]] | None:
        """Inputs and outputs as the file itself states them; None where it states none."""

    def gpu_calls(self) -> int | None:
        """Programs run on the graphics card for this variant so far; None where none is used."""

    def close(self) -> None:
        """Free the model."""


class Running(Protocol):
    """A started runtime. Opens one variant at a time."""

    def open(self, variant_id: str) -> Session:
        """Load a variant. Raises EdgeproofError or RuntimeFailed."""

    def close(self) -> None:
        """Stop the runtime and everything it started."""
