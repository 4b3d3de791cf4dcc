"""Room for models and logs."""

import os
import shutil
from pathlib import Path

from edgeproof.edge.doctor.finding import Finding

_LOW_BYTES = 100_000_000  # an update keeps two models, and a card without room ends every log


def storage_finding(folder: Path) -> Finding:
    """Room on the disk that holds a folder, and whether one may write there."""
    try:
        usage = shutil.disk_usage(folder)
    except OSError as error:
        return Finding("disk", "warning", f"{folder}: {error.strerror}", f"look at {folder}")
    says = f"{usage.free / 1e9:.1f} GB of {usage.total / 1e9:.1f} GB free at {folder}"
    if usage.free < _LOW_BYTES:
        return Finding("disk", "warning", says, "remove what is not needed: sudo apt clean; df -h")
    if not os.access(folder, os.W_OK):
        says += ", which this user may not write to"
    return Finding("disk", "ok", says)
