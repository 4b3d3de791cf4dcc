"""What TensorFlow does to the allocator is undone: measured in processes of their own."""

import ctypes
import subprocess
import sys

import pytest

# as TensorFlow does; then how many page faults a buffer of 1 MB costs that is taken again and again
PROGRAM = """
import ctypes, resource, sys
from edgeproof.train.allocator import keep_freed_buffers
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
M_TRIM_THRESHOLD = -1
libc.mallopt(M_TRIM_THRESHOLD, 128 * 1024)
if sys.argv[1] == "told":
    assert keep_freed_buffers()
def taken():
    buffer = libc.malloc(1_000_000)
    ctypes.memset(buffer, 1, 1_000_000)
    libc.free(buffer)
taken()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    taken()
print((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) // 20)
"""

needs_glibc = pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "mallopt"), reason="only glibc has this setting"
)


def faults_per_buffer(how: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@needs_glibc
def test_a_buffer_is_used_again() -> None:
    assert faults_per_buffer("told") < 10


@needs_glibc
def test_as_tensorflow_leaves_it_every_page_is_mapped_anew() -> None:
    assert faults_per_buffer("not told") > 200
