"""Verification from a bundle to a report. The command line and the tests call this."""

import datetime
import hashlib
import os
import platform
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from edgeproof.convert.progress import Progress, Silent
from edgeproof.convert.verify.errors import VerifyError
from edgeproof.convert.verify.faithfulness import reference_runtime
from edgeproof.convert.verify.gates import GATES, Gate
from edgeproof.convert.verify.golden import GoldenSet, read_golden
from edgeproof.convert.verify.isolation import IsolatedRunning
from edgeproof.convert.verify.judge import Evidence, judge
from edgeproof.convert.verify.labelled import Labelled, evenly, read_labelled
from edgeproof.convert.verify.measure import Measurement, Work, measure
from edgeproof.convert.verify.report import (
    SCHEMA_VERSION,
    BundleFacts,
    DataFacts,
    Report,
    RuntimeState,
    broken_gates,
)
from edgeproof.convert.verify.runtimes.protocol import Running
from edgeproof.convert.verify.runtimes.registry import (
    RUNTIMES,
    SOURCE_VARIANT,
    Runtime,
    named_runtimes,
    why_unavailable,
)
from edgeproof.convert.verify.source import recorded_source
from edgeproof.edge.bundle import MANIFEST, Bundle
from edgeproof.edge.errors import EdgeproofError, RuntimeUnavailable
from edgeproof.edge.manifest import Variant

Starter = Callable[[str, Bundle], Running]


@dataclass(frozen=True)
class Plan:
    """Which runtime runs which variants, and what became of the other runtimes."""

    work: tuple[tuple[Runtime, tuple[str, ...]], ...]
    left_out: tuple[RuntimeState, ...]

    @property
    def steps(self) -> int:
        return sum(len(variants) for _, variants in self.work)


def planned(bundle: Bundle, names: Sequence[str] | None) -> Plan:
    """What to run: the asked-for runtimes and the references that judge them.

    `names` None: all that can run here.

    Raises:
        UsageError: an unknown runtime.
        RuntimeUnavailable: an asked-for runtime, or the reference of one, cannot run here.
    """
    asked = RUNTIMES if names is None else named_runtimes(names)
    needed = {
        reference_runtime(variant) for runtime in asked for variant in _variants_of(runtime, bundle)
    }
    work, left_out = [], []
    for runtime in RUNTIMES:
        variants = [v.id for v in _variants_of(runtime, bundle)]
        if runtime.name == "keras":
            variants = [SOURCE_VARIANT]
        elif runtime not in asked:
            # a reference that nobody asked for runs only what it has to judge
            variants = [v for v in variants if _judges(runtime, v, bundle)]
        wanted = runtime in asked or (runtime.name in needed and bool(variants))
        reason = why_unavailable(runtime, bundle) if wanted else "not asked for"
        if wanted and reason is not None and names is not None:
            role = "" if runtime in asked else " (the reference of a quantised variant)"
            raise RuntimeUnavailable(f"the runtime {runtime.name}{role} cannot run here: {reason}")
        if wanted and reason is None and variants:
            work.append((runtime, tuple(variants)))
        else:
            state = "unavailable" if wanted and reason is not None else "not asked for"
            if wanted and not variants:
                state, reason = "nothing to run", "the bundle has no variant for it"
            left_out.append(RuntimeState(runtime.name, None, state, reason))
    return Plan(tuple(work), tuple(left_out))


