"""The child process of `isolation.py`: one runtime, driven through a pipe.

`python -m edgeproof.convert.verify.worker RUNTIME BUNDLE SOURCE FD`
"""

import contextlib
import os
import sys
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgeproof.convert.verify.runtimes.pictures import PictureRunning
    from edgeproof.convert.verify.runtimes.protocol import Running

PICTURES = "pictures"  # in place of a runtime: reads encoded pictures


def main(runtime: str, folder: str, source: str, descriptor: int) -> None:
    """Drive a runtime of this machine, with a bundle and its source model's place."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")  # the reference is the CPU's arithmetic
    from edgeproof.convert.verify.runtimes import registry
    from edgeproof.convert.verify.runtimes.pictures import PictureRunning
    from edgeproof.convert.verify.source import with_source
    from edgeproof.edge.bundle import Bundle

    def start() -> "Running | PictureRunning":
        bundle = with_source(Bundle.open(folder), Path(source))
        return PictureRunning(bundle) if runtime == PICTURES else registry.start(runtime, bundle)

    answer_requests(descriptor, start)


def answer_requests(descriptor: int, start: "Callable[[], Any]") -> None:
    """Answer requests `(method, arguments)` with `("ok", value)`, `("failed", words)` or
    `("unavailable", words)`."""
    from edgeproof.convert.verify.wire import receive, send
    from edgeproof.edge.errors import EdgeproofError, RuntimeUnavailable

    running: Any = None
    session: Any = None
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt), Connection(descriptor) as pipe:
        while True:
            try:
                method, arguments = receive(pipe)
            except EOFError:
                break  # the parent went away
            try:
                if method == "start":
                    running = start()
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
                send(pipe, ("unavailable", str(error)))
                continue
            except Exception as error:  # noqa: BLE001  every failure becomes the row's last words
                traceback.print_exc(file=sys.stderr)
                # our own errors are sentences; others need their kind to be understood
                kind = "" if isinstance(error, EdgeproofError) else f"{type(error).__name__}: "
                send(pipe, ("failed", f"{kind}{error}"))
                continue
            send(pipe, ("ok", value))
            if method == "stop":
                break


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
