"""What MediaPipe makes of a .tflite: a process of its own, which knows nothing of edgeproof.

    python mediapipe_answers.py MODEL.tflite [IMAGES.npy]

prints JSON: the best label of each image, the metadata and the files packed with it. In a process
of its own because MediaPipe carries a TensorFlow Lite that is not TensorFlow's.
"""

import json
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mediapipe
import numpy as np
from mediapipe.tasks.metadata import metadata_schema_py_generated as metadata_schema
from mediapipe.tasks.metadata import schema_py_generated as model_schema
from mediapipe.tasks.python import BaseOptions, vision


def main(model: str, images: str | None = None) -> None:
    labels = [] if images is None else list(best_labels(model, np.load(images)))
    with zipfile.ZipFile(model) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    answers = {"labels": labels, "metadata": metadata(Path(model).read_bytes()), "files": files}
    json.dump(answers, sys.stdout)


def best_labels(model: str, images: np.ndarray) -> Iterator[str]:
    options = vision.ImageClassifierOptions(
        base_options=BaseOptions(model_asset_path=model), max_results=1
    )
    with vision.ImageClassifier.create_from_options(options) as classifier:
        for pixels in images:
            image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=pixels)
            yield classifier.classify(image).classifications[0].categories[0].category_name


def metadata(content: bytes) -> Any:
    """The model's metadata as plain values."""
    model = model_schema.ModelT.InitFromPackedBuf(content, 0)
    (entry,) = [m for m in model.metadata if m.name == b"TFLITE_METADATA"]
    buffer = bytes(model.buffers[entry.buffer].data)
    assert buffer[4:8] == b"M001"
    return plain(metadata_schema.ModelMetadataT.InitFromPackedBuf(buffer, 0))


def plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, (list, np.ndarray)):
        return [plain(v) for v in value]
    if hasattr(value, "__dict__"):
        return {k: plain(v) for k, v in vars(value).items() if v is not None}
    return value.item() if isinstance(value, np.generic) else value


main(*sys.argv[1:])
