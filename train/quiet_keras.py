"""The one door to Keras: on the backend that is asked for, without the lines that TensorFlow writes
to stderr."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Literal

from edgeproof.edge.errors import UsageError

Backend = Literal["tensorflow", "jax", "torch"]


def import_keras(backend: Backend = "tensorflow") -> ModuleType:
    """Import Keras on its backend (seconds), with the same seed giving the same weights where the
    backend can promise that: TensorFlow and PyTorch, and JAX on processors.

    Raises:
        UsageError: this process has Keras on another backend already.
    """
    keras = _on_tensorflow() if backend == "tensorflow" else _on(backend)
    running = keras.backend.backend()
    if running != backend:
        raise UsageError(
            f"expected Keras on {backend}, got it on {running} in this process already; "
            "start another process"
        )
    if backend == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
    elif backend == "torch":
        import torch

        torch.use_deterministic_algorithms(True, warn_only=True)
    return keras


def _on(backend: Backend) -> ModuleType:
    os.environ["KERAS_BACKEND"] = backend
    import keras

    return keras


def _on_tensorflow() -> ModuleType:
    # read when TensorFlow's library is loaded: 3 leaves only fatal messages
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    logging.getLogger("absl").setLevel(logging.ERROR)
    if "tensorflow" in sys.modules:
        import keras

        return keras
    with _native_stderr_closed():
        import keras
        import tensorflow as tf

        tf.config.list_physical_devices()  # looks for CUDA, and says so, when first asked
    return keras


@contextmanager
def _native_stderr_closed() -> Iterator[None]:
    """Drop what C++ writes to stderr: "could not find CUDA" heeds no log level (2.19 to 2.21).

    Python's own errors are raised as ever: they are printed later, by the command line.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(nowhere)
        os.close(kept)
