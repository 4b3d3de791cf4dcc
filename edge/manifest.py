"""`bundle.json`: the only source of truth about a converted model.

The manifest is written once, by conversion, and never changed afterwards: what verification
measures lies beside it in `report.json`, so a report can never alter what it reports on.
"""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Literal

from edgeproof.edge.contract import InputContract

SCHEMA_VERSION = 1
_VARIANT_ID = re.compile(r"(tflite|tfjs|tfjs-layers)-[a-z0-9-]+")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class FileEntry:
    """One file of the bundle: path relative to the bundle folder, with `/` separators."""

    path: str
    bytes: int
    sha256: str

    def __post_init__(self) -> None:
        parts = PurePosixPath(self.path).parts
        if not parts or self.path.startswith("/") or ".." in parts or "\\" in self.path:
            raise ValueError(f"path: expected a path inside the bundle, got {self.path!r}")
        if not _SHA256.fullmatch(self.sha256):
            raise ValueError(f"sha256: expected 64 hexadecimal digits, got {self.sha256!r}")


@dataclass(frozen=True)
class TensorSpec:
    """A tensor's name, NumPy dtype name, shape (null: free) and affine quantisation, if any.

    `real = scale * (quantised - zero_point)`, as in the TFLite specification.
    """

    name: str
    dtype: str
    shape: tuple[int | None, ...]
    scale: float | None = None
    zero_point: int | None = None


@dataclass(frozen=True)
class ReferenceAnswers:
    """What LiteRT's reference kernels answer for some golden inputs: the variant's own arithmetic.

    A device's kernels are judged by them in steps of the output. Keras' outputs hold the noise of
    quantisation, behind which a wrong kernel can hide.

    Attributes:
        rows: which golden inputs.
        outputs: an `.npy` for each model output, one row for each of `rows`, in the dtype of the
            variant's tensor.
    """

    rows: tuple[int, ...]
    outputs: tuple[FileEntry, ...]


@dataclass(frozen=True)
class Variant:
    """One converted form of the model. `inputs` and `outputs` stand in the Keras model's order.

    `reference` is there for quantised TFLite variants that the reference kernels run.
    """

    id: str
    entry: str
    files: tuple[FileEntry, ...]
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    reference: ReferenceAnswers | None = None

    def __post_init__(self) -> None:
        if not _VARIANT_ID.fullmatch(self.id):
            raise ValueError(f"id: expected <format>-<precision>, got {self.id!r}")
        if self.entry not in [f.path for f in self.files]:
            raise ValueError(f"entry: expected one of the variant's files, got {self.entry!r}")

    @property
    def format(self) -> str:
        """`tflite`, `tfjs` (graph model) or `tfjs-layers`."""
        match = _VARIANT_ID.fullmatch(self.id)
        assert match is not None
        return "tfjs-layers" if self.id.startswith("tfjs-layers-") else match.group(1)

    @property
    def bytes(self) -> int:
        return sum(f.bytes for f in self.files)

    @property
    def entry_file(self) -> FileEntry:
        return next(f for f in self.files if f.path == self.entry)


@dataclass(frozen=True)
class SkippedVariant:
    """A variant that was asked for and is not there, with the reason in one sentence."""

    id: str
    reason: str


@dataclass(frozen=True)
class Output:
    """How to read the scores of the first output.

    "softmax": probabilities; "logits": softmax is still to be applied; "sigmoid": one probability
    per unit, a single unit being the probability of the second of two labels; "values": no scores.
    """

    scores: Literal["softmax", "logits", "sigmoid", "values"]


@dataclass(frozen=True)
class GoldenFile:
    """An encoded picture whose whole path (decode, orient, flatten, fit, resize) is checked."""

    file: FileEntry
    description: str


@dataclass(frozen=True)
class Golden:
    """Inputs and the Keras model's outputs for them, as `.npy` files.

    Attributes:
        source: where the inputs come from: "test set", "calibration set" or "synthetic".
        inputs: one file per model input; for image models the uint8 images N x H x W x C
            *before* scale and offset, otherwise the input itself.
        outputs: one file per model output, float32, N x ...
        files: encoded pictures.
        file_images: uint8 images that the input contract makes of `files`, in order.
        file_outputs: the first output for `file_images`, float32.
    """

    source: str
    inputs: tuple[FileEntry, ...]
    outputs: tuple[FileEntry, ...]
    files: tuple[GoldenFile, ...] = ()
    file_images: FileEntry | None = None
    file_outputs: FileEntry | None = None


