"""Layers by name, the gates, and what happens when they break: on the tiny model, in int8."""

import dataclasses
from typing import NamedTuple

import keras
import numpy as np
import pytest

from edgeproof.convert.description import Description
from edgeproof.convert.diff.layer_calls import LayerCall, traced_calls
from edgeproof.convert.flatbuffer import read_tflite
from edgeproof.convert.freeze import FrozenGraph, frozen_trace
from edgeproof.convert.operations import float_operations
from edgeproof.convert.options import ConvertOptions, KeepFloat
from edgeproof.convert.progress import Silent
from edgeproof.convert.quantise import Ranges, activation_ranges, quantised_tflite
from edgeproof.convert.rescue.division import MeasuredOn
from edgeproof.convert.rescue.errors import NoRescue
from edgeproof.convert.rescue.layers import Layer, named_layers, tflite_layers
from edgeproof.convert.rescue.rescuer import Rescuer
from edgeproof.convert.rescue.samples import Samples
from edgeproof.convert.tflite import float_tflite, signature_name
from edgeproof.convert.trial import refusal_by_tflite_runtime
from edgeproof.convert.variants import BY_ID
from edgeproof.edge.contract import InputContract
from edgeproof.edge.errors import UsageError
from tests.convert.conftest import CLASSES, SIZE, pictures

INT8 = BY_ID["tflite-int8"]


class Subject(NamedTuple):
    frozen: FrozenGraph
    calls: list[LayerCall]
    float_model: bytes
    ranges: Ranges
    choosing: Samples
    confirming: Samples
    description: Description

    def layers(self) -> tuple[Layer, ...]:
        few = [self.choosing.stored[0][:4].astype(np.float32)]
        return tflite_layers(self.float_model, self.frozen, self.calls, few)

    def rescuer(
        self, keep_float: KeepFloat, *gates: str, confirming: Samples | None = None
    ) -> Rescuer:
        options = ConvertOptions(keep_float=keep_float, gates=gates)
        choosing = self.choosing if keep_float == "auto" else None
        measured_on = MeasuredOn(choosing, confirming or self.confirming)
        return Rescuer(options, measured_on, self.description, self.frozen, self.calls, Silent())

    def int8(self, rescuer: Rescuer) -> bytes:
        rows = rescuer.in_float(INT8, self.float_model, self.ranges)
        return quantised_tflite(self.float_model, "int8", ranges=self.ranges, in_float=rows)


@pytest.fixture(scope="module")
def subject(tiny_model: keras.Model) -> Subject:
    contract = InputContract(SIZE[0], SIZE[1], "rgb")
    traced, calls = traced_calls(tiny_model)
    frozen = frozen_trace(traced)
    float_model = float_tflite(tiny_model, frozen, batch=1)
    name = signature_name(frozen.inputs[0].name)
    calibration = [{name: image[None].astype(np.float32)} for image in pictures(60, seed=1)]
    samples = [
        Samples(f"{count} pictures", (pictures(count, seed),), contract).answered(traced, None)
        for count, seed in ((40, 2), (30, 3))
    ]
    labelled = [dataclasses.replace(s, labels=s.outputs[0].argmax(axis=1)) for s in samples]
    labels = tuple(map(str, range(CLASSES)))
    description = Description("tiny", "image-classification", labels, contract, "softmax")
    ranges = activation_ranges(float_model, "int8", calibration)
    return Subject(frozen, calls, float_model, ranges, *labelled, description)


def test_layers_share_out_all_operations(subject: Subject) -> None:
    layers = subject.layers()

    operations = [i for layer in layers for i in layer.operations]
    count = len(read_tflite(subject.float_model).subgraphs[0].operators)
    assert sorted(operations) == list(range(count))
    assert layers[-1].name == "scores"
    assert any("batch_normalization" in name for name in layers[1].covers)


