"""What layers compute in: float32, or bfloat16 with float32 weights, for hardware that likes it.

bfloat16 rather than float16, since it has float32's range: no loss has to be scaled, so nothing is
added to what a checkpoint holds. Pixels, 0 to 255, are exact in its eight bits.
"""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def computing_in(mixed_precision: bool) -> Iterator[None]:
    """Layers that are made inside compute in bfloat16, if so asked; their weights are float32."""
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16" if mixed_precision else "float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
