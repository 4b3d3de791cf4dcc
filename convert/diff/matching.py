"""Which tensor of a file holds which layer's output: the one with the same values, in float."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from edgeproof.convert.diff.layer_calls import LayerCall

# relative to the layer's largest value: float32 in another order of operations, batch-norm folded,
# stays below 2e-6 in every model of the tests, other layers' outputs are off by 1e-2 and more
_SAME = 1e-4


def matched_tensors(
    calls: Sequence[LayerCall],
    expected: Mapping[str, np.ndarray],
    tensors: Mapping[str, np.ndarray],
) -> dict[str, str]:
    """The file's tensor for each layer call that has one, by the call's tensor in the trace.

    A name alone proves nothing: converters name a fused operation after its first or its last part.
    So the values decide, and names only choose among equals, such as a Flatten and what it reads.

    Args:
        expected: Keras' values by tensor name, first axis the batch.
        tensors: values of a float32 file that was just made of the same model, in its order.
    """
    by_size: dict[int, list[str]] = {}
    for name, array in tensors.items():
        by_size.setdefault(array.size, []).append(name)
    matched: dict[str, str] = {}
    taken: set[str] = set()
    for call in calls:
        values = expected.get(call.tensor)
        # a constant equals other constants, and says nothing about accuracy
        if values is None or not values.size or values.min() == values.max():
            continue
        candidates = [n for n in by_size.get(values.size, ()) if n not in taken]
        node = call.tensor.partition(":")[0]
        candidates.sort(key=lambda name: node not in name.split(";"))
        found = next((n for n in candidates if _same(tensors[n], values)), None)
        if found is not None:
            taken.add(found)
            matched[call.tensor] = found
    return matched


def _same(values: np.ndarray, expected: np.ndarray) -> bool:
    difference = np.abs(values.reshape(-1) - expected.reshape(-1)).max()
    return bool(difference <= _SAME * np.abs(expected).max())
