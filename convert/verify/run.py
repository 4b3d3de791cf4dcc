"""Verification from a bundle to a report. The command line and the tests call this."""

import datetime
import hashlib
import os
import platform
import time
from functools import partial
from importlib.metadata import version
from pathlib import Path

from edgeproof.convert.progress import Progress, Silent
from edgeproof.convert.verify.bundle_checks import bundle_checks
from edgeproof.convert.verify.errors import VerifyError
from edgeproof.convert.verify.gates import GATES, Gate
from edgeproof.convert.verify.golden import GoldenSet, read_golden
from edgeproof.convert.verify.isolation import IsolatedRunning
from edgeproof.convert.verify.judge import Evidence, judge
from edgeproof.convert.verify.labelled import Labelled, evenly, read_labelled
from edgeproof.convert.verify.layers import Layers
from edgeproof.convert.verify.measure import Measurement, Work
from edgeproof.convert.verify.plan import Plan, not_taken, untaken
from edgeproof.convert.verify.report import (
    NO_LAYERS,
    SCHEMA_VERSION,
    BundleFacts,
    DataFacts,
    Environment,
    NotRun,
    Report,
    RuntimeState,
    State,
    broken_gates,
)
from edgeproof.convert.verify.runtimes.registry import SOURCE_VARIANT, Runtime
from edgeproof.convert.verify.scaleout.evaluate import Elsewhere, Workers
from edgeproof.convert.verify.scaleout.parcel import packed
from edgeproof.convert.verify.schedule import Found, Job, Starter, cores, side_by_side
from edgeproof.convert.verify.screening import positive_label
from edgeproof.convert.verify.source import recorded_source
from edgeproof.edge.bundle import MANIFEST, Bundle


def verify_bundle(
    bundle: Bundle,
    *,
    plan: Plan,
    data: Path | None = None,
    limit: int | None = None,
    gates: tuple[Gate, ...] = GATES,
    positive: str | None = None,
    start: Starter = IsolatedRunning,
    at_once: int | None = None,
    workers: Workers | None = None,
    layers: bool = False,
    progress: Progress = Silent(),  # noqa: B008  has no state
) -> Report:
    """Measure and judge every planned pair of variant and runtime.

    `positive`: which of two labels sensitivity is about; None for the default of `screening.py`.
    `at_once`: how many runtimes give answers at a time; None for one on each core.
    `workers`: who may share the labelled images with the runtimes' own processes.
    `layers`: whether to compare the variants with Keras layer by layer too, where it runs.

    Raises:
        BundleError: a file of the bundle is missing or altered.
        DataError: the labelled data cannot be used.
        UsageError: `positive` is not one of two labels.
        VerifyError: nothing to verify.
    """
    started = time.monotonic()
    positive_index = positive_label(bundle.manifest, positive)
    bundle.check_all()
    if not any(v != SOURCE_VARIANT for _, variants in plan.work for v in variants):
        raise VerifyError(
            f"expected at least one variant of {bundle.folder} on one runtime, got none to run"
        )
    golden = read_golden(bundle)
    labelled = read_labelled(bundle, data, workers, progress)
    static = bundle_checks(bundle, golden, labelled, gates)
    labelled = None if labelled is None else evenly(labelled, limit)
    jobs = [
        Job(
            runtime,
            tuple(_work(bundle, v, golden, labelled, runtime, workers) for v in variants),
            tuple(v.id for v in bundle.manifest.variants)
            if layers and runtime.name == "keras"
            else (),
        )
        for runtime, variants in plan.work
    ]
    shared = any(work.elsewhere for job in jobs for work in job.work)
    if workers is not None and workers.always and not shared:
        progress.note(f"{workers.name} gets nothing: no runtime has labelled images for it")
    found = side_by_side(jobs, bundle, start, at_once or cores(), progress, workers)
    measurements = [m for one in found for m in _measurements(one, plan)]
    if not any(m.variant != SOURCE_VARIANT for m in measurements):
        reasons = "; ".join(f"{one.runtime.name}: {one.unavailable}" for one in found)
        raise VerifyError(f"expected at least one runtime that can run here, got none: {reasons}")
    run_labels = _run_labels(bundle)
    judged = judge(
        Evidence(
            manifest=bundle.manifest,
            golden=golden,
            labelled=labelled,
            run_labels=run_labels,
            measurements=tuple(measurements),
            gates=gates,
            positive=positive_index,
            static=static,
        )
    )
    rows, broken = judged.rows, broken_gates(judged.rows)
    return Report(
        schema_version=SCHEMA_VERSION,
        passed=not broken and all(row.passed for row in rows),
        bundle=_bundle_facts(bundle),
        created=datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        environment=_environment(workers if shared else None),
        runtimes=(*(_state(one, plan, bundle) for one in found), *plan.left_out),
        references=(
            *judged.references,
            *(kept.sentence for kept in bundle.manifest.provenance.kept_float),
        ),
        data=None
        if labelled is None
        else DataFacts(labelled.source, len(labelled.labels), labelled.total),
        rows=rows,
        examples=judged.examples,
        layers=_layers(found, plan) if layers else NO_LAYERS,
        broken=broken,
        gates=gates,
        wall_s=round(time.monotonic() - started, 1),
    )


