"""From a stored model to the content of a bundle."""

from __future__ import annotations

import datetime
import importlib.metadata
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from edgeproof.convert import zoo
from edgeproof.convert.calibration import Calibration, calibration_from_path
from edgeproof.convert.card import card_of
from edgeproof.convert.companions import with_companions
from edgeproof.convert.content import BundleContent, ConvertedVariant, GoldenPictures
from edgeproof.convert.description import Description, describe
from edgeproof.convert.diff.layer_calls import traced_calls
from edgeproof.convert.errors import ConvertError
from edgeproof.convert.freeze import Trace, frozen_trace, trace
from edgeproof.convert.golden import (
    GoldenInputs,
    golden_inputs,
    heldout_from_run,
)
from edgeproof.convert.golden_files import (
    encoded_pictures,
    pictures_from_images,
    pictures_from_run,
)
from edgeproof.convert.keras_model import (
    keras_model,
    shown_inputs,
    tflite_batch,
    with_image_size,
    with_lengths,
)
from edgeproof.convert.keras_outputs import keras_outputs
from edgeproof.convert.memory import give_back
from edgeproof.convert.options import ConvertOptions
from edgeproof.convert.progress import Progress
from edgeproof.convert.reference_answers import with_reference_answers
from edgeproof.convert.rescue.division import divided, with_held_back
from edgeproof.convert.rescue.rescuer import Rescuer
from edgeproof.convert.rescue.result import Rescue
from edgeproof.convert.source import ModelSource, source_sha256
from edgeproof.convert.tensors import graph_specs
from edgeproof.convert.unrolling import forget_states
from edgeproof.convert.variant_maker import VariantMaker
from edgeproof.convert.variants import chosen_variants
from edgeproof.edge.contract import InputContract
from edgeproof.edge.image import batch_from_images, image_from_file
from edgeproof.edge.manifest import KeptFloat, Provenance, SkippedVariant

if TYPE_CHECKING:
    import keras

_VERSIONS_OF = ("edgeproof", "tensorflow", "keras", "ai-edge-quantizer", "ai-edge-litert", "numpy")


def bundle_content(
    source: ModelSource, options: ConvertOptions, *, command: str, progress: Progress
) -> BundleContent:
    """Load the model, convert it to every chosen variant and run the golden inputs through it.

    Args:
        command: how the user asked for it, for the manifest.

    Raises:
        ConvertError: the model or the data cannot be used, or a variant that was asked for by
            name cannot be made.
    """
    seed = options.seed if options.seed is not None else (source.seed or 0)
    progress.step("loading the model")
    loaded = keras_model(
        source,
        trust_lambda=options.trust_lambda,
        custom=options.custom_objects,
        signature=options.signature,
        note=progress.note,
    )
    model = _sized(loaded, options)
    if forgetful := forget_states(model):
        progress.note(
            f"stateful layers ({', '.join(forgetful)}) start from zeros in every call, for the "
            "converted files keep nothing between calls"
        )
    card = card_of(source)
    batch = tflite_batch(model, options.batch)
    progress.step("freezing the graph")
    traced, calls = (trace(model), []) if options.keep_float is None else traced_calls(model)
    frozen = frozen_trace(traced)
    give_back()
    description = describe(source, model, frozen, options, progress.note)
    heldout = None
    if source.run is not None and description.contract is not None:
        heldout = heldout_from_run(source.run, description.contract, len(description.labels))
    holds_back = options.keep_float is not None and heldout is None
    calibration = _calibration(source, model, description, options, seed, holds_back=holds_back)
    data = divided(heldout, calibration, description.contract, options.keep_float, seed=seed)
    progress.step("running the golden inputs")
    golden = golden_inputs(
        model,
        description.contract,
        heldout=data.heldout,
        calibration=data.calibration,
        count=options.golden,
        seed=seed,
    )
    golden_outputs = tuple(keras_outputs(model, traced, golden.arrays))
    pictures = _golden_pictures(source, model, traced, description.contract, golden)
    rescuer = None
    if options.keep_float is not None:
        measured_on = data.measured_on(golden).answered(traced, model.inputs[0].shape[0])
        rescuer = Rescuer(options, measured_on, description, frozen, calls, progress)
    del traced  # as large as the model, and not needed by the converters
    give_back()
    maker = VariantMaker(
        model,
        frozen,
        data.calibration,
        progress,
        batch=batch,
        has_layers=source.kind != "saved-model",
        writer=options.writer,
        rescuer=rescuer,
    )
    variants, skipped = _variants(maker, options, description, progress)
    rescues = () if rescuer is None else tuple(rescuer.rescues)
    has_chosen = any(found.layers and found.chosen_on for found in rescues)
    model_inputs, model_outputs = graph_specs(frozen)
    content = BundleContent(
        description,
        model_inputs,
        model_outputs,
        variants,
        skipped,
        golden,
        golden_outputs,
        pictures,
        # what verification will measure on must have chosen nothing
        data.heldout if has_chosen else heldout,
        _provenance(source, options, command, seed, data.calibration, rescues),
        rescues,
        card,
    )
    progress.step("running the reference kernels")
    return with_reference_answers(content, progress.note)


