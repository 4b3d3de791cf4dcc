"""Which runtime is to run which variants, and why others are not."""

from collections.abc import Sequence
from dataclasses import dataclass

from edgeproof.convert.verify.faithfulness import reference_runtime
from edgeproof.convert.verify.report import NotRun, RuntimeState, State
from edgeproof.convert.verify.runtimes.registry import (
    RUNTIMES,
    SOURCE_VARIANT,
    Runtime,
    named_runtimes,
    why_unavailable,
)
from edgeproof.edge.bundle import Bundle
from edgeproof.edge.errors import RuntimeUnavailable
from edgeproof.edge.manifest import Variant


@dataclass(frozen=True)
class Plan:
    """Which runtime runs which variants, and what became of the other runtimes."""

    work: tuple[tuple[Runtime, tuple[str, ...]], ...]
    left_out: tuple[RuntimeState, ...]
    insists: bool
    """Whether the runtimes were named: one that finds out late that it cannot run is a failure."""

    @property
    def steps(self) -> int:
        return sum(len(variants) for _, variants in self.work)


def planned(bundle: Bundle, names: Sequence[str] | None, *, insists: bool = True) -> Plan:
    """What to run: the asked-for runtimes and the references that judge them.

    Args:
        names: None for all that can run here.
        insists: whether a named runtime that cannot run here is an error; else it is left out.

    Raises:
        UsageError: an unknown runtime.
        RuntimeUnavailable: an asked-for runtime, or the reference of one, cannot run here.
    """
    insists = insists and names is not None
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
        if wanted and reason is not None and insists:
            role = "" if runtime in asked else " (the reference of a quantised variant)"
            raise RuntimeUnavailable(f"the runtime {runtime.name}{role} cannot run here: {reason}")
        if wanted and reason is None and variants:
            work.append((runtime, tuple(variants)))
        else:
            state: State = "unavailable" if wanted and reason is not None else "not asked for"
            if wanted and not variants:
                state = "nothing to run"
                reason = not_taken(runtime, bundle) or "the bundle has no variant for it"
            not_run = tuple(NotRun(v, reason or "") for v in variants if state == "unavailable")
            if wanted:
                not_run += untaken(runtime, bundle)
            left_out.append(RuntimeState(runtime.name, None, state, reason, not_run))
    return Plan(tuple(work), tuple(left_out), insists)


def untaken(runtime: Runtime, bundle: Bundle) -> tuple[NotRun, ...]:
    """The variants of the runtime's own format that it cannot take."""
    if runtime.dtypes is None:
        return ()
    reason = f"its tensors can only be {', '.join(sorted(runtime.dtypes))}"
    own = [v for v in bundle.manifest.variants if v.format in runtime.formats]
    return tuple(NotRun(v.id, reason) for v in own if not runtime.takes(v))


def not_taken(runtime: Runtime, bundle: Bundle) -> str | None:
    """Why some variants of the runtime's own format are not run on it; None where all are."""
    others = untaken(runtime, bundle)
    if not others:
        return None
    return f"{', '.join(left.variant for left in others)}: not run, because {others[0].reason}"


def _variants_of(runtime: Runtime, bundle: Bundle) -> list[Variant]:
    return [v for v in bundle.manifest.variants if runtime.takes(v)]


def _judges(runtime: Runtime, variant_id: str, bundle: Bundle) -> bool:
    return reference_runtime(bundle.variant(variant_id)) == runtime.name
