"""Large buffers go back to the system: measured in a process of their own."""

import ctypes
import subprocess
import sys

import pytest

from edgeproof.edge.allocator import give_large_buffers_back

# glibc learns from a first buffer that was freed, and keeps the next one
PROGRAM = """
import ctypes, sys
from pathlib import Path
from edgeproof.edge.allocator import give_large_buffers_back
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
if sys.argv[1] == "told":
    assert give_large_buffers_back()
for _ in range(2):
    buffers = [libc.malloc(12_000_000) for _ in range(2)]
    libc.malloc(1_000_000)  # above them, so that the heap cannot shrink
    for buffer in buffers:
        ctypes.memset(buffer, 1, 12_000_000)
    for buffer in buffers:
        libc.free(buffer)
print(int(Path("/proc/self/statm").read_text().split()[1]) * 4096)
"""

pytestmark = pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "mallopt"), reason="only glibc has this setting"
)


def resident_bytes(how: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


def test_large_buffers_are_given_back() -> None:
    assert resident_bytes("untold") - resident_bytes("told") > 10_000_000


def test_another_c_library_has_no_such_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    assert not give_large_buffers_back()
