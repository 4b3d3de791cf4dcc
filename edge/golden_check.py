"""Does this machine's runtime still give the answers that the bundle says are right?

The golden inputs go through one TFLite variant and the golden picture files through the whole
path, more than once, and every run is judged. What a device can tell about itself in seconds;
`edgeproof verify` proves more, where a bundle is made.
"""

import math
from dataclasses import dataclass

from edgeproof.edge.bundle import Bundle
from edgeproof.edge.errors import ImageError, ModelFailed, UsageError
from edgeproof.edge.golden_figures import Reference, Subject, figures
from edgeproof.edge.golden_limits import AGAINST_KERAS, limit_of
from edgeproof.edge.golden_set import read_golden_set
from edgeproof.edge.runtime import RuntimeName, TfliteModel, import_runtime, runtime_version


@dataclass(frozen=True)
class GoldenCheck:
    """What a golden check found; true if it passed.

    Attributes:
        variant, runtime, version: what was run, and by what.
        passed: all golden inputs and files were compared, every time within the limits.
        inputs, files: how many golden inputs and picture files were compared, each twice; 0 where
            the comparison broke off.
        worst: the figure nearest to its limit, or farthest above it; NaN where there is none.
        limit, unit: what `worst` is held against.
        failure: why it did not pass, in one sentence; None where it did.
    """

    variant: str
    runtime: str
    version: str
    passed: bool
    inputs: int
    files: int
    worst: float
    limit: float
    unit: str
    failure: str | None = None

    def __bool__(self) -> bool:
        return self.passed


def golden_check(
    bundle: Bundle,
    variant_id: str,
    *,
    runtime: RuntimeName = "auto",
    threads: int = 1,
    most: int | None = None,
) -> GoldenCheck:
    """Run the bundle's golden inputs and picture files through a TFLite variant here, and judge.

    A runtime that refuses the file, fails while running it or answers otherwise makes a check that
    did not pass, and so does a picture that is decoded otherwise; nothing is raised then.

    Args:
        most: compare at most that many inputs and that many files; all by default.

    Raises:
        UsageError: no such variant, or one that browsers run.
        BundleError: the bundle is incomplete or altered, or holds nothing to compare with.
        RuntimeUnavailable: the runtime is not installed.
    """
    variant = bundle.variant(variant_id)
    if variant.format != "tflite":
        raise UsageError(f"expected a TFLite variant, got {variant_id}, which browsers run")
    limit = limit_of(variant_id.removeprefix("tflite-"), AGAINST_KERAS)
    golden = read_golden_set(bundle)
    reference = Reference.of(bundle, variant, golden, most)
    if most is not None:
        golden = golden.at_most(most)
    content = bundle.read(variant.entry_file)
    name, _ = import_runtime(runtime)
    version = runtime_version(name)
    try:
        model = TfliteModel(content, runtime=runtime, threads=threads)
        found = list(figures(Subject(bundle, variant, model), golden, reference, limit))
    except (ModelFailed, ImageError) as error:
        return GoldenCheck(
            variant_id, name, version, False, 0, 0, math.nan, limit.limit, limit.unit, str(error)
        )
    worst = max(found, key=lambda figure: figure.share)
    return GoldenCheck(
        variant=variant_id,
        runtime=name,
        version=version,
        passed=worst.share <= 1,
        inputs=len(golden),
        files=len(golden.files),
        worst=worst.value,
        limit=worst.limit.limit,
        unit=worst.limit.unit,
        failure=None if worst.share <= 1 else worst.sentence,
    )
