"""A .tflite file as objects, and back to bytes."""

from __future__ import annotations

from typing import Any


def read_tflite(content: bytes) -> Any:
    """The file as a `ModelT` of LiteRT's schema, to be changed and packed again."""
    from ai_edge_quantizer.utils import tfl_flatbuffer_utils

    return tfl_flatbuffer_utils.read_model(content)


def packed_tflite(model: Any) -> bytes:
    """The bytes of a `ModelT`."""
    import flatbuffers
    import numpy as np

    class AlignedBuilder(flatbuffers.Builder):
        """Aligns the weights to 16 bytes, as the schema asks (`force_align` of Buffer.data)."""

        def StartVector(self, size: int, count: int, alignment: int) -> int:
            return int(super().StartVector(size, count, 16 if size == 1 else alignment))

    for buffer in model.buffers:
        if buffer.data is not None:
            # anything but an array is packed byte by byte: 14 s for MobileNetV2
            buffer.data = np.frombuffer(buffer.data, np.uint8)
    builder = AlignedBuilder(sum(len(b.data) for b in model.buffers if b.data is not None))
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())
