"""What verification found, as data. `report.json` is this, field by field.

`report.json`:

    schema_version   1
    passed           true when no gate broke
    bundle           {name, path, source, manifest_sha256, labels}
    created          UTC time, ISO 8601
    environment      {python, platform, cpus, edgeproof}, and `workers` where a cluster ran the
                     labelled images
    runtimes         [{name, version, state: "ran"|"unavailable"|"failed"|"nothing to run"|
                     "not asked for", reason, not_run: [{variant, reason}]}]
    references       [sentences: what stood as the reference, and why]
    data             {source, images, total} or null: the labelled images
    rows             one for each variant on each runtime, see `Row`
    broken           [{variant, runtime, gate, expected, got, subject, would_pass}]
    gates            the table of limits, each with its reason
    wall_s           seconds that it took

New fields may come; these keep their meaning.
"""

from dataclasses import dataclass

from edgeproof.convert.verify.check import Check
from edgeproof.convert.verify.cost import Cost
from edgeproof.convert.verify.gates import Gate
from edgeproof.convert.verify.spread import ErrorSpread

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class WorstError:
    """The faithfulness check that came nearest to its limit, or broke it."""

    gate: str
    value: float | None
    limit: float
    unit: str


@dataclass(frozen=True)
class Row:
    """One variant on one runtime.

    Attributes:
        variant: its id; "source" for the Keras model itself.
        reference: what faithfulness was judged by; None for a reference itself.
        faithful: None for a reference itself, whose arithmetic is the measure.
        passed: every check held, those of cost included.
        checks: each with the figure it found and the smallest tolerance that would have passed.
        errors: on golden inputs and golden files, against the reference; None for a reference
            itself. The same against Keras stands in `cost`.
        bytes: size of the variant's files; None for the source model.
        failure: last words of a runtime that gave no answer.
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
    """A variant that a runtime was to run and could not; no row stands for it."""

    variant: str
    reason: str


@dataclass(frozen=True)
class RuntimeState:
    """What became of a runtime."""

    name: str
    version: str | None
    state: str
    reason: str | None
    not_run: tuple[NotRun, ...] = ()


@dataclass(frozen=True)
class Broken:
    """A gate that broke, with all that a sentence about it needs.

    `would_pass`: what `--gate` takes so that all broken checks of this gate and precision pass;
    None where no limit would do.
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
    """Which bundle was verified."""

    name: str
    path: str
    source: str
    manifest_sha256: str
    labels: tuple[str, ...]


@dataclass(frozen=True)
class DataFacts:
    """Which labelled images the cost was measured on."""

    source: str
    images: int
    total: int


@dataclass(frozen=True)
class Report:
    """The whole of `report.json`."""

    schema_version: int
    passed: bool
    bundle: BundleFacts
    created: str
    environment: dict[str, str]
    runtimes: tuple[RuntimeState, ...]
    references: tuple[str, ...]
    data: DataFacts | None
    rows: tuple[Row, ...]
    broken: tuple[Broken, ...]
    gates: tuple[Gate, ...]
    wall_s: float


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
