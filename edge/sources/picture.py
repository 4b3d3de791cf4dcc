"""One picture on its way to the classifier, and the stream that it belongs to."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeproof.edge.errors import ImageError

if TYPE_CHECKING:
    import numpy as np

# an endless source gives None at least this often, so that its reader can stop or tell systemd
# that it lives; half of it is what an end by signal waits on average
TICK_S = 0.2


@dataclass(frozen=True)
class Picture:
    """A picture that was not decoded yet.

    Attributes:
        name: what the results call it.
        content: a file's path, its bytes, pixels (rows x columns x RGB, uint8), or why there is
            none of these.
        time_s: when it was taken, in seconds since the epoch; None for files that were named.
    """

    name: str
    content: "str | bytes | np.ndarray | ImageError"
    time_s: float | None = None


@dataclass(frozen=True)
class Source:
    """A stream of pictures.

    Attributes:
        pictures: the pictures in order; None where an endless source has nothing new.
        endless: it ends only when it is told to: a camera or a watched folder.
    """

    pictures: Generator[Picture | None, None, None]
    endless: bool
