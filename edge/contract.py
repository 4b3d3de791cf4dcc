"""The input contract: how an image file becomes the model's input tensor, as data.

It travels in `bundle.json` and is executed by exactly two implementations that agree to the byte:
`edge/image.py` and `web/static/js/image.js`. A change of meaning here is a change in both.
"""

from dataclasses import dataclass
from typing import Literal

Color = Literal["gray", "rgb"]
Fit = Literal["stretch", "crop", "pad"]


@dataclass(frozen=True)
class InputContract:
    """From a decoded picture to a batch of the model's input.

    The steps, in order: EXIF orientation; alpha flattened over `background`; gray or RGB;
    `fit` to height x width; bilinear resize with antialias in 8-bit fixed point; and
    `batch = float32(image) * scale + offset` per channel, each step rounded to float32.

    Attributes:
        height: rows of the model's input, pixels.
        width: columns of the model's input, pixels.
        color: "gray" (one channel, ITU-R 601-2 luma) or "rgb" (three).
        fit: "stretch" ignores the aspect ratio; "crop" keeps the centre; "pad" adds `background`.
        background: red, green, blue (0-255) that transparent and padded pixels take.
        scale: one factor, or one per channel.
        offset: one summand, or one per channel.
    """

    height: int
    width: int
    color: Color
    fit: Fit = "stretch"
    background: tuple[int, ...] = (0, 0, 0)
    scale: tuple[float, ...] = (1.0,)
    offset: tuple[float, ...] = (0.0,)

    def __post_init__(self) -> None:
        for name in ("height", "width"):
            if not 1 <= getattr(self, name) <= 8192:
                raise ValueError(f"{name}: expected 1 to 8192 pixels, got {getattr(self, name)}")
        if len(self.background) != 3 or not all(0 <= v <= 255 for v in self.background):
            raise ValueError(f"background: expected three values 0 to 255, got {self.background}")
        for name in ("scale", "offset"):
            values = getattr(self, name)
            if len(values) not in (1, self.channels):
                raise ValueError(f"{name}: expected 1 or {self.channels} values, got {len(values)}")

    @property
    def channels(self) -> int:
        return 1 if self.color == "gray" else 3

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height, width, channels of the uint8 image that the contract produces."""
        return self.height, self.width, self.channels
