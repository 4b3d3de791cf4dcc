"""Arrays reach a process with another NumPy, and arrive as they were."""

from multiprocessing import Pipe
from typing import Any

import numpy as np
import pytest

from edgeproof.convert.verify.wire import receive, send
from edgeproof.edge.manifest import TensorSpec


def sent(message: Any) -> tuple[bytes, Any]:
    """The bytes on the way, and what the other end makes of them."""
    ours, theirs = Pipe()
    with ours, theirs:
        send(ours, message)
        content = theirs.recv_bytes()
        ours.send_bytes(content)
        return content, receive(theirs)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(12, dtype=np.float32).reshape(3, 4),
        np.arange(12, dtype=np.int16).reshape(3, 4)[:, ::-2],
        np.zeros((0, 3), np.uint8),
        np.array(7, np.int64),
        np.array([[np.nan, np.inf]], np.float16),
        np.array([True, False]),
    ],
)
def test_an_array_arrives_as_it_was(array: np.ndarray) -> None:
    _, found = sent(array)
    assert found.dtype == array.dtype
    assert np.array_equal(found, array, equal_nan=array.dtype.kind == "f")
    assert found.flags.writeable


def test_no_message_names_a_module_of_numpy() -> None:
    spec = TensorSpec("scores", "float32", (1, 3), None, None)
    message = ("ok", {"scores": np.ones((2, 3), np.float32), "spec": (spec,), "times": [0.5]})
    content, found = sent(message)
    assert b"numpy" not in content
    assert found[1]["spec"] == (spec,)
    assert found[1]["times"] == [0.5]


def test_an_ended_process_is_noticed() -> None:
    ours, theirs = Pipe()
    theirs.close()
    with ours, pytest.raises(OSError, match="Broken pipe"):
        send(ours, "hello")
    ours, theirs = Pipe()
    theirs.close()
    with ours, pytest.raises(EOFError):
        receive(ours)
