"""The one door to Keras: on TensorFlow, without the lines that TensorFlow writes to stderr."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType


def import_keras() -> ModuleType:
    """Import TensorFlow and Keras (seconds) and return Keras."""
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