def _work(
    bundle: Bundle,
    variant_id: str,
    golden: GoldenSet,
    labelled: Labelled | None,
    runtime: Runtime,
    workers: Workers | None,
) -> Work:
    manifest = bundle.manifest
    images = None if labelled is None else labelled.images
    if variant_id == SOURCE_VARIANT:
        inputs, outputs = manifest.model_inputs, manifest.model_outputs
    else:
        variant = bundle.variant(variant_id)
        inputs, outputs = variant.inputs, variant.outputs
    elsewhere = None
    if workers is not None and images is not None and runtime.shared in ("anywhere", workers.where):
        elsewhere = Elsewhere(workers, partial(packed, bundle, runtime.name, variant_id))
    return Work(variant_id, inputs, outputs, golden, images, runtime.heldout_limit, elsewhere)


def _measurements(found: Found, plan: Plan) -> tuple[Measurement, ...]:
    """What is judged: what was asked for by name and could not run is a failure."""
    if not plan.insists:
        return found.measurements
    return found.measurements + tuple(
        Measurement(left.variant, found.runtime.name, "", failure=f"cannot run here: {left.reason}")
        for left in _not_run(found, plan)
    )


def _not_run(found: Found, plan: Plan) -> tuple[NotRun, ...]:
    """The planned variants that turned out to be impossible here."""
    reasons = dict(found.refused)
    if found.unavailable is not None:
        done = {m.variant for m in found.measurements}
        left = (v for v in dict(plan.work)[found.runtime] if v not in done)
        reasons |= dict.fromkeys(left, found.unavailable)
    return tuple(NotRun(variant, reason) for variant, reason in reasons.items())


def _state(found: Found, plan: Plan, bundle: Bundle) -> RuntimeState:
    """What became of a runtime, with all that it did not run."""
    versions = [m.version for m in found.measurements if m.failure is None]
    reasons = [m.failure for m in found.measurements if m.failure is not None][:1]
    state: State = "ran" if versions else "failed"
    if found.unavailable is not None or (found.refused and not found.measurements):
        state = "failed" if plan.insists or found.measurements else "unavailable"
    if found.unavailable is not None:
        reasons.append(found.unavailable)
    reasons += [f"{variant}: not run, because {reason}" for variant, reason in found.refused]
    if (others := not_taken(found.runtime, bundle)) is not None:
        reasons.append(others)
    if found.runtime.emulated and versions:
        reasons.append("no times: an emulator's say nothing about a board's")
    version = versions[0] if versions else None
    # those of named runtimes are failed rows
    not_run = () if plan.insists else _not_run(found, plan)
    not_run += untaken(found.runtime, bundle)
    return RuntimeState(found.runtime.name, version, state, "; ".join(reasons) or None, not_run)


def _layers(found: list[Found], plan: Plan) -> Layers:
    """What the `keras` runtime found, or why it found nothing."""
    for one in found:
        if one.runtime.name == "keras":
            return one.layers or Layers("the Keras model gave no answers")
    (state,) = (left for left in plan.left_out if left.name == "keras")
    return Layers(f"the Keras model was not run: {state.reason}")


def _run_labels(bundle: Bundle) -> tuple[str, ...] | None:
    """What training called the classes; None where the run is gone or its user renamed them."""
    run_config = recorded_source(bundle).run_config
    if run_config is None or bundle.manifest.provenance.labels_from is not None:
        return None
    return tuple(run_config["deployment"]["labels"])


def _bundle_facts(bundle: Bundle) -> BundleFacts:
    manifest = bundle.manifest
    digest = hashlib.sha256((bundle.folder / MANIFEST).read_bytes()).hexdigest()
    return BundleFacts(
        manifest.name, bundle.folder.name, manifest.provenance.source, digest, manifest.labels
    )


def _environment(workers: Workers | None) -> Environment:
    return Environment(
        edgeproof=version("edgeproof"),
        python=platform.python_version(),
        platform=platform.platform(),
        cpus=str(os.cpu_count()),
        workers=None if workers is None or not workers.always else workers.name,
    )
