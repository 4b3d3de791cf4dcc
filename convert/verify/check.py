"""The result of holding one figure against one gate."""

import math
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Context
from typing import Literal

from edgeproof.convert.verify.comparison import Difference
from edgeproof.convert.verify.gate_options import override_for
from edgeproof.convert.verify.gates import ANY, Gate


@dataclass(frozen=True)
class Check:
    """Truthy only if something was compared and the gate held.

    Attributes:
        gate: the gate's name.
        subject: what was compared with what, in words.
        compared: how many values, images or tensors were compared.
        got: the measured figure; null where there is none.
        limit: of the gate.
        bound: whether the figure has to stay at or under the limit, or at or over it.
        unit: of the figure and the limit.
        passed: whether something was compared and the gate held.
        problem: why nothing could be compared, as a clause; null where it could.
        precision: of the gate.
        smallest_tolerance: the tightest limit that would have passed, to three digits; null where
            no limit would have.
    """

    gate: str
    subject: str
    compared: int
    got: float | None
    limit: float
    bound: Literal["at most", "at least"]
    unit: str
    passed: bool
    problem: str | None = None
    precision: str = ANY
    smallest_tolerance: float | None = None

    def __bool__(self) -> bool:
        return self.passed and self.compared > 0 and self.got is not None and self.problem is None

    @property
    def expected(self) -> str:
        return f"{self.bound} {self.limit:.3g} {self.unit}"

    @property
    def found(self) -> str:
        if self.problem is not None or self.got is None:
            return self.problem or "nothing"
        return f"{self.got:.3g}"

    @property
    def override(self) -> str | None:
        """What `--gate` takes to let this check pass, and just this; None where nothing does."""
        if self.smallest_tolerance is None:
            return None
        return override_for(self.gate, self.precision, self.smallest_tolerance)


def check(
    gate: Gate, subject: str, figure: float, compared: int, problem: str | None = None
) -> Check:
    """Hold a figure against a gate. No compared value, a problem or NaN fail."""
    if problem is None and compared <= 0:
        problem = "nothing was compared"
    if problem is None and not math.isfinite(figure):
        problem = f"the figure is {figure}"
    return Check(
        gate=gate.name,
        subject=subject,
        compared=max(0, compared),
        got=None if problem is not None else float(figure),
        limit=gate.limit,
        bound=gate.bound,
        unit=gate.unit,
        passed=problem is None and gate.holds(figure),
        problem=problem,
        precision=gate.precision,
        smallest_tolerance=None if problem is not None else smallest_tolerance(gate, figure),
    )


def smallest_tolerance(gate: Gate, figure: float) -> float:
    """The figure in three digits, rounded so that it still passes as the gate's limit."""
    near = float(f"{figure:.3g}")
    if replace(gate, limit=near).holds(figure):
        return near
    rounding = ROUND_CEILING if gate.bound == "at most" else ROUND_FLOOR
    return float(Context(prec=3, rounding=rounding).create_decimal_from_float(figure))


def check_difference(gate: Gate, subject: str, difference: Difference, figure: float) -> Check:
    """Hold one figure of a `Difference` against a gate."""
    problem = None if difference else (difference.problem or "nothing was compared")
    return check(gate, subject, figure, difference.compared, problem)
