"""MobileNetV2 224 with random weights and batch-norm statistics that fold into something.

python make_mobilenet.py FOLDER writes FOLDER/model.keras, calibration.npz and labels.txt.
"""

import sys
from pathlib import Path

import keras
import numpy as np


def main(folder: Path) -> None:
    generator = np.random.default_rng(0)
    keras.utils.set_random_seed(0)
    model = keras.applications.MobileNetV2(weights=None)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            n = layer.gamma.shape[0]
            gamma, beta = generator.uniform(0.7, 1.5, n), generator.normal(0.1, 0.2, n)
            layer.set_weights(
                [gamma, beta, generator.normal(0, 0.2, n), generator.uniform(0.3, 1.3, n)]
            )
    images = generator.integers(0, 256, (32, 224, 224, 3), dtype=np.uint8)
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "calibration.npz", images=images)
    (folder / "labels.txt").write_text("".join(f"class {n}\n" for n in range(1000)))
    model.save(folder / "model.keras")  # last: where it lies, all is there


main(Path(sys.argv[1]))
