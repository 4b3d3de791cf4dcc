"""What a look at one thing found."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "problem"]


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's answer.

    Attributes:
        name: what was looked at.
        state: "problem" stops classification; "warning" makes it slower or less sure.
        says: what was found.
        do: what to do about it; None where there is nothing to do.
    """

    name: str
    state: State
    says: str
    do: str | None = None
