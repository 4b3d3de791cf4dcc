"""What verification found, as data. `report.json` is this, field by field.

The docstrings are its documentation too: `report_schema.py` makes `report.schema.json` and the
tables of `docs/report.md` of them. New fields may come; these keep their meaning.
"""

import math
from dataclasses import dataclass
from typing import Literal

from edgeproof.convert.verify.check import Check
from edgeproof.convert.verify.cost import Cost
from edgeproof.convert.verify.examples import VariantExamples
from edgeproof.convert.verify.gates import Gate
from edgeproof.convert.verify.layers import Layers
from edgeproof.convert.verify.spread import ErrorSpread

State = Literal["ran", "unavailable", "failed", "nothing to run", "not asked for"]

SCHEMA_VERSION: Literal[1] = 1
NO_LAYERS = Layers("not asked for")


@dataclass(frozen=True)
class WorstError:
    """The faithfulness check that came nearest to its limit, or broke it.

    Attributes:
        gate: the gate's name.
        value: the measured figure; null where nothing could be compared.
        limit: of the gate.
        unit: of both.
    """

    gate: str
    value: float | None
    limit: float
    unit: str

    @property
    def used(self) -> float | None:
        """The share of the limit that the figure takes: 1 is just within it."""
        if self.value is None:
            return None
        if self.limit == 0:
            return 0.0 if self.value == 0 else math.inf
        return self.value / self.limit


@dataclass(frozen=True)
class Row:
    """One variant on one runtime.

    Attributes:
        variant: its id; "source" for the Keras model itself.
        runtime: what executed it; "stored outputs" for a source model that was not run again.
        version: of the runtime and what it runs in; empty where it gave no answers.
        reference: what faithfulness was judged by; null for a reference itself.
        faithful: whether the runtime computes what the file says; null for a reference itself,
            whose arithmetic is the measure.
        passed: every check held, those of cost included.
        worst_error: the faithfulness check nearest to its limit; null for a reference itself.
        cost: what conversion did to the answers.
        bytes: size of the variant's files; null for the source model.
        p50_ms: median time of one input, milliseconds; null where it was not timed.
        p95_ms: the 95th percentile of the same.
        load_ms: time from the file's bytes to a model that can run, milliseconds.
        checks: each with the figure it found and the smallest tolerance that would have passed.
        failure: last words of a runtime that gave no answers; null for all others.
        errors: on golden inputs and golden files, against the reference; null for a reference
            itself. The same against Keras stands in `cost`.
    """

    variant: str
    runtime: str
    version: str
    reference: str | None
    faithful: bool | None
    passed: bool
    worst_error: WorstError | None
    cost: Cost
    bytes: int | None
    p50_ms: float | None
    p95_ms: float | None
    load_ms: float | None
    checks: tuple[Check, ...]
    failure: str | None = None
    errors: ErrorSpread | None = None


@dataclass(frozen=True)
class NotRun:
    """A variant that a runtime was to run and could not; no row stands for it.

    Attributes:
        variant: its id.
        reason: a clause.
    """

    variant: str
    reason: str


@dataclass(frozen=True)
class RuntimeState:
    """What became of a runtime.

    Attributes:
        name: as `--runtimes` takes it.
        version: of what ran; null where nothing did.
        state: whether it ran, was not there, failed, had no variant to run or was not asked for.
        reason: why it or a part of its work was not run; null where all was.
        not_run: variants that it was to run and could not.
    """

    name: str
    version: str | None
    state: State
    reason: str | None
    not_run: tuple[NotRun, ...] = ()


