"""The result of holding one figure against one gate."""

import math
from dataclasses import dataclass

from edgeproof.convert.verify.comparison import Difference
from edgeproof.convert.verify.gates import Gate


@dataclass(frozen=True)
class Check:
    """Truthy only if something was compared and the gate held.

    Attributes:
        gate: the gate's name.
        subject: what was compared with what, in words.
        compared: how many values, images or tensors were compared.
        got: the measured figure, which is also the tightest limit that would have passed; None
            where no limit would have.
        problem: why nothing could be compared, as a clause.
    """

    gate: str
    subject: str
    compared: int
    got: float | None
    limit: float
    bound: str
    unit: str
    passed: bool
    problem: str | None = None

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
    )


def check_difference(gate: Gate, subject: str, difference: Difference, figure: float) -> Check:
    """Hold one figure of a `Difference` against a gate."""
    problem = None if difference else (difference.problem or "nothing was compared")
    return check(gate, subject, figure, difference.compared, problem)
