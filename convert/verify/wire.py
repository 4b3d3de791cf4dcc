"""Messages between verification and a runtime's process, whatever NumPy each of them has.

A pickled array names a module inside NumPy, which moved in NumPy 2: an emulated board with NumPy 1
and this process with NumPy 2 would not understand each other. Arrays travel as bytes instead.
"""

import io
import pickle
from multiprocessing.connection import Connection
from typing import Any

import numpy as np


class _Pickler(pickle.Pickler):
    def reducer_override(self, value: Any) -> Any:
        if type(value) is np.ndarray and value.dtype != object:
            return array_from_bytes, (value.dtype.str, value.shape, value.tobytes())
        return NotImplemented


def array_from_bytes(dtype: str, shape: tuple[int, ...], content: bytes) -> np.ndarray:
    """An array of its own, in C order. `dtype` as in the array protocol: `<f4`."""
    return np.frombuffer(content, dtype=np.dtype(dtype)).reshape(shape).copy()


def send(pipe: "Connection[Any, Any]", message: Any) -> None:
    """Raises OSError where nobody listens any more."""
    buffer = io.BytesIO()
    _Pickler(buffer, protocol=4).dump(message)
    pipe.send_bytes(buffer.getbuffer())


def receive(pipe: "Connection[Any, Any]") -> Any:
    """Waits for a message. Raises EOFError where nobody can send one any more."""
    return pickle.loads(pipe.recv_bytes())
