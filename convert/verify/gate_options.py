"""`--gate` and `--gates`: other limits for the table of gates, and the table as text.

`--gate NAME=VALUE` replaces the limit of all rows of that name, `--gate NAME:PRECISION=VALUE` that
of one of them.
"""

import dataclasses
import math
import textwrap
from collections.abc import Iterable

from edgeproof.convert.verify.gates import ANY, Gate
from edgeproof.edge.errors import UsageError, did_you_mean


def override_for(name: str, precision: str, limit: float) -> str:
    """What `--gate` takes to set that limit for that precision alone."""
    return f"{name}={limit:g}" if precision == ANY else f"{name}:{precision}={limit:g}"


def with_overrides(gates: tuple[Gate, ...], overrides: Iterable[str]) -> tuple[Gate, ...]:
    """The table with limits replaced: `NAME=VALUE` for every precision, `NAME:PRECISION=VALUE`.

    Raises:
        UsageError: not of that form, no such gate (the nearest is suggested), or not a number.
    """
    for override in overrides:
        place, equals, value = override.partition("=")
        name, colon, precision = place.partition(":")
        names = sorted({gate.name for gate in gates})
        if not equals or name not in names:
            raise UsageError(
                f"expected --gate NAME=VALUE with a name out of {', '.join(names)}, "
                f"got {override!r}{did_you_mean(name, names)}; edgeproof verify --gates lists them"
            )
        known = [gate.precision for gate in gates if gate.name == name]
        if colon and precision not in known:
            raise UsageError(
                f"expected --gate {name}:PRECISION=VALUE with a precision out of "
                f"{', '.join(known)}, got {override!r}{did_you_mean(precision, known)}"
            )
        limit = _number(place, value)
        gates = tuple(
            dataclasses.replace(gate, limit=limit, why=f"set by --gate {override}", fixed=True)
            if gate.name == name and (not colon or gate.precision == precision)
            else gate
            for gate in gates
        )
    return gates


def listing(gates: Iterable[Gate]) -> str:
    """The table as text: each gate's name, what it bounds, and its limits with their reasons."""
    by_name: dict[str, list[Gate]] = {}
    for gate in gates:
        by_name.setdefault(gate.name, []).append(gate)
    lines = []
    for name, rows in by_name.items():
        lines.append(f"{name}: {rows[0].bound}, {rows[0].unit}")
        for gate in rows:
            lead = f"  {gate.precision:<13}{gate.limit:<8g}"
            lines += textwrap.wrap(
                gate.why, 100, initial_indent=lead, subsequent_indent=" " * len(lead)
            )
    return "\n".join(lines)


def _number(name: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError as error:
        raise UsageError(f"expected a number for --gate {name}, got {value!r}") from error
    if not math.isfinite(number) or number < 0:
        raise UsageError(f"expected a finite number from 0 up for --gate {name}, got {value!r}")
    return number