def verify_bundle(
    bundle: Bundle,
    *,
    plan: Plan,
    data: Path | None = None,
    limit: int | None = None,
    gates: tuple[Gate, ...] = GATES,
    start: Starter = IsolatedRunning,
    progress: Progress = Silent(),  # noqa: B008  has no state
) -> Report:
    """Measure and judge every planned pair of variant and runtime.

    Raises:
        BundleError: a file of the bundle is missing or altered.
        DataError: the labelled data cannot be used.
        VerifyError: nothing to verify.
    """
    started = time.monotonic()
    bundle.check_all()
    if not any(v != SOURCE_VARIANT for _, variants in plan.work for v in variants):
        raise VerifyError(
            f"expected at least one variant of {bundle.folder} on one runtime, got none to run"
        )
    golden = read_golden(bundle)
    labelled = read_labelled(bundle, data)
    labelled = None if labelled is None else evenly(labelled, limit)
    measurements: list[Measurement] = []
    states: list[RuntimeState] = []
    for runtime, variants in plan.work:
        found = _measured(bundle, runtime, variants, golden, labelled, start, progress)
        measurements += found
        states.append(_state(runtime, found))
    run_labels = _run_labels(bundle)
    rows, references = judge(
        Evidence(
            manifest=bundle.manifest,
            golden=golden,
            labelled=labelled,
            run_labels=run_labels,
            measurements=tuple(measurements),
            gates=gates,
        )
    )
    broken = broken_gates(rows)
    return Report(
        schema_version=SCHEMA_VERSION,
        passed=not broken and all(row.passed for row in rows),
        bundle=_bundle_facts(bundle),
        created=datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        environment=_environment(),
        runtimes=(*states, *plan.left_out),
        references=references,
        data=None
        if labelled is None
        else DataFacts(labelled.source, len(labelled.labels), labelled.total),
        rows=rows,
        broken=broken,
        gates=gates,
        wall_s=round(time.monotonic() - started, 1),
    )


def _measured(
    bundle: Bundle,
    runtime: Runtime,
    variants: tuple[str, ...],
    golden: GoldenSet,
    labelled: Labelled | None,
    start: Starter,
    progress: Progress,
) -> list[Measurement]:
    """One measurement per variant; a runtime that dies is started again for the next one."""
    found: list[Measurement] = []
    while len(found) < len(variants):
        left = variants[len(found) :]
        try:
            running = start(runtime.name, bundle)
        except EdgeproofError as error:
            return found + [_failed(variant, runtime, error, progress) for variant in left]
        with closing(running):
            for variant in left:
                progress.step(f"{runtime.name}: {variant}")
                work = _work(bundle, variant, golden, labelled, runtime.heldout_limit)
                try:
                    found.append(measure(running, runtime.name, work))
                except EdgeproofError as error:
                    found.append(_failed(variant, runtime, error, progress))
                    break
    return found


def _failed(
    variant: str, runtime: Runtime, error: EdgeproofError, progress: Progress
) -> Measurement:
    progress.note(f"{variant} on {runtime.name} failed: {error}")
    return Measurement(variant, runtime.name, "", failure=str(error))


def _work(
    bundle: Bundle,
    variant_id: str,
    golden: GoldenSet,
    labelled: Labelled | None,
    heldout_limit: int | None,
) -> Work:
    manifest = bundle.manifest
    images = None if labelled is None else labelled.images
    if variant_id == SOURCE_VARIANT:
        inputs, outputs = manifest.model_inputs, manifest.model_outputs
    else:
        variant = bundle.variant(variant_id)
        inputs, outputs = variant.inputs, variant.outputs
    return Work(variant_id, inputs, outputs, golden, images, heldout_limit)


def _variants_of(runtime: Runtime, bundle: Bundle) -> list[Variant]:
    return [v for v in bundle.manifest.variants if v.format in runtime.formats]


def _judges(runtime: Runtime, variant_id: str, bundle: Bundle) -> bool:
    return reference_runtime(bundle.variant(variant_id)) == runtime.name


def _state(runtime: Runtime, found: list[Measurement]) -> RuntimeState:
    versions = [m.version for m in found if m.failure is None]
    failures = [m.failure for m in found if m.failure is not None]
    if versions:
        return RuntimeState(runtime.name, versions[0], "ran", failures[0] if failures else None)
    return RuntimeState(runtime.name, None, "failed", failures[0])


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


def _environment() -> dict[str, str]:
    return {
        "edgeproof": version("edgeproof"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpus": str(os.cpu_count()),
    }
