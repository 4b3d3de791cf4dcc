"""The child process of `isolation.py`: one runtime, driven through a pipe.

`python -m edgeproof.convert.verify.worker RUNTIME BUNDLE SOURCE FD`
"""

import contextlib
import os
import sys
import traceback
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any


def main(runtime: str, folder: str, source: str, descriptor: int) -> None:
    """Answer requests `(method, arguments)` with `("ok", value)`, `("failed", words)` or
    `("unavailable", words)`."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")  # the reference is the CPU's arithmetic
    from edgeproof.convert.verify.runtimes.registry import start
    from edgeproof.convert.verify.source import with_source
    from edgeproof.edge.bundle import Bundle
    from edgeproof.edge.errors import EdgeproofError, RuntimeUnavailable

    session: Any = None
    with Connection(descriptor) as pipe:
        running: Any = None
        while True:
            try:
                method, arguments = pipe.recv()
            except EOFError:
                break  # the parent went away
            try:
                if method == "start":
                    running = start(runtime, with_source(Bundle.open(folder), Path(source)))
                    value: Any = None
                elif method == "open":
                    session = running.open(*arguments)
                    value = session.version, session.load_ms
                elif method == "stop":
                    running.close()
                    value = None
                else:
                    value = getattr(session, method)(*arguments)
            except RuntimeUnavailable as error:
                pipe.send(("unavailable", str(error)))
                continue
            except Exception as error:  # noqa: BLE001  every failure becomes the row's last words
                traceback.print_exc(file=sys.stderr)
                # our own errors are sentences; others need their kind to be understood
                kind = "" if isinstance(error, EdgeproofError) else f"{type(error).__name__}: "
                pipe.send(("failed", f"{kind}{error}"))
                continue
            pipe.send(("ok", value))
            if method == "stop":
                break


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
        main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
