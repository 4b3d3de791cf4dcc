"""Large buffers go back to the system: measured in a process of their own."""

import ctypes
import subprocess
import sys

import pytest

from edgeproof.edge.allocator import give_large_buffers_back

# how many of two freed buffers are still the process's, below a small one that is in use
PROGRAM = """
import ctypes, sys
from pathlib import Path
from edgeproof.edge.allocator import give_large_buffers_back
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
if sys.argv[1] == "told":
    assert give_large_buffers_back()
else:
    M_MMAP_MAX = -4
    assert libc.mallopt(M_MMAP_MAX, 0)  # everything on the heap, which cannot shrink below it
buffers = [libc.malloc(12_000_000) for _ in range(2)]
libc.malloc(1_000_000)
for buffer in buffers:
    libc.free(buffer)
ours = [line.split()[0].split("-") for line in Path("/proc/self/maps").read_text().splitlines()]
print(sum(int(low, 16) <= b < int(high, 16) for b in buffers for low, high in ours))
"""

pytestmark = pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "mallopt"), reason="only glibc has this setting"
)


def buffers_kept(how: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


def test_large_buffers_are_given_back() -> None:
    assert buffers_kept("told") == 0


def test_a_heap_would_have_kept_them() -> None:
    assert buffers_kept("on the heap") == 2


def test_another_c_library_has_no_such_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    assert not give_large_buffers_back()