def _variants(
    maker: VariantMaker, options: ConvertOptions, description: Description, progress: Progress
) -> tuple[tuple[ConvertedVariant, ...], tuple[SkippedVariant, ...]]:
    """Every chosen variant; with "all", what the model cannot become and why."""
    variants: list[ConvertedVariant] = []
    skipped: list[SkippedVariant] = []
    for recipe in chosen_variants(options.variants):
        progress.step(recipe.id)
        try:
            variants.append(with_companions(maker.make(recipe), description))
            give_back()
        except ConvertError as error:
            if options.variants != "all":
                raise ConvertError(f"{recipe.id} cannot be made: {error}") from error
            skipped.append(SkippedVariant(recipe.id, str(error)))
    if not variants:
        raise ConvertError(f"expected at least one variant, got none: {skipped[0].reason}")
    return tuple(variants), tuple(skipped)


def _sized(model: keras.Model, options: ConvertOptions) -> keras.Model:
    shape = tuple(model.inputs[0].shape)
    takes_pictures = len(model.inputs) == 1 and len(shape) == 4 and shape[3] in (1, 3)
    is_free = takes_pictures and None in shape[1:3]
    if options.size is None:
        if is_free:
            raise ConvertError(
                f"expected a fixed image size, got a model that takes any ({shape[1]} x {shape[2]})"
                "; choose one with --size HEIGHTxWIDTH"
            )
        return _of_length(model, options)
    if is_free:
        return with_image_size(model, options.size)
    if takes_pictures and shape[1:3] == options.size:
        return model
    raise ConvertError(
        f"expected a model of free image size for --size, got inputs of {shape[1:]}; leave it out"
    )


def _of_length(model: keras.Model, options: ConvertOptions) -> keras.Model:
    is_free = any(None in tuple(tensor.shape[1:]) for tensor in model.inputs)
    if options.length is None and is_free:
        raise ConvertError(
            f"expected fixed lengths, got a model that takes any: {shown_inputs(model)}; choose "
            "with --length N, or keep TF.js models free with --length dynamic"
        )
    if options.length is not None and not is_free:
        raise ConvertError(
            f"expected a model of free length for --length, got {shown_inputs(model)}; leave it out"
        )
    if options.length is None or options.length == "dynamic":
        return model
    return with_lengths(model, options.length)


def _calibration(
    source: ModelSource,
    model: keras.Model,
    description: Description,
    options: ConvertOptions,
    seed: int,
    *,
    holds_back: bool,
) -> Calibration | None:
    path = options.calibration
    if path is None and source.run is not None:
        path = source.run / "calibration.npz"
    if path is None:
        return None
    limit = options.calibration_limit
    if holds_back:
        limit = with_held_back(limit)
    return calibration_from_path(path, model, description.contract, limit=limit, seed=seed)


def _golden_pictures(
    source: ModelSource,
    model: keras.Model,
    traced: Trace,
    contract: InputContract | None,
    golden: GoldenInputs,
) -> GoldenPictures | None:
    if contract is None or model.inputs[0].shape[0] is not None:
        return None
    examples = pictures_from_run(source.run) if source.run is not None else []
    pictures = encoded_pictures(examples or pictures_from_images(golden.stored[0]))
    images = np.stack([image_from_file(p.content, contract) for p in pictures])
    outputs = keras_outputs(model, traced, (batch_from_images(images, contract),))
    return GoldenPictures(pictures, images, outputs[0])


def _provenance(
    source: ModelSource,
    options: ConvertOptions,
    command: str,
    seed: int,
    calibration: Calibration | None,
    rescues: Sequence[Rescue],
) -> Provenance:
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    place = source.path.absolute().as_posix()
    return Provenance(
        source=place if source.zoo is None else zoo.recorded(source.zoo),
        source_sha256=source_sha256(source.model),
        command=command,
        created=now,
        seed=seed,
        versions=_versions(_VERSIONS_OF),
        recipe=source.recipe,
        calibration=calibration.description if calibration is not None else None,
        labels_from=options.labels.name if options.labels is not None else None,
        signature=options.signature,
        kept_float=tuple(KeptFloat(r.variant, r.names, r.chosen_on) for r in rescues if r.layers),
    )


def _versions(distributions: Sequence[str]) -> dict[str, str]:
    return {name: importlib.metadata.version(name) for name in distributions}