@dataclass(frozen=True)
class Broken:
    """A gate that broke, with all that a sentence about it needs.

    Attributes:
        variant: its id.
        runtime: where it broke.
        gate: the gate's name.
        expected: its limit, in words.
        got: the figure, or why there is none.
        subject: what was compared with what.
        would_pass: what `--gate` takes so that all broken checks of this gate and precision pass;
            null where no limit would do.
    """

    variant: str
    runtime: str
    gate: str
    expected: str
    got: str
    subject: str
    would_pass: str | None = None

    @property
    def sentence(self) -> str:
        advice = "" if self.would_pass is None else f"; would pass with --gate {self.would_pass}"
        return (
            f"{self.variant} on {self.runtime}: gate {self.gate} broke ({self.subject}): "
            f"expected {self.expected}, got {self.got}{advice}"
        )


@dataclass(frozen=True)
class BundleFacts:
    """Which bundle was verified.

    Attributes:
        name: of the model.
        path: the bundle's folder, its last part.
        source: the run or model that it was made from, as seen from the bundle's folder.
        manifest_sha256: of `bundle.json`, which holds the hash of every other file.
        labels: what the model tells apart, in the order of its scores.
    """

    name: str
    path: str
    source: str
    manifest_sha256: str
    labels: tuple[str, ...]


@dataclass(frozen=True)
class DataFacts:
    """Which labelled images the cost was measured on.

    Attributes:
        source: where they come from.
        images: how many were used; a slow runtime may have run fewer (`cost.agreement_n`).
        total: how many there were to choose from.
    """

    source: str
    images: int
    total: int


@dataclass(frozen=True)
class Environment:
    """Where it was measured.

    Attributes:
        edgeproof: its version.
        python: its version.
        platform: the operating system.
        cpus: processors of the machine.
        workers: who else ran the labelled images; null where nobody did.
    """

    edgeproof: str
    python: str
    platform: str
    cpus: str
    workers: str | None = None


@dataclass(frozen=True)
class Report:
    """The whole of `report.json`.

    Attributes:
        schema_version: 1.
        passed: whether every gate held.
        bundle: which bundle was verified.
        created: UTC time, ISO 8601.
        environment: where it was measured.
        runtimes: what became of each runtime.
        references: sentences: what stood as the reference, and why.
        data: the labelled images; null where there were none.
        rows: one for each variant on each runtime, the source model's first.
        broken: the gates that broke; none where all held.
        gates: the table of limits, each with its reason.
        wall_s: seconds that verification took.
        examples: of each variant the images whose answers conversion moved most; none where no
            probability moved by a hundredth.
        layers: how far the variants are from Keras, layer by layer.
    """

    schema_version: Literal[1]
    passed: bool
    bundle: BundleFacts
    created: str
    environment: Environment
    runtimes: tuple[RuntimeState, ...]
    references: tuple[str, ...]
    data: DataFacts | None
    rows: tuple[Row, ...]
    broken: tuple[Broken, ...]
    gates: tuple[Gate, ...]
    wall_s: float
    examples: tuple[VariantExamples, ...] = ()
    layers: Layers = NO_LAYERS


def broken_gates(rows: tuple[Row, ...]) -> tuple[Broken, ...]:
    """Every check of every row that does not hold."""
    failing = [(row, check) for row in rows for check in row.checks if not check]
    loosest = _loosest([check for _, check in failing])
    return tuple(
        Broken(
            variant=row.variant,
            runtime=row.runtime,
            gate=c.gate,
            expected=c.expected,
            got=c.found,
            subject=c.subject,
            would_pass=None if c.override is None else loosest[c.gate, c.precision].override,
        )
        for row, c in failing
    )


def _loosest(failing: list[Check]) -> dict[tuple[str, str], Check]:
    """Of each gate and precision the check that needs the loosest limit: one limit for all."""
    found: dict[tuple[str, str], Check] = {}
    for check in failing:
        if (tolerance := check.smallest_tolerance) is None:
            continue
        key = (check.gate, check.precision)
        least = found.get(key, check).smallest_tolerance or 0.0
        looser = tolerance > least if check.bound == "at most" else tolerance < least
        if key not in found or looser:
            found[key] = check
    return found
