"""Smaller precisions derived from a float .tflite by ai-edge-quantizer.

MLPerf Tiny ResNet-8 (CIFAR-10, 256 training images for calibration), top-1 agreement with Keras
on 2,000 test images, in ai-edge-litert 2.3 / tflite-runtime 2.14; bytes:

    precision      ai-edge-quantizer 0.10         TFLiteConverter of TensorFlow 2.21
    float16        0.9995 / 0.9995   166,188      0.9995 / 0.9995   168,972
    dynamic-int8   0.9910 / 0.9910    95,976      0.9910 / 0.9910    96,160
    int8           0.9770 / 0.9795    96,864      0.9805 / 0.9765    97,088
    int16x8        0.9915 / 0.9915    98,248      0.9915 / 0.9915   101,832
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from edgeproof.convert.errors import ConvertError
from edgeproof.convert.kernel_demands import meeting_kernels
from edgeproof.convert.left_in_float import left_in_float
from edgeproof.convert.tflite import SIGNATURE
from edgeproof.convert.variants import Precision

if TYPE_CHECKING:
    import numpy as np

# what TFLiteConverter leaves in float too: small tensors save nothing and cost accuracy
# (ResNet-8 dynamic-int8 with all tensors quantised: agreement 0.9885 for 4 KB less)
_SMALLEST_QUANTISED = 1024

Ranges = dict[str, Any]


def quantised_tflite(
    float_model: bytes,
    precision: Precision,
    *,
    ranges: Ranges | None = None,
    in_float: Iterable[dict[str, Any]] = (),
) -> bytes:
    """The .tflite of a smaller precision, with integer inputs and outputs for int8 and int16x8.

    Args:
        float_model: a float32 .tflite with the signature `serving_default`.
        ranges: of `activation_ranges`, for the calibrated precisions.
        in_float: rows of `left_in_float.py` for what the user wants in float besides.

    Raises:
        ConvertError: the quantiser cannot do it for this model.
    """
    from ai_edge_quantizer import quantizer

    recipe = [*_RECIPES[precision](), *left_in_float(float_model, precision), *in_float]
    try:
        with _without_debugging_warning():
            result = quantizer.Quantizer(float_model, recipe).quantize(
                ranges, enable_progress_bar=False, enable_progress_report=False
            )
    except (ValueError, RuntimeError, KeyError, IndexError, TypeError) as error:
        raise _cannot(precision, error) from error
    if result.quantized_model is None:
        raise ConvertError(f"expected a {precision} model from ai-edge-quantizer, got none")
    content = bytes(result.quantized_model)
    return meeting_kernels(content) if ranges is not None else content


def activation_ranges(
    float_model: bytes, precision: Precision, samples: Iterable[dict[str, np.ndarray]]
) -> Ranges:
    """The smallest and largest value of every tensor over calibration samples.

    Plain minimum and maximum, not ai-edge-quantizer's moving average: that depends on the order
    of the images and clips (ResNet-8: largest error of a probability 0.50 instead of 0.30).

    Args:
        samples: one dictionary of signature input names per run of the model.

    Raises:
        ConvertError: the model cannot be observed, as loops cannot.
    """
    from ai_edge_quantizer import calibrator, recipe_manager
    from ai_edge_quantizer.utils import qsv_utils

    manager = recipe_manager.RecipeManager()
    manager.load_quantization_recipe(_RECIPES[precision]())
    try:
        with _without_debugging_warning():
            observer = calibrator.Calibrator(
                float_model,
                num_threads=2,
                # TFLite's own profiler: 0.27 s for 32 images of MobileNetV2 instead of 2.0 s
                mode=calibrator.CalibrationMode.CALIBRATION_PROFILER_BASED,
                qsv_update_func=qsv_utils.min_max_update,
            )
            observer.calibrate({SIGNATURE: samples}, manager)
    except (ValueError, RuntimeError, KeyError, IndexError, TypeError) as error:
        raise _cannot(precision, error) from error
    return observer.get_model_qsvs()


def _float16() -> Any:
    from ai_edge_quantizer import qtyping, recipe_manager

    manager = recipe_manager.RecipeManager()
    manager.add_quantization_config(
        regex=".*",
        operation_name=qtyping.TFLOperationName.ALL_SUPPORTED,
        op_config=qtyping.OpQuantizationConfig(
            weight_tensor_config=qtyping.TensorQuantizationConfig(
                num_bits=16, dtype=qtyping.TensorDataType.FLOAT
            ),
            compute_precision=qtyping.ComputePrecision.FLOAT,
            explicit_dequantize=True,
        ),
        algorithm_key="float_casting",
    )
    return manager.get_quantization_recipe()


def _dynamic_int8() -> Any:
    from ai_edge_quantizer import qtyping, recipe_manager

    def config(granularity: qtyping.QuantGranularity) -> qtyping.OpQuantizationConfig:
        return qtyping.OpQuantizationConfig(
            weight_tensor_config=qtyping.TensorQuantizationConfig(
                num_bits=8, symmetric=True, granularity=granularity
            ),
            compute_precision=qtyping.ComputePrecision.INTEGER,
            min_weight_elements=_SMALLEST_QUANTISED,
        )

    manager = recipe_manager.RecipeManager()
    add = partial(manager.add_quantization_config, ".*", algorithm_key="min_max_uniform_quantize")
    every, dense = qtyping.TFLOperationName.ALL_SUPPORTED, qtyping.TFLOperationName.FULLY_CONNECTED
    add(operation_name=every, op_config=config(qtyping.QuantGranularity.CHANNELWISE))
    # tflite-runtime 2.14 reads only the first scale of a dense layer whose weights have one per
    # channel, and says nothing: MobileNetV2 agreed with Keras on 0 of 32 images
    add(operation_name=dense, op_config=config(qtyping.QuantGranularity.TENSORWISE))
    return manager.get_quantization_recipe()


def _int8() -> Any:
    from ai_edge_quantizer import recipe

    return recipe.static_wi8_ai8()


def _int16x8() -> Any:
    from ai_edge_quantizer import recipe

    return recipe.static_wi8_ai16()


_RECIPES: dict[Precision, Callable[[], Any]] = {
    "float16": _float16,
    "dynamic-int8": _dynamic_int8,
    "int8": _int8,
    "int16x8": _int16x8,
}


@contextmanager
def _without_debugging_warning() -> Iterator[None]:
    """ai-edge-quantizer keeps all tensors of an interpreter on purpose; LiteRT warns of it."""
    with warnings.catch_warnings():
        message = ".*experimental_preserve_all_tensors"
        warnings.filterwarnings("ignore", message, category=UserWarning)
        yield


def _cannot(precision: Precision, error: Exception) -> ConvertError:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    reason = lines[0][:300] if lines else type(error).__name__
    return ConvertError(f"ai-edge-quantizer cannot make {precision} of this model: {reason}")
