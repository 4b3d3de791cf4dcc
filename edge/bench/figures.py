"""What was measured, as frozen dataclasses: the keys of `--json` and the columns of `--csv`."""

from dataclasses import dataclass
from typing import Final

# numpy.percentile's default: linear interpolation between the two nearest runs
PERCENTILE_METHOD: Final = "linear"


@dataclass(frozen=True)
class Times:
    """Of `n` runs, one after the other, after the warm-up; `per_second` is n / their sum."""

    n: int
    median_ms: float
    p95_ms: float
    p99_ms: float
    per_second: float


@dataclass(frozen=True)
class Case:
    """One variant with one number of threads, measured in a process of its own.

    Attributes:
        file_bytes: of the variant's files.
        load_ms: from the file, read and hashed, to an interpreter that is ready.
        first_ms: the first run of the model.
        model: the model alone, tensors in and out.
        whole: decode, contract and model, from the encoded picture to probabilities; None where
            the model takes no picture.
        peak_bytes: largest resident set of the process that did all this.
        failure: why there are no figures, in one sentence.
    """

    variant: str
    threads: int
    file_bytes: int
    load_ms: float | None = None
    first_ms: float | None = None
    model: Times | None = None
    whole: Times | None = None
    peak_bytes: int | None = None
    failure: str | None = None

    @property
    def overall(self) -> Times | None:
        """The whole path; the model alone where it takes no picture."""
        return self.whole or self.model


@dataclass(frozen=True)
class Conditions:
    """What the machine did meanwhile. None: it does not tell.

    Attributes:
        governor: of the processor's frequency.
        temperature_before_c, temperature_after_c: of the processor.
        load_before: processes that wanted to run in the last minute, on average.
        throttled: what the firmware reported during the run, in words; empty: nothing.
    """

    governor: str | None
    temperature_before_c: float | None
    temperature_after_c: float | None
    load_before: float | None
    throttled: tuple[str, ...] | None


@dataclass(frozen=True)
class Picture:
    """The picture of the whole path."""

    name: str
    width: int
    height: int
    bytes: int


@dataclass(frozen=True)
class Bench:
    """All cases of one run, and what they were measured on and with.

    Attributes:
        picture: None where the model takes none.
        warm_up: runs before those that count.
        runs: at least so many count, more for a model that is quick.
        complete: false where the run was ended early.
        warnings: what makes the figures less sure, in sentences.
    """

    bundle: str
    runtime: str
    versions: dict[str, str]
    board: str
    system: str
    cores: int
    picture: Picture | None
    warm_up: int
    runs: int
    percentile_method: str
    conditions: Conditions
    cases: tuple[Case, ...]
    complete: bool
    warnings: tuple[str, ...]
