"""Which frames of a stream are classified."""

# frames come a little early or late; without it half of them would just miss their time
_EARLY_S = 0.001


class Cadence:
    """Every Nth frame, and of these at most so many a second."""

    def __init__(self, every: int = 1, fps: float | None = None) -> None:
        self._every = every
        self._period_s = 0.0 if fps is None else 1 / fps
        self._counted = 0
        self._due_s: float | None = None

    def wants(self, time_s: float) -> bool:
        """Whether the frame that was taken at this time, on a clock that never jumps, is wanted."""
        self._counted += 1
        if (self._counted - 1) % self._every:
            return False
        due_s = time_s if self._due_s is None else self._due_s
        if time_s < due_s - _EARLY_S:
            return False
        # after a pause begin anew, rather than make up for what was missed
        began_s = due_s if time_s < due_s + self._period_s else time_s
        self._due_s = began_s + self._period_s
        return True
