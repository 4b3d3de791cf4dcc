"""TensorFlow Lite files from a Keras model: the float file once, every precision from it.

Why ai-edge-quantizer and not TFLiteConverter for the quantised precisions: measured on MobileNetV2
224 on 2 cores with TensorFlow 2.21 and 32 calibration images, deriving from the float file costs
0.07 s (dynamic-int8), 0.09 s (float16), 0.35 s (int8) and 0.42 s (int16x8); TFLiteConverter,
already given the frozen graph, 2.3, 2.2, 4.3 and 4.8 s. The files run equally well: see the
tables in `quantise.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgeproof.convert.errors import ConvertError
from edgeproof.convert.freeze import FrozenGraph, freeze

if TYPE_CHECKING:
    import keras

SIGNATURE = "serving_default"


def float_tflite(model: keras.Model, *, batch: int) -> bytes:
    """The float32 .tflite of a model, with a fixed batch.

    The batch is fixed while tracing and not afterwards: the loops of recurrent layers need a
    static element shape (`TensorListReserve`) that shape inference does not find later.

    Raises:
        ConvertError: the model cannot be traced, or uses an operation that TFLite lacks.
    """
    return tflite_from_frozen(freeze(model, batch=batch))


def tflite_from_frozen(frozen: FrozenGraph) -> bytes:
    """The float32 .tflite of a frozen graph of fixed shapes, with its names as the signature.

    Raises:
        ConvertError: an operation that TFLite lacks; names it.
    """
    import tensorflow as tf
    from tensorflow.lite.python.convert import ConverterError

    module, signature = _module_with_signature(frozen)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([signature], module)
    try:
        return bytes(converter.convert())
    except (ConverterError, ValueError, RuntimeError) as error:
        raise ConvertError(f"TensorFlow Lite cannot express this model: {_why(error)}") from error


def signature_name(name: str) -> str:
    """A tensor's name as it stands in a .tflite signature, where TensorFlow allows fewer letters.

    The result is a Python identifier, so that `signature_runner(**{name: array})` takes it.
    """
    letters = "".join(c if c.isascii() and c.isalnum() else "_" for c in name)
    return letters if letters[:1].isalpha() else f"t_{letters}"


def _module_with_signature(frozen: FrozenGraph) -> tuple[Any, Any]:
    """A tf.Module (the converter wants something trackable) and its concrete function."""
    import tensorflow as tf

    def imported(*tensors: Any) -> list[Any]:
        inputs = dict(zip((t.tensor for t in frozen.inputs), tensors, strict=True))
        outputs = [t.tensor for t in frozen.outputs]
        return tf.graph_util.import_graph_def(
            frozen.graph_def, input_map=inputs, return_elements=outputs, name=""
        )

    names = [signature_name(t.name) for t in frozen.inputs]
    specs = [tf.TensorSpec(t.shape, t.dtype) for t in frozen.inputs]
    wrapped = tf.compat.v1.wrap_function(imported, specs)

    def call(**tensors: Any) -> dict[str, Any]:
        values = wrapped(*(tensors[name] for name in names))
        outputs = (signature_name(t.name) for t in frozen.outputs)
        return dict(zip(outputs, values, strict=True))

    module = tf.Module()
    module.call = tf.function(call, autograph=False)
    by_name = {
        name: tf.TensorSpec(t.shape, t.dtype, name=name)
        for name, t in zip(names, frozen.inputs, strict=True)
    }
    return module, module.call.get_concrete_function(**by_name)


def _why(error: Exception) -> str:
    """The converter's own first error line out of pages of MLIR."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = [line for line in lines if "error:" in line] or lines or [type(error).__name__]
    return telling[0].rpartition("error: ")[2][:300].rstrip(".")
