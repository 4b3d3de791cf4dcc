"""The talk of native libraries kept away from the user's terminal.

LiteRT, TensorFlow, absl and the TFLite converter write to file descriptor 2 from C++, where no
Python setting reaches them ("Created TensorFlow Lite XNNPACK delegate"; `cudart_stub.cc` even
before its log level is read), so the descriptor itself is turned to a temporary file.
"""

from __future__ import annotations

import io
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TextIO

_STDERR = 2


@contextmanager
def captured_stderr() -> Iterator[IO[bytes]]:
    """Send what is written to descriptor 2 to a temporary file, which is given to the block."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("absl").setLevel(logging.ERROR)
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    sys.stderr.flush()
    kept = os.dup(_STDERR)
    try:
        with _temporary_file() as captured:
            os.dup2(captured.fileno(), _STDERR)
            try:
                yield captured
            finally:
                sys.stderr.flush()
                os.dup2(kept, _STDERR)
    finally:
        os.close(kept)


def _temporary_file() -> IO[bytes]:
    if hasattr(os, "memfd_create"):  # Linux: no disk, and no module that takes 3 ms to import
        return os.fdopen(os.memfd_create("captured"), "w+b")
    import tempfile

    return tempfile.TemporaryFile()


@contextmanager
def talk_stream() -> Iterator[TextIO]:
    """A stream to the user's terminal that goes on working inside `captured_stderr`."""
    try:
        is_the_descriptor = sys.stderr.fileno() == _STDERR
    except (AttributeError, io.UnsupportedOperation):
        is_the_descriptor = False
    if not is_the_descriptor:
        yield sys.stderr
        return
    with os.fdopen(os.dup(_STDERR), "w", encoding="utf-8", errors="replace") as stream:
        yield stream