def test_names_stand_for_the_operations_that_compute_them(subject: Subject) -> None:
    layers = subject.layers()
    convolution = layers[1]

    assert named_layers(layers, [convolution.name]) == (convolution,)
    # fused into it
    found = named_layers(layers, ["scores", convolution.covers[0]])
    assert found == (convolution, layers[-1])
    with pytest.raises(UsageError, match="got 'score'; did you mean scores"):
        named_layers(layers, ["scores", "score"])


def test_nested_models_and_calls() -> None:
    layers = (
        Layer("encoder/conv", ("encoder/norm",), frozenset({0})),
        Layer("shared", (), frozenset({1})),
        Layer("shared#2", (), frozenset({2})),
        Layer("encoder_2", (), frozenset({3})),
    )
    assert named_layers(layers, ["encoder"]) == layers[:1]
    assert named_layers(layers, ["norm"]) == layers[:1]
    assert named_layers(layers, ["shared"]) == layers[1:3]
    assert named_layers(layers, ["shared#2"]) == layers[2:3]


def test_named_layers_are_in_float_and_no_others(subject: Subject) -> None:
    plain = quantised_tflite(subject.float_model, "int8", ranges=subject.ranges)
    assert float_operations(plain) == {}
    rescuer = subject.rescuer(("scores",))

    content = subject.int8(rescuer)

    # softmax is written in float, and the file's outputs are integers all the same
    kinds = ("DEQUANTIZE", "FULLY_CONNECTED", "SOFTMAX", "QUANTIZE")
    assert float_operations(content) == dict.fromkeys(kinds, 1)
    graph = read_tflite(content).subgraphs[0]
    tensors = [graph.tensors[i].type for i in (*graph.inputs, *graph.outputs)]
    assert tensors == [9, 9]  # INT8
    assert refusal_by_tflite_runtime(content) is None
    (found,) = rescuer.rescues
    assert [layer.name for layer in found.layers] == ["scores"]
    assert found.chosen_on is None
    assert found.price is not None
    assert found.price.bytes_after > found.price.bytes_before
    assert all(check.compared > 0 for check in (*found.before, *found.after))


def test_a_limit_judges_named_layers(subject: Subject) -> None:
    strict = "confidence-drift=1e-9"
    subject.rescuer(("scores",)).in_float(INT8, subject.float_model, subject.ranges)
    with pytest.raises(NoRescue, match=r"with scores in float does not .* confidence-drift"):
        subject.int8(subject.rescuer(("scores",), strict))


def test_gates_that_integers_at_the_ends_alone_break(subject: Subject) -> None:
    with pytest.raises(NoRescue, match=r"with every layer in float, .* breaks agreement 1 \(at"):
        subject.int8(subject.rescuer("auto", "agreement=1.5"))


def test_a_choice_that_does_not_hold_on_other_samples(subject: Subject) -> None:
    """The confirming samples get the answers of others: whatever was chosen, they must say no."""
    other = subject.confirming
    wrong = dataclasses.replace(other, outputs=(np.roll(other.outputs[0], 7, axis=0),))
    with pytest.raises(NoRescue, match=r"meets its gates on 40 pictures, .* but on 30 pictures"):
        subject.int8(subject.rescuer("auto", confirming=wrong))
    rescuer = subject.rescuer("auto")
    subject.int8(rescuer)
    assert [found.layers for found in rescuer.rescues] == [()]


@pytest.mark.parametrize(
    ("gate", "change", "said"),
    [
        ("accuracy-drop:int8=1", {"labels": None}, "expected labelled images"),
        ("agreement=0.9", {"scores": "values"}, "expected a classifier's scores"),
    ],
)
def test_limits_that_nothing_could_break(
    subject: Subject, gate: str, change: dict[str, object], said: str
) -> None:
    if "labels" in change:
        silent = dataclasses.replace(subject.confirming, labels=None)
        with pytest.raises(UsageError, match=said):
            subject.rescuer("auto", gate, confirming=silent)
    else:
        values = dataclasses.replace(subject.description, scores="values")
        with pytest.raises(UsageError, match=said):
            subject._replace(description=values).rescuer("auto", gate)
