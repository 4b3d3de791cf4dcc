"""JPEGs of 640x480 that weigh what photographs do: python pictures.py FOLDER N."""

import sys
from pathlib import Path

import numpy as np
from PIL import Image


def main(folder: Path, n: int) -> None:
    generator = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(n):
        coarse = generator.integers(0, 256, (12, 16, 3), dtype=np.uint8)
        smooth = Image.fromarray(coarse).resize((640, 480), Image.Resampling.BICUBIC)
        noise = generator.normal(0, 6, (480, 640, 1))
        pixels = np.clip(np.asarray(smooth) + noise, 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:04}.jpg", quality=85)


main(Path(sys.argv[1]), int(sys.argv[2]))
