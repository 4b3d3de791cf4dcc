"""What a Raspberry Pi's firmware says of its power and heat, bit by bit.

`vcgencmd get_throttled` and its file below /sys give one number: bits 0 to 3 hold now, bits 16 to
19 held at some time since the board started (Raspberry Pi documentation, "get_throttled").
"""

from dataclasses import dataclass
from pathlib import Path

_MEANINGS = (
    "under-voltage",
    "frequency capped",
    "throttled",
    "soft temperature limit",
)
_SINCE_BOOT = 16
# a Pi 5 names the address in both parts: soc@107c000000/soc@107c000000:firmware
_FILES = "sys/devices/platform/soc*/soc*:firmware/get_throttled"
_PROGRAM = "usr/bin/vcgencmd"
_TIMEOUT_S = 2.0


@dataclass(frozen=True)
class Throttling:
    """The firmware's number, and in words what holds now and what did since the board started."""

    bits: int

    @property
    def now(self) -> tuple[str, ...]:
        return _words(self.bits)

    @property
    def since_boot(self) -> tuple[str, ...]:
        return _words(self.bits >> _SINCE_BOOT)


def read_throttling(root: Path = Path("/")) -> Throttling | None:
    """From the firmware's file, else from its program; None where there is neither.

    Args:
        root: where /sys and /usr lie.
    """
    for path in sorted(root.glob(_FILES)):
        bits = _number(_content(path))
        if bits is not None:
            return Throttling(bits)
    program = root / _PROGRAM
    if not program.is_file():
        return None
    import subprocess  # 10 ms, which a board with the file need not wait for

    try:
        done = subprocess.run(
            [program, "get_throttled"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None  # no right to ask the firmware, or it does not answer: the fact is not known
    bits = _number(done.stdout) if done.returncode == 0 else None
    return None if bits is None else Throttling(bits)


def _words(bits: int) -> tuple[str, ...]:
    return tuple(word for place, word in enumerate(_MEANINGS) if bits >> place & 1)


def _content(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def _number(said: str) -> int | None:
    """`throttled=0x50005` of the program, `50005` of the file: hexadecimal in both."""
    try:
        return int(said.strip().removeprefix("throttled="), 16)
    except ValueError:
        return None
