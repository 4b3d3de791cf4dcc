"""How a model is to be fed and read: from its run, from the user's options, from its own shape."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from edgeproof.convert.errors import ConvertError
from edgeproof.convert.freeze import FrozenGraph
from edgeproof.convert.labels import labels_from_file
from edgeproof.convert.options import ConvertOptions, Normalize
from edgeproof.convert.source import ModelSource
from edgeproof.edge.contract import InputContract
from edgeproof.edge.errors import UsageError

if TYPE_CHECKING:
    import keras

Note = Callable[[str], None]
ScoresOrValues = Literal["softmax", "logits", "sigmoid", "values"]

# (scale, offset) per channel on pixels 0..255
_NORMALIZE: dict[Normalize, tuple[tuple[float, ...], tuple[float, ...]]] = {
    # mean and standard deviation of ImageNet, as in torchvision and Keras' "torch" mode
    "imagenet": (
        tuple(1 / (255 * s) for s in (0.229, 0.224, 0.225)),
        tuple(-m / s for m, s in zip((0.485, 0.456, 0.406), (0.229, 0.224, 0.225), strict=True)),
    ),
    "zero-one": ((1 / 255,), (0.0,)),
    "minus-one-one": ((1 / 127.5,), (-1.0,)),
}
# operations that hand scores on unchanged
_TRANSPARENT = {"Identity", "Reshape", "Squeeze", "Cast"}
_SCORES_OF_OP: dict[str, ScoresOrValues] = {"Softmax": "softmax", "Sigmoid": "sigmoid"}


@dataclass(frozen=True)
class Description:
    """What the manifest says about the model as a whole."""

    name: str
    task: Literal["image-classification", "other"]
    labels: tuple[str, ...]
    contract: InputContract | None
    scores: ScoresOrValues


def describe(
    source: ModelSource,
    model: keras.Model,
    frozen: FrozenGraph,
    options: ConvertOptions,
    note: Note,
) -> Description:
    """Put together what is stated and what is found; what is guessed is noted.

    Raises:
        ConvertError: labels or contract do not fit the model.
        UsageError: an option that means nothing for this model.
    """
    name = options.name or (source.deployment.name if source.deployment else source.path.stem)
    contract = _contract(source, model, options, note)
    shape = model.outputs[0].shape
    if contract is None or len(model.outputs) != 1 or len(shape) != 2 or shape[1] is None:
        for option in ("labels", "scores"):
            if getattr(options, option) is not None:
                raise UsageError(
                    f"expected an image classifier for --{option}, got a model of "
                    f"{_shapes(model.inputs)} to {_shapes(model.outputs)}"
                )
        return Description(name, "other", (), contract, "values")
    scores = _scores(source, frozen, options, note)
    labels = _labels(source, options, int(shape[1]), scores, note)
    return Description(name, "image-classification", labels, contract, scores)


def _contract(
    source: ModelSource, model: keras.Model, options: ConvertOptions, note: Note
) -> InputContract | None:
    shape = tuple(model.inputs[0].shape)
    is_image = len(model.inputs) == 1 and len(shape) == 4 and shape[3] in (1, 3)
    changes = _stated_changes(options)
    if not is_image:
        if changes:
            raise UsageError(
                "expected a model of one picture for "
                f"{', '.join('--' + c for c in changes)}, got inputs {_shapes(model.inputs)}"
            )
        return None
    try:
        if source.deployment is not None:
            contract = dataclasses.replace(source.deployment.input, **changes)
            if contract.image_shape != shape[1:]:
                raise ConvertError(
                    f"expected an input contract of {shape[1:]} as the model's input, "
                    f"got {contract.image_shape} in {source.path / 'config.json'}"
                )
            return contract
        if "scale" not in changes and "offset" not in changes:
            note(
                "no --normalize or --scale: the model is fed pixels 0 to 255, "
                "as models with their own Rescaling layer want them"
            )
        color: Literal["gray", "rgb"] = "gray" if shape[3] == 1 else "rgb"
        return InputContract(int(shape[1]), int(shape[2]), color, **changes)
    except ValueError as error:
        raise UsageError(f"input contract: {error}") from error


def _stated_changes(options: ConvertOptions) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if options.normalize is not None:
        changes["scale"], changes["offset"] = _NORMALIZE[options.normalize]
    for field in ("scale", "offset", "fit", "background"):
        if getattr(options, field) is not None:
            changes[field] = getattr(options, field)
    return changes


def _scores(
    source: ModelSource, frozen: FrozenGraph, options: ConvertOptions, note: Note
) -> ScoresOrValues:
    if options.scores is not None:
        return options.scores
    if source.deployment is not None:
        return source.deployment.scores
    op = _last_operation(frozen)
    if op not in _SCORES_OF_OP:
        note(f"the model ends in {op}, not in Softmax or Sigmoid: its outputs are read as logits")
    return _SCORES_OF_OP.get(op, "logits")


def _last_operation(frozen: FrozenGraph) -> str:
    nodes = {node.name: node for node in frozen.graph_def.node}
    node = nodes[frozen.outputs[0].tensor.partition(":")[0]]
    while node.op in _TRANSPARENT:
        node = nodes[node.input[0].partition(":")[0]]
    return node.op


def _labels(
    source: ModelSource, options: ConvertOptions, units: int, scores: ScoresOrValues, note: Note
) -> tuple[str, ...]:
    # a single sigmoid unit is the probability of the second of two labels
    expected = 2 if scores == "sigmoid" and units == 1 else units
    if options.labels is not None:
        labels, origin = labels_from_file(options.labels), str(options.labels)
    elif source.deployment is not None:
        labels, origin = source.deployment.labels, str(source.path / "config.json")
    else:
        note(f'no --labels: the {expected} classes are named "0" to "{expected - 1}"')
        return tuple(str(index) for index in range(expected))
    if len(labels) != expected:
        raise ConvertError(
            f"expected {expected} labels, one per output of the model, "
            f"got {len(labels)} in {origin}"
        )
    return labels


def _shapes(tensors: Any) -> str:
    return ", ".join("x".join("?" if n is None else str(n) for n in t.shape[1:]) for t in tensors)
