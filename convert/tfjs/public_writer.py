"""`--writer tensorflowjs`: the public converter's files, to compare with ours.

It runs in a process of its own, as its documentation says, for it imports JAX, TensorFlow Hub and
decision forests. The extra `reference` pins what lets it start at all.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from edgeproof.convert.errors import ConvertError
from edgeproof.convert.freeze import FrozenGraph
from edgeproof.convert.variants import VariantRecipe

if TYPE_CHECKING:
    import keras

_QUANTISE = {"float16": ["--quantize_float16=*"], "uint8": ["--quantize_uint8=*"]}


def public_writer_files(
    model: keras.Model, frozen: FrozenGraph, recipe: VariantRecipe, *, python: str = sys.executable
) -> dict[str, bytes]:
    """The files of a TF.js model as tensorflowjs writes them: `model.json` first, then the shards.

    The signature gets the Keras model's names, under which the manifest lists the tensors.

    Args:
        python: of an environment that holds tensorflowjs.

    Raises:
        ConvertError: tensorflowjs cannot convert this model.
    """
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "source", Path(folder) / "target"
        if recipe.format == "tfjs-layers":
            source = source.with_suffix(".h5")
            model.save(source)
            formats = ["--input_format=keras", "--output_format=tfjs_layers_model"]
        else:
            model.export(source, verbose=False)
            formats = ["--input_format=tf_saved_model", "--output_format=tfjs_graph_model"]
        command = [python, "-m", "tensorflowjs.converters.converter", *formats]
        command += [*_QUANTISE.get(recipe.precision, []), str(source), str(target)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0 or not (target / "model.json").is_file():
            lines = done.stderr.strip().splitlines() or ["no message"]
            raise ConvertError(f"tensorflowjs cannot convert this model: {lines[-1][:300]}")
        shards = {p.name: p.read_bytes() for p in sorted(target.glob("*.bin"))}
        document = json.loads((target / "model.json").read_bytes())
    if recipe.format == "tfjs":
        _rename(document["signature"], frozen)
    return {"model.json": json.dumps(document, separators=(",", ":")).encode(), **shards}


def _rename(signature: dict[str, dict[str, object]], frozen: FrozenGraph) -> None:
    """Keras names what it exports `output_0`, `output_1`, ... and inputs by their own names."""
    for kind, tensors in (("inputs", frozen.inputs), ("outputs", frozen.outputs)):
        infos, names = signature[kind], [tensor.name for tensor in tensors]
        order = names if set(infos) == set(names) else sorted(infos, key=_number)
        signature[kind] = {n: infos[key] for n, key in zip(names, order, strict=True)}


def _number(name: str) -> tuple[int, str]:
    digits = name.rpartition("_")[2]
    return (int(digits) if digits.isdecimal() else 0, name)
