"""What a picture costs on its way to the model, against Pillow alone.

    python -m tests.bench.pictures [--rounds N]

Prints two tables and writes build/bench/pictures.md: the input contract and the whole way from a
file's bytes against Pillow's own decoding and resize to the same size, without `draft`, interleaved
(medians; processor time); and the most memory that each kind of picture takes, each in a process of
its own.
"""

import argparse
import io
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from edgeproof.edge.contract import InputContract
from edgeproof.edge.errors import ImageError
from edgeproof.edge.image import image_from_file, image_from_picture

CONTRACT = InputContract(224, 224, "rgb")
OUTPUT = Path("build/bench/pictures.md")
SIZES = {"640 x 480": (640, 480), "12 megapixels": (4000, 3000)}
KINDS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "JPEG": ("JPEG", "RGB", {"quality": 90}),
    "JPEG, progressive": ("JPEG", "RGB", {"quality": 90, "progressive": True}),
    "JPEG, turned by EXIF": ("JPEG", "RGB", {"quality": 90, "exif": {0x0112: 6}}),
    "JPEG, CMYK": ("JPEG", "CMYK", {"quality": 90}),
    "PNG, RGB": ("PNG", "RGB", {"compress_level": 1}),
    "PNG, RGBA": ("PNG", "RGBA", {"compress_level": 1}),
    "PNG, palette": ("PNG", "P", {"compress_level": 1}),
    "PNG, 16-bit gray": ("PNG", "I;16", {"compress_level": 1}),
    "WebP": ("WEBP", "RGB", {"method": 0}),
    "WebP, lossless, RGBA": ("WEBP", "RGBA", {"method": 0, "lossless": True}),
    "TIFF, LZW": ("TIFF", "RGB", {"compression": "tiff_lzw"}),
    "BMP": ("BMP", "RGB", {}),
    "GIF": ("GIF", "P", {}),
}
MEGAPIXELS = (8, 12, 24, 30)
# what one process holds before it sees a picture is taken off
PEAK = """
import sys
from edgeproof.edge.contract import InputContract
from edgeproof.edge.errors import ImageError
from edgeproof.edge.image import image_from_file
from tests.edge.corpus.classifying import status_bytes
image_from_file(sys.argv[2], InputContract(8, 8, "rgb"))
before = status_bytes("VmHWM")
try:
    image_from_file(sys.argv[1], InputContract(224, 224, "rgb"))
except ImageError as error:
    sys.exit(str(error))
sys.stdout.write(str(status_bytes("VmHWM") - before))
"""


def photograph(width: int, height: int, mode: str) -> Image.Image:
    """Smooth, with some noise: about as hard to compress as a photograph."""
    rng = np.random.default_rng(0)
    shape = max(1, height // 8), max(1, width // 8), 4
    coarse = Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8))
    picture = coarse.resize((width, height), Image.Resampling.BICUBIC)
    if mode == "I;16":
        return Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257)
    return picture.convert("RGB").quantize(64) if mode == "P" else picture.convert(mode)


def encoded(kind: str, width: int, height: int) -> bytes:
    form, mode, options = KINDS[kind]
    if "exif" in options:
        exif = Image.Exif()
        exif.update(options["exif"])
        options = {**options, "exif": exif}
    buffer = io.BytesIO()
    photograph(width, height, mode).save(buffer, form, **options)
    return buffer.getvalue()


def by_pillow(content: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(content)) as picture:
        picture.load()
        return resized_by_pillow(picture)


def resized_by_pillow(picture: Image.Image) -> np.ndarray:
    rgb = picture if picture.mode == "RGB" else picture.convert("RGB")
    return np.asarray(rgb.resize((CONTRACT.width, CONTRACT.height), Image.Resampling.BILINEAR))


def medians_ms(rounds: int, *sides: Callable[[], object]) -> list[float]:
    times: list[list[float]] = [[] for _ in sides]
    for _ in range(rounds + 1):
        for side, taken in zip(sides, times, strict=True):
            started = time.process_time()
            side()
            taken.append(time.process_time() - started)
    return [1000 * statistics.median(taken[1:]) for taken in times]


def speed(rounds: int) -> list[str]:
    lines = [
        "| picture | contract ms | Pillow ms | ratio | from bytes ms | Pillow ms | ratio |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for size, (width, height) in SIZES.items():
        for kind in KINDS:
            content = encoded(kind, width, height)
            try:
                image_from_file(content, CONTRACT)
            except ImageError:
                lines.append(f"| {kind}, {size} | refused |")
                continue
            with Image.open(io.BytesIO(content)) as picture:
                picture.load()
                ours, theirs, whole, their_whole = medians_ms(
                    rounds if width < 1000 else max(3, rounds // 8),
                    lambda p=picture: image_from_picture(p, CONTRACT),
                    lambda p=picture: resized_by_pillow(p),
                    lambda c=content: image_from_file(c, CONTRACT),
                    lambda c=content: by_pillow(c),
                )
            lines.append(
                f"| {kind}, {size} | {ours:.2f} | {theirs:.2f} | {ours / theirs:.2f} | "
                f"{whole:.2f} | {their_whole:.2f} | {whole / their_whole:.2f} |"
            )
    return lines


def memory() -> list[str]:
    lines = [
        f"| MB for | {' | '.join(f'{m} megapixels' for m in MEGAPIXELS)} |",
        f"| --- |{' ---: |' * len(MEGAPIXELS)}",
    ]
    with tempfile.TemporaryDirectory() as folder:
        file, warm = Path(folder, "picture"), Path(folder, "warm")
        for kind in KINDS:
            warm.write_bytes(encoded(kind, 16, 16))
            cells = []
            for megapixels in MEGAPIXELS:
                width = int((megapixels * 4e6 / 3) ** 0.5)
                file.write_bytes(encoded(kind, width, width * 3 // 4))
                done = subprocess.run(
                    [sys.executable, "-c", PEAK, file, warm],
                    capture_output=True,
                    text=True,
                    check=False,
                )
                cells.append("refused" if done.returncode else f"{int(done.stdout) / 1e6:.0f}")
            lines.append(f"| {kind} | {' | '.join(cells)} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.pictures")
    parser.add_argument("--rounds", type=int, default=40)
    given = parser.parse_args()
    text = "\n".join([*speed(given.rounds), "", *memory()]) + "\n"
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(text)
    print(text)  # noqa: T201  the result


if __name__ == "__main__":
    main()
