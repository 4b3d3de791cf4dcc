"""A sheet of pictures with a caption above each."""

from collections.abc import Sequence

import numpy as np

from edgeproof.train.plots import INK, Plot, new_figure, without_mathematics

# inches
_WIDTH, _TITLE, _LINE, _GAP = 9.0, 0.38, 0.15, 0.1


def picture_sheet(
    images: np.ndarray, captions: Sequence[str], title: str, *, columns: int = 8
) -> Plot:
    """Images in rows of `columns`, each pixel a square.

    Args:
        images: uint8, N x height x width x channels (1 or 3); none make an empty sheet.
        captions: of each image, of as many lines as it has; "" for none.
    """
    if len(images) != len(captions):
        raise ValueError(f"expected a caption for each of {len(images)}, got {len(captions)}")
    lines = max((text.count("\n") + 1 for text in captions if text), default=0)
    wide = _WIDTH / columns - _GAP
    high = wide * images.shape[1] / images.shape[2]
    step = lines * _LINE + high + _GAP
    height = _TITLE + -(-len(images) // columns) * step
    figure = new_figure(_WIDTH, height)
    figure.set_layout_engine("none")
    # one pair of axes in inches: a pair for each picture takes 2 s for 24 of them, this 0.2 s
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, _WIDTH), ylim=(height, 0))
    axes.set_axis_off()
    axes.text(_GAP / 2, _GAP, without_mathematics(title), va="top", weight="bold", size=12)
    for i, (image, caption) in enumerate(zip(images, captions, strict=True)):
        left = i % columns * (wide + _GAP) + _GAP / 2
        top = _TITLE + i // columns * step + lines * _LINE
        pixels = image[..., 0] if image.shape[-1] == 1 else image
        axes.imshow(
            pixels,
            cmap="gray",
            vmin=0,
            vmax=255,
            interpolation="nearest",
            extent=(left, left + wide, top + high, top),
            aspect="auto",
        )
        words = without_mathematics(caption)
        axes.text(left, top - 0.03, words, va="bottom", size=8, color=INK, linespacing=1.1)
    axes.set(xlim=(0, _WIDTH), ylim=(height, 0))  # imshow moves them
    return figure
