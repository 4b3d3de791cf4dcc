"""TFLiteConverter as its documentation uses it: one process, one precision.

    python public_tflite.py MODEL.keras PRECISION CALIBRATION.npz OUTPUT.tflite

Precision `saved-model` exports the SavedModel that tensorflowjs_converter starts from.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf


def main(source: str, precision: str, calibration: str, output: str) -> None:
    model = keras.models.load_model(source, compile=False)
    if precision == "saved-model":
        model.export(output, verbose=False)
        return
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    images = np.load(calibration)["images"].astype(np.float32) / 127.5 - 1

    def samples() -> Iterator[list[np.ndarray]]:
        for image in images:
            yield [image[np.newaxis]]

    if precision != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if precision == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if precision == "int8":
        converter.representative_dataset = samples
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
    if precision == "int16x8":
        converter.representative_dataset = samples
        ops = tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
        converter.target_spec.supported_ops = [ops]
    Path(output).write_bytes(converter.convert())


main(*sys.argv[1:])
