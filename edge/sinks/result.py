"""What became of one picture."""

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from edgeproof.edge.prediction import Score


@dataclass(frozen=True)
class Result:
    """A picture's labels, or why it has none.

    Attributes:
        file: the picture's name.
        time_s: when it was taken, in seconds since the epoch; None for files that were named.
        scores: most probable first; empty where no label reaches the threshold, or with an error.
        error: why it could not be classified; None where it was.
    """

    file: str
    time_s: float | None
    scores: "tuple[Score, ...]" = ()
    error: str | None = None

    @property
    def time(self) -> str | None:
        """ISO 8601 in UTC, to the millisecond."""
        if self.time_s is None:
            return None
        moment = datetime.fromtimestamp(self.time_s, timezone.utc)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def document(self) -> dict[str, Any]:
        """As JSON: the keys that `edgeproof classify --help` names."""
        named = {"file": self.file}
        document: dict[str, Any] = named if self.time is None else {"time": self.time, **named}
        if self.error is not None:
            return {**document, "error": self.error}
        scores = [{"label": s.label, "probability": s.probability} for s in self.scores]
        best = scores[0] if scores else {"label": None, "probability": None}
        return {**document, **best, "scores": scores}


class Sink(Protocol):
    """A place that results go to."""

    def write(self, result: Result) -> None:
        """Take a result.

        Raises:
            OutputError: it cannot be written, and going on would help nobody.
        """

    def close(self, patience_s: float) -> int:
        """Deliver what still waits, for so many seconds at most.

        Returns:
            How many results were lost, over the whole run.
        """
