"""Faults inside a .tflite whose hash in the manifest is then repaired."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np

from edgeproof.convert.flatbuffer import packed_tflite, read_tflite
from tests.parity.mutants.mutant import Ground

_DTYPES = {0: np.float32, 1: np.float16, 2: np.int32, 7: np.int16, 9: np.int8}
WEIGHTS, BIAS = 1, 2  # which input of an operation


def edited(variant: str, edit: Callable[[Any], None]) -> Callable[[Ground], None]:
    """A fault: the variant's file after an edit of its `ModelT`; its labels stay."""

    def seed(ground: Ground) -> None:
        name = f"variants/{variant}/model.tflite"
        content = (ground.lab.bundle / name).read_bytes()
        model = read_tflite(content)
        edit(model)
        changed = with_label_lines(packed_tflite(model), label_lines(content))
        assert changed != content
        ground.lab.rewrite(name, changed)

    return seed


def label_lines(content: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read("labels.txt").decode().split("\n")


def with_label_lines(content: bytes, lines: list[str]) -> bytes:
    stream = io.BytesIO(content)
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("labels.txt", "\n".join(lines))
    return stream.getvalue()


def on_constant(
    operation: int, which: int, change: Callable[[np.ndarray], np.ndarray]
) -> Callable[[Any], None]:
    """An edit of the weights or the bias of the n-th operation."""

    def edit(model: Any) -> None:
        tensor = constant(model, operation, which)
        buffer = model.buffers[tensor.buffer]
        stored = np.frombuffer(bytes(buffer.data), _DTYPES[tensor.type])
        before = stored.reshape(tensor.shape)
        after = np.ascontiguousarray(change(before.copy()), stored.dtype)
        assert after.shape == before.shape
        assert not np.array_equal(before, after)
        buffer.data = np.frombuffer(after.tobytes(), np.uint8)

    return edit


def constant(model: Any, operation: int, which: int) -> Any:
    """The tensor that holds it; of half precision, the one that is widened."""
    graph = model.subgraphs[0]
    operations = [o for o in graph.operators if len(o.inputs) > 1]
    index = operations[operation].inputs[which]
    makers = {int(o.outputs[0]): o for o in graph.operators}
    if index in makers:
        index = makers[index].inputs[0]
    return graph.tensors[index]


def on_quantisation(
    operation: int, which: int, change: Callable[[Any], None]
) -> Callable[[Any], None]:
    """An edit of the scales and zero points of a constant."""
    return lambda model: change(constant(model, operation, which).quantization)
