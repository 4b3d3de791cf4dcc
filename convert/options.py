"""Everything a user can say about a conversion. The defaults are the documentation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edgeproof.edge.contract import Fit

Normalize = Literal["imagenet", "zero-one", "minus-one-one"]
Writer = Literal["edgeproof", "tensorflowjs"]
Scores = Literal["softmax", "logits", "sigmoid"]
KeepFloat = tuple[str, ...] | Literal["auto"]


@dataclass(frozen=True)
class ConvertOptions:
    """How to convert. None means: as the run states it, or as found in the model.

    Attributes:
        variants: "all", or ids separated by commas. With "all" a variant that is impossible for
            the model is skipped with its reason; one that is asked for by name is an error.
        labels: file with one label per line, or a JSON list.
        calibration: folder of pictures, or `.npz` with `images` (uint8, after the input contract)
            or with one array per model input.
        scale, offset: `input = pixel * scale + offset`, one value or one per channel.
        normalize: a named scale and offset instead.
        scores: how to read the output.
        size: height and width, for models whose image size is free.
        length: for free axes of other models, such as steps: one number for all or one for each in
            their order; "dynamic" keeps them free, which only TF.js graph models can.
        name: the bundle's name; default: the run's, or the file's.
        seed: of the golden and calibration samples; default: the run's, or 0.
        golden: how many golden inputs.
        batch: samples per call of the TFLite files, or "dynamic"; default: the model's own fixed
            batch, or 1.
        trust_lambda: run the Python code that Lambda layers hold.
        custom_objects: the user's own layer classes and functions, each as `module:Class`.
        signature: of a SavedModel; default: `serving_default`, or the only one.
        writer: of the TF.js files; "tensorflowjs" is the public converter.
        keep_float: layers of the integer TFLite variants that stay in float, by name; "auto" finds
            the fewest with which the gates hold.
        gates: other limits for that, each as `NAME=VALUE` or `NAME:PRECISION=VALUE`.
        calibration_limit: calibration samples beyond this many are left out, by seeded choice.
    """

    variants: str = "all"
    labels: Path | None = None
    calibration: Path | None = None
    scale: tuple[float, ...] | None = None
    offset: tuple[float, ...] | None = None
    normalize: Normalize | None = None
    fit: Fit | None = None
    background: tuple[int, int, int] | None = None
    scores: Scores | None = None
    size: tuple[int, int] | None = None
    length: tuple[int, ...] | Literal["dynamic"] | None = None
    name: str | None = None
    seed: int | None = None
    batch: int | Literal["dynamic"] | None = None
    trust_lambda: bool = False
    custom_objects: tuple[str, ...] = ()
    signature: str | None = None
    writer: Writer = "edgeproof"
    keep_float: KeepFloat | None = None
    gates: tuple[str, ...] = ()
    golden: int = 32
    calibration_limit: int = 256
