"""The measuring child on an emulated board: `edgeproof.edge` from this very installation.

`on_board.py RUNTIME BUNDLE SOURCE FD` answers as `worker.py` does; `on_board.py RUNTIME` prints the
versions of what is installed there, as JSON; `on_board.py RUNTIME --command MODULE:NAME ...`
is a command as the board would run it. Started as a file, since only the folders of
edgeproof may be seen there: what lies beside them in site-packages is made for another processor.
"""

import json
import os
import platform
import sys
import types
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgeproof.convert.verify.arm.boards import Board
    from edgeproof.convert.verify.runtimes.tflite import TfliteSession
    from edgeproof.edge.bundle import Bundle

_HOUSE = Path(__file__).absolute().parents[3]  # edge/ and convert/ lie there, installed or not


def main(arguments: list[str]) -> None:
    package = types.ModuleType("edgeproof")
    package.__path__ = [str(_HOUSE)]
    sys.modules["edgeproof"] = package
    from edgeproof.convert.verify.arm.boards import BOARDS

    board = BOARDS[arguments[0]]
    if len(arguments) == 1:
        sys.stdout.write(json.dumps(installed(board)))
        return
    if arguments[1] == "--command":
        command = EntryPoint(name="", value=arguments[2], group="").load()
        sys.exit(command.main(arguments[3:], standalone_mode=False))
    from edgeproof.convert.verify.worker import answer_requests
    from edgeproof.edge.bundle import Bundle

    answer_requests(int(arguments[3]), lambda: BoardRunning(Bundle.open(arguments[1]), board))


def installed(board: "Board") -> dict[str, str]:
    """Versions of all that a measurement needs, each of which is imported.

    Raises:
        RuntimeUnavailable: the runtime is not there.
    """
    import click  # noqa: F401  what the command line needs
    import numpy
    import PIL

    from edgeproof.convert.verify.runtimes import tflite  # noqa: F401  what a measurement imports
    from edgeproof.edge.runtime import import_runtime, runtime_version

    name, _ = import_runtime(board.library)
    return {
        name: runtime_version(name),
        "Python": platform.python_version(),
        "NumPy": numpy.__version__,
        "Pillow": PIL.__version__,
        "machine": platform.machine(),
    }


class BoardRunning:
    """The TFLite runtime of the board; its version names all that made the answers."""

    def __init__(self, bundle: "Bundle", board: "Board") -> None:
        from edgeproof.convert.verify.runtimes.tflite import TfliteRunning

        self._running = TfliteRunning(bundle, board.library)
        self._board = board

    def open(self, variant_id: str) -> "TfliteSession":
        session = self._running.open(variant_id)
        from edgeproof.convert.verify.arm.prepared import EMULATOR_VARIABLE

        versions = installed(self._board)
        machine = versions.pop("machine")
        words = ", ".join(f"{name} {version}" for name, version in versions.items())
        session.version = f"{words} on {machine} ({os.environ[EMULATOR_VARIABLE]})"
        return session

    def close(self) -> None:
        self._running.close()


if __name__ == "__main__":
    main(sys.argv[1:])
