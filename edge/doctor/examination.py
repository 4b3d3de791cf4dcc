"""Everything that the doctor looks at, in the order of the answer."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edgeproof.edge.board import Board, Process, board_id, read_board
from edgeproof.edge.doctor.bundle import bundle_findings
from edgeproof.edge.doctor.cameras import camera_findings
from edgeproof.edge.doctor.finding import Finding
from edgeproof.edge.doctor.installation import installation_findings
from edgeproof.edge.doctor.machine import machine_findings
from edgeproof.edge.doctor.storage import storage_finding
from edgeproof.edge.own_process import Ask, ask


@dataclass(frozen=True)
class Examination:
    """All findings, and the facts of the board that they rest on."""

    board: Board
    board_id: str
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Nothing was found that stops classification."""
        return not any(finding.state == "problem" for finding in self.findings)


def examine(
    bundle: Path | None = None,
    *,
    root: Path = Path("/"),
    process: Process | None = None,
    asking: Ask = ask,
    cameras: Callable[[], list[Finding]] = camera_findings,
    say: Callable[[str], None] = lambda line: None,
) -> Examination:
    """Look at the machine, at what is installed, and at a bundle if one is given.

    Args:
        root: where /proc, /sys, /etc and /usr lie.
        process: default: this one.
        asking: runs native code in another process.
        cameras: looks for cameras.
        say: is told what is being done where that takes seconds.
    """
    process = process or Process()
    board = read_board(root, process)
    say("importing NumPy, Pillow and the runtimes")
    findings = [
        *machine_findings(board),
        storage_finding(bundle if bundle is not None and bundle.is_dir() else Path(os.getcwd())),
        *installation_findings(process, asking),
        *cameras(),
        *(bundle_findings(bundle, asking, say) if bundle is not None else ()),
    ]
    return Examination(board, board_id(root, process), tuple(findings))
