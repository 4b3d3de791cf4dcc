"""What a device would run without Edgeproof: the bare side of every comparison.

python bare.py MODEL.tflite COLOR SCALE OFFSET PICTURE... prints the index of each picture's label.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from PIL import Image


class Bare:
    """One interpreter with one thread, and the least work between a picture and its tensor."""

    def __init__(self, model: Path, color: str, scale: float, offset: float) -> None:
        self._interpreter = Interpreter(model_path=str(model), num_threads=1)
        self._interpreter.allocate_tensors()
        detail = self._interpreter.get_input_details()[0]
        self._input = detail["index"]
        self._output = self._interpreter.get_output_details()[0]["index"]
        _, height, width, _ = (int(n) for n in detail["shape"])
        self._mode = "L" if color == "gray" else "RGB"
        self.size = width, height
        # each grey level as the tensor's value, looked up: arithmetic cannot cost less
        levels = np.arange(256, dtype=np.float32) * np.float32(scale) + np.float32(offset)
        step, zero_point = detail["quantization"]
        if step:
            limits = np.iinfo(detail["dtype"])
            levels = np.clip(np.rint(levels / step) + zero_point, limits.min, limits.max)
        self._table = levels.astype(detail["dtype"])

    def decoded(self, path: Any) -> Image.Image:
        with Image.open(path) as picture:
            picture.load()
            return picture

    def resized(self, picture: Image.Image) -> np.ndarray:
        """Pillow's own resize to the model's size, without `draft`."""
        if picture.mode != self._mode:
            picture = picture.convert(self._mode)
        return np.asarray(picture.resize(self.size, Image.Resampling.BILINEAR))

    def tensor(self, image: np.ndarray) -> np.ndarray:
        return self._table[image].reshape(1, self.size[1], self.size[0], -1)

    def invoke(self, tensor: np.ndarray) -> np.ndarray:
        """The bare interpreter loop."""
        self._interpreter.set_tensor(self._input, tensor)
        self._interpreter.invoke()
        return self._interpreter.get_tensor(self._output)

    def whole_path(self, path: Any) -> np.ndarray:
        return self.invoke(self.tensor(self.resized(self.decoded(path))))


def main(model: str, color: str, scale: str, offset: str, *pictures: str) -> None:
    bare = Bare(Path(model), color, float(scale), float(offset))
    for picture in pictures:
        sys.stdout.write(f"{int(bare.whole_path(picture).argmax())}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
