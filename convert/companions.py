"""What makes a variant at home in tools that know nothing of bundles."""

from __future__ import annotations

import dataclasses
import time

from edgeproof.convert.content import ConvertedVariant
from edgeproof.convert.description import Description
from edgeproof.convert.teachable_machine import METADATA_JSON, teachable_machine_metadata
from edgeproof.convert.tflite_container import repacked, shorten
from edgeproof.convert.tflite_metadata import can_be_described, with_metadata


def with_companions(variant: ConvertedVariant, description: Description) -> ConvertedVariant:
    """The variant with labels and normalisation where its format's tools look for them.

    An image classifier's .tflite gets TFLite Metadata, its TF.js models a `metadata.json`. Every
    .tflite loses the names that nobody reads.
    """
    start = time.perf_counter()
    files = dict(variant.files)
    is_classifier = description.task == "image-classification"
    if variant.id.startswith("tflite-"):
        content = files[variant.entry]
        if is_classifier and can_be_described(description):
            units = variant.outputs[0].shape[-1]
            assert units is not None
            files[variant.entry] = with_metadata(content, description, units=units)
        else:
            files[variant.entry] = repacked(content, shorten)
    elif is_classifier:
        files[METADATA_JSON] = teachable_machine_metadata(description)
    seconds = variant.seconds + time.perf_counter() - start
    return dataclasses.replace(variant, files=files, seconds=seconds)
