"""Measuring which variant a board should run."""

import math

from edgeproof.edge.bundle import Bundle
from edgeproof.edge.choice_memory import Choice
from edgeproof.edge.choice_trial import Trial, TrialFailed
from edgeproof.edge.errors import EdgeproofError
from edgeproof.edge.preferred import PREFERRED, preferred_variants
from edgeproof.edge.runtime import RuntimeName

# times that are nearer than this are the same: other work on a board moves medians by as much
_AS_FAST = 1.1
# a check is as long as that, but has that many golden inputs and files at least, each twice
_CHECK_MS = 600.0
_FEWEST_CHECKED = 4


class NoVariantWorks(EdgeproofError):
    """Not one TFLite variant of a bundle gives its golden answers on this board."""


def measured_choice(bundle: Bundle, *, runtime: RuntimeName, threads: int) -> Choice:
    """Time every variant and check them, the fastest first, until one passes.

    int8 is checked in any case, since it is what runs when nobody asks for a choice.

    Raises:
        NoVariantWorks: no variant passes.
        BundleError: there is no TFLite variant.
    """
    failures: dict[str, str] = {}

    def passes(variant: str) -> bool:
        most = int(_CHECK_MS / (4 * times_ms[variant]))
        try:
            failure = trial.failure(variant, most=max(_FEWEST_CHECKED, most))
        except TrialFailed as error:
            failure = str(error)
        if failure is not None:
            failures[variant] = failure
        return failure is None

    with Trial(bundle, runtime=runtime, threads=threads) as trial:
        times_ms = _times_ms(trial, preferred_variants(bundle), failures)
        chosen = next((v for v in _fastest_first(times_ms) if passes(v)), None)
        if chosen is None:
            reasons = "; ".join(f"{variant}: {why}" for variant, why in failures.items())
            raise NoVariantWorks(
                f"expected a variant of {bundle.folder} that gives its golden answers on this "
                f"board, got none ({reasons}); try another --runtime, or verify the bundle"
            )
        usual = PREFERRED[0]
        if usual in times_ms and usual not in (chosen, *failures):
            passes(usual)
    return Choice(chosen, tuple(_warning(v, why, chosen) for v, why in failures.items()))


def _warning(variant: str, why: str, chosen: str) -> str:
    return f"{variant} cannot be trusted on this board, so {chosen} runs: {why}"


def _times_ms(trial: Trial, variants: list[str], failures: dict[str, str]) -> dict[str, float]:
    times_ms: dict[str, float] = {}
    # the first one twice, for a governor raises the processor's frequency only under load
    for variant in (variants[0], *variants):
        if variant in failures:
            continue
        try:
            fastest_ms = min(times_ms.values(), default=math.inf)
            times_ms[variant] = trial.time_ms(variant, fastest_ms)
        except TrialFailed as error:
            failures[variant] = str(error)
    return times_ms


def _fastest_first(times_ms: dict[str, float]) -> list[str]:
    """In order of time, and of preference among those that are as fast as the fastest left."""
    left, ranked = dict(times_ms), []
    while left:
        within = _AS_FAST * min(left.values())
        first = next(variant for variant in left if left[variant] <= within)
        ranked.append(first)
        del left[first]
    return ranked
