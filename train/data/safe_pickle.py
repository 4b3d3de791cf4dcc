"""Reads the pickles that CIFAR-10 is published as, without running what else a pickle may hold.

A pickle is a program. `find_class` is the only door through which it reaches Python's functions,
so this one opens only to stand-ins for what NumPy pickles an array with. (`_codecs.encode` is how
Python 3 writes bytes in the old protocols.)
"""

import _codecs
import io
import pickle
from typing import Any

import numpy as np


class UnsafePickle(ValueError):
    """Not a pickle of a dictionary of arrays, bytes, numbers and lists."""


def load_arrays(content: bytes) -> dict[Any, Any]:
    """The dictionary that a pickle holds.

    Raises:
        UnsafePickle: it asks for anything but NumPy arrays and plain values, or is damaged.
    """
    try:
        # latin-1: how strings and arrays of Python 2 come through unchanged
        value = _ArraysOnly(io.BytesIO(content), encoding="latin-1").load()
    except UnsafePickle:
        raise
    except (
        pickle.UnpicklingError,
        EOFError,
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        OverflowError,
        MemoryError,
    ) as error:
        raise UnsafePickle(f"it cannot be read as a pickle ({error})") from error
    if not isinstance(value, dict):
        raise UnsafePickle(f"expected a dictionary, got {type(value).__name__}")
    return value


class _ArraysOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        # NumPy 2 moved numpy.core to numpy._core; files of either are read by either
        module = module.replace("numpy._core.", "numpy.core.")
        allowed = {
            ("numpy.core.multiarray", "_reconstruct"): _empty_array,
            ("numpy.core.numeric", "_frombuffer"): _array_of_buffer,
            ("numpy", "ndarray"): np.ndarray,
            ("numpy", "dtype"): _dtype,
            ("_codecs", "encode"): _latin1,
        }
        if (module, name) not in allowed:
            raise UnsafePickle(f"it asks for {module}.{name}, which no published batch does")
        return allowed[module, name]


def _empty_array(cls: type, shape: tuple[int, ...], typecode: Any) -> np.ndarray:
    """NumPy's `_reconstruct`; `__setstate__` then gives the array its content."""
    if cls is not np.ndarray:
        raise UnsafePickle("it asks for an array of another class than numpy.ndarray")
    return np.ndarray.__new__(np.ndarray, shape, _dtype(typecode))


def _array_of_buffer(
    buffer: Any, dtype: Any, shape: tuple[int, ...], order: str, *_: Any
) -> np.ndarray:
    """NumPy's `_frombuffer`, of protocol 5."""
    array = np.frombuffer(buffer, dtype=_dtype(dtype))
    return array.reshape(shape, order="F" if order == "F" else "C")


def _dtype(spec: Any, *_: Any) -> np.dtype:
    """`numpy.dtype`, of plain numbers only: an object dtype would hold pickles of its own."""
    dtype = np.dtype(spec)
    if dtype.kind not in "biufSU" and spec != b"b":
        raise UnsafePickle(f"it asks for an array of {dtype}")
    return dtype


def _latin1(text: str, encoding: str) -> bytes:
    if encoding not in ("latin1", "latin-1"):
        raise UnsafePickle(f"it asks for the encoding {encoding!r}")
    return _codecs.encode(text, "latin-1")
