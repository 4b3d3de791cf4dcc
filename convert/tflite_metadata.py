"""TFLite Metadata: what other people's tools need to know to run an image classifier's .tflite.

A FlatBuffer of its own (`metadata_schema.fbs`, identifier M001) in the buffer that the model's
metadata entry `TFLITE_METADATA` names, and the files it mentions as a ZIP behind the model:
https://ai.google.dev/edge/litert/models/metadata. MediaPipe Tasks refuse a model without it.
"""

from __future__ import annotations

import io
import zipfile

from edgeproof.convert.description import Description
from edgeproof.convert.flat_tables import Enum8, Floats, Table, UInt32, flat_bytes
from edgeproof.convert.tflite_container import repacked, set_metadata, shorten
from edgeproof.edge.contract import InputContract

METADATA_NAME = b"TFLITE_METADATA"
LABELS_FILE = "labels.txt"
# nothing here is younger than the schema's first version
_PARSER_VERSION = "1.0.0"
_AXIS_LABELS = Enum8(2)  # AssociatedFileType.TENSOR_AXIS_LABELS
_FEATURES, _IMAGE = Enum8(1), Enum8(2)  # ContentProperties
_NORMALIZATION = Enum8(1)  # ProcessUnitOptions.NormalizationOptions
_COLORS = {"rgb": Enum8(1), "gray": Enum8(2)}
_SCORES = {
    "softmax": ("probability", "Probability of each label."),
    "sigmoid": ("probability", "Probability of each label, independent of the others."),
    "logits": ("logit", "Score of each label before softmax."),
}


def can_be_described(description: Description) -> bool:
    """Is it an image classifier whose input has a mean and a standard deviation?"""
    contract = description.contract
    return (
        description.task == "image-classification" and contract is not None and all(contract.scale)
    )


def with_metadata(content: bytes, description: Description, *, units: int) -> bytes:
    """The .tflite with metadata and labels; its graph and weights are as they were.

    Args:
        description: of an image classifier, see `can_be_described`.
        units: how many scores the model's output holds.
    """
    metadata = metadata_flatbuffer(description)
    packed = repacked(content, shorten, lambda model: set_metadata(model, METADATA_NAME, metadata))
    # a single unit is the probability of the second label
    labels = description.labels[-units:]
    return _with_labels(packed, labels)


def metadata_flatbuffer(description: Description) -> bytes:
    """The `ModelMetadata` of an image classifier."""
    assert description.contract is not None
    name, meaning = _SCORES[description.scores]
    labels = Table({0: LABELS_FILE, 1: "One label per line.", 2: _AXIS_LABELS})
    output = Table(
        {
            0: name,
            1: meaning,
            3: Table({0: _FEATURES, 1: Table({})}),
            **({} if name == "logit" else {5: Table({0: Floats((1.0,)), 1: Floats((0.0,))})}),
            6: (labels,),
        }
    )
    graph = Table({2: (_image_input(description.contract),), 3: (output,)})
    metadata = Table({0: description.name, 1: "Image classifier.", 3: (graph,), 7: _PARSER_VERSION})
    return flat_bytes(metadata, b"M001")


def _image_input(contract: InputContract) -> Table:
    """`(pixel - mean) / std`, which is the contract's `pixel * scale + offset`."""
    count = max(len(contract.scale), len(contract.offset))
    scale = contract.scale * (count // len(contract.scale))
    offset = contract.offset * (count // len(contract.offset))
    pairs = list(zip(scale, offset, strict=True))
    if len(set(pairs)) == 1:  # MediaPipe 1.2 refuses one value per channel
        pairs = pairs[:1]
    mean, std = tuple(-o / s for s, o in pairs), tuple(1 / s for s, _ in pairs)
    ends = [sorted((o, 255 * s + o)) for s, o in pairs]
    highest, lowest = tuple(high for _, high in ends), tuple(low for low, _ in ends)
    size = Table({0: UInt32(contract.width), 1: UInt32(contract.height)})
    image = Table({0: _COLORS[contract.color], 1: size})
    normalization = Table({0: Floats(mean), 1: Floats(std)})
    return Table(
        {
            0: "image",
            1: f"Picture, {contract.color}, fit: {contract.fit}.",
            3: Table({0: _IMAGE, 1: image}),
            4: (Table({0: _NORMALIZATION, 1: normalization}),),
            5: Table({0: Floats(highest), 1: Floats(lowest)}),
        }
    )


def _with_labels(content: bytes, labels: tuple[str, ...]) -> bytes:
    """The model with the ZIP of its associated files behind it.

    Stored, for MediaPipe refuses compressed entries; undated, so that conversion is repeatable.
    """
    stream = io.BytesIO()
    stream.write(content)
    # a label of several lines would be several labels
    text = "\n".join(" ".join(label.splitlines()) for label in labels)
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr(zipfile.ZipInfo(LABELS_FILE), text)
    return stream.getvalue()