@dataclass(frozen=True)
class HeldOut:
    """Labelled images that training never saw: uint8 images and int64 class indices (`.npy`).

    `total` counts the set that the kept images were drawn from.
    """

    source: str
    images: FileEntry
    labels: FileEntry
    total: int


@dataclass(frozen=True)
class KeptFloat:
    """Layers of an integer variant that compute in float32.

    Attributes:
        variant: its id.
        layers: Keras layers by name, in the order of computation.
        chosen_on: the samples on which they were found to be the fewest that meet the gates, in
            words; null where the user named them.
    """

    variant: str
    layers: tuple[str, ...]
    chosen_on: str | None = None

    @property
    def sentence(self) -> str:
        """For reports and descriptions."""
        why = "by name" if self.chosen_on is None else f"chosen on {self.chosen_on}"
        return f"{self.variant} keeps {', '.join(self.layers)} in float, {why}."


@dataclass(frozen=True)
class TrainedAccuracy:
    """Share of `n` test images that the Keras model had right, with its 95 % interval, 0 to 1."""

    value: float
    low: float
    high: float
    n: int

    def __post_init__(self) -> None:
        # NaN fails every comparison
        if not 0 <= self.low <= self.value <= self.high <= 1 or self.n < 1:
            raise ValueError(
                "expected an accuracy within its interval, of at least one image, got "
                f"{self.low} <= {self.value} <= {self.high} of {self.n}"
            )


@dataclass(frozen=True)
class ModelCard:
    """What training says of the model, for people who meet it as a bundle.

    Attributes:
        accuracy: on the run's whole test set, of which the bundle holds a sample.
        notice: what must be said wherever the model is shown.
        file: the whole card, Markdown.
    """

    accuracy: TrainedAccuracy | None = None
    notice: str | None = None
    file: FileEntry | None = None


@dataclass(frozen=True)
class Provenance:
    """Where the bundle comes from, enough to make it again.

    `source` is the path of the run or model as seen from the bundle's folder, or `zoo:NAME` for a
    model that came with an installed package; `command` is what made it, without folders of that
    machine; `labels_from` names the file that gave the labels, where they are not the run's own;
    `signature` is the one of a SavedModel that was asked for by name; `packed_from` is the SHA-256
    of the `bundle.json` that `edgeproof pack` took this bundle from, whose place `source` is still
    seen from; `kept_float` has a row for each variant that is quantised in part.
    """

    source: str
    source_sha256: str
    command: str
    created: str
    seed: int
    versions: dict[str, str]
    recipe: str | None = None
    calibration: str | None = None
    labels_from: str | None = None
    signature: str | None = None
    packed_from: str | None = None
    kept_float: tuple[KeptFloat, ...] = ()


@dataclass(frozen=True)
class Manifest:
    """The whole of `bundle.json`. `input` is null for models that do not take one picture."""

    schema_version: int
    name: str
    task: Literal["image-classification", "other"]
    labels: tuple[str, ...]
    input: InputContract | None
    output: Output
    model_inputs: tuple[TensorSpec, ...]
    model_outputs: tuple[TensorSpec, ...]
    variants: tuple[Variant, ...]
    skipped: tuple[SkippedVariant, ...]
    golden: Golden
    provenance: Provenance
    heldout: HeldOut | None = None
    card: ModelCard | None = None

    def __post_init__(self) -> None:
        ids = [v.id for v in self.variants]
        if len(set(ids)) != len(ids):
            raise ValueError(f"variants: expected distinct ids, got {', '.join(ids)}")
        if not self.variants:
            raise ValueError("variants: expected at least one, got none")
        if self.task == "image-classification" and self.input is None:
            raise ValueError("input: expected an input contract, got null")

    def all_files(self) -> tuple[FileEntry, ...]:
        """Every file that the manifest names, for integrity checks and for packing."""
        golden, held = self.golden, self.heldout
        card = None if self.card is None else self.card.file
        optional = (golden.file_images, golden.file_outputs, card)
        return (
            *(f for v in self.variants for f in v.files),
            *(f for v in self.variants if v.reference for f in v.reference.outputs),
            *golden.inputs,
            *golden.outputs,
            *(g.file for g in golden.files),
            *(f for f in optional if f is not None),
            *((held.images, held.labels) if held else ()),
        )


def check_version(document: Any) -> None:
    """Raise ValueError for a document of another schema version, before its fields are read."""
    version = document.get("schema_version") if isinstance(document, dict) else None
    if version != SCHEMA_VERSION:
        raise ValueError(
            f"schema_version: expected {SCHEMA_VERSION}, got {version!r}; "
            "convert the model again with this version of edgeproof"
        )
