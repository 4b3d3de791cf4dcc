"""What a bundle's files must agree on, and hold, before anything runs."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import PurePosixPath

import numpy as np

from edgeproof.convert.teachable_machine import METADATA_JSON
from edgeproof.convert.tflite_metadata import LABELS_FILE
from edgeproof.convert.verify.check import Check, check
from edgeproof.convert.verify.gates import Gate, gate_for
from edgeproof.convert.verify.golden import GoldenSet
from edgeproof.convert.verify.labelled import Labelled
from edgeproof.convert.verify.stored_weights import weight_checks
from edgeproof.edge.bundle import Bundle
from edgeproof.edge.manifest import Variant


def bundle_checks(
    bundle: Bundle, golden: GoldenSet, labelled: Labelled | None, gates: tuple[Gate, ...]
) -> tuple[Check, ...]:
    """Golden inputs and labelled images that can show something, labels and weights that agree.

    `labelled` is the whole of it: a sample may hold one class by chance.
    """
    checks = [_distinct_inputs(golden, gates)]
    if labelled is not None:
        gate = gate_for(gates, "heldout-classes")
        classes = len(np.unique(labelled.labels))
        checks.append(check(gate, labelled.source, classes, len(labelled.labels)))
    if (stated := _labels_check(bundle, gates)) is not None:
        checks.append(stated)
    return (*checks, *weight_checks(bundle, gates))


def _distinct_inputs(golden: GoldenSet, gates: tuple[Gate, ...]) -> Check:
    rows = list(zip(*golden.inputs, strict=True))
    distinct = len({tuple(array.tobytes() for array in row) for row in rows})
    return check(gate_for(gates, "golden-inputs"), "golden inputs", distinct, len(rows))


def _labels_check(bundle: Bundle, gates: tuple[Gate, ...]) -> Check | None:
    """The manifest's labels and those in the variants' own files; None where no file has any."""
    labels, gate = bundle.manifest.labels, gate_for(gates, "labels")
    differing, compared, where = 0, 0, []
    for variant in bundle.manifest.variants:
        try:
            stated = _stated_labels(bundle, variant)
        except (ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
            problem = f"the labels of {variant.id} cannot be read: {error!r}"
            return check(gate, "labels of bundle.json and variants", 0, 0, problem)
        if stated is None:
            continue
        # a label of several lines is one line there; one sigmoid unit has the second label alone
        ours = [" ".join(str(label).splitlines()) for label in labels]
        theirs = [" ".join(str(label).splitlines()) for label in stated]
        single = len(theirs) == 1 and len(ours) == 2 and bundle.manifest.output.scores == "sigmoid"
        ours = ours[1:] if single else ours
        wrong = sum(a != b for a, b in zip(ours, theirs, strict=False))
        wrong += abs(len(ours) - len(theirs))
        differing, compared = differing + wrong, compared + max(len(ours), len(theirs))
        where += [variant.id] if wrong else []
    subject = "labels of bundle.json and variants" + (f": {', '.join(where)}" if where else "")
    return check(gate, subject, differing, compared) if compared else None


def _stated_labels(bundle: Bundle, variant: Variant) -> list[str] | None:
    """The labels that a variant carries for other tools; None where it carries none."""
    for file in variant.files:
        name = PurePosixPath(file.path).name
        if name == METADATA_JSON:
            return list(json.loads(bundle.read(file))["labels"])
        if name.endswith(".tflite"):
            stream = io.BytesIO(bundle.read(file))
            if not zipfile.is_zipfile(stream):
                return None
            with zipfile.ZipFile(stream) as archive:
                if LABELS_FILE not in archive.namelist():
                    return None
                return archive.read(LABELS_FILE).decode().split("\n")
    return None
