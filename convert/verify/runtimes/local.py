"""What the runtimes of this Python process share: feeding, whole files, timing."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

import numpy as np

from edgeproof.convert.verify.errors import VerifyError
from edgeproof.edge.bundle import Bundle
from edgeproof.edge.image import batch_from_images, image_from_file
from edgeproof.edge.manifest import TensorSpec

WARM_UP_RUNS = 3


class LocalSession(ABC):
    """A loaded model in this process; subclasses say how it runs."""

    def __init__(self, bundle: Bundle, version: str, load_ms: float) -> None:
        self._bundle = bundle
        self.version = version
        self.load_ms = load_ms

    @abstractmethod
    def run(self, inputs: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        """Real outputs by tensor name, first axis as the inputs'."""

    def run_file(self, path: str) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Decode with `edge.image`, the code that devices run, then `run`."""
        manifest = self._bundle.manifest
        entries = [g.file for g in manifest.golden.files if g.file.path == path]
        if manifest.input is None or not entries:
            raise VerifyError(f"expected a golden file of an image model, got {path}")
        image = image_from_file(self._bundle.read(entries[0]), manifest.input)
        return image, self.run([image[np.newaxis]])

    def latency_ms(self, inputs: Sequence[np.ndarray], n: int) -> list[float]:
        """Times of `n` runs on the first input alone, batching and (de)quantising included."""
        first = [array[:1] for array in inputs]
        for _ in range(WARM_UP_RUNS):
            self.run(first)
        return [timed_ms(lambda: self.run(first)) for _ in range(n)]

    def tensors(self) -> tuple[tuple[TensorSpec, ...], tuple[TensorSpec, ...]] | None:
        return None

    def gpu_calls(self) -> int | None:
        return None

    def close(self) -> None:  # noqa: B027  optional on purpose: most models go with the object
        """Free what does not go with the object."""

    def model_inputs(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Golden inputs as the model's own: images get the contract's scale and offset."""
        contract = self._bundle.manifest.input
        return list(inputs) if contract is None else [batch_from_images(inputs[0], contract)]


def timed_ms(action: Callable[[], object]) -> float:
    """Wall time of one call, milliseconds."""
    started = time.perf_counter()
    action()
    return (time.perf_counter() - started) * 1e3
