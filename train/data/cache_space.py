"""Keeps the cache of decoded pictures within bounds: the entries used longest ago go first."""

import shutil
from pathlib import Path

from edgeproof.train.progress import say

# a hundred times the malaria cells. A set that is larger, such as ImageNet (190 GB at 224 pixels),
# is kept while it is the one in use
MOST_BYTES = 32 * 2**30


def make_room(keep: Path, most_bytes: int = MOST_BYTES) -> None:
    """Remove entries beside `keep` until all together take `most_bytes` at most."""
    entries = sorted(
        (path for path in keep.parent.iterdir() if path.is_dir() and path != keep),
        key=lambda path: path.stat().st_mtime,
    )
    sizes = {path: _bytes_in(path) for path in (*entries, keep)}
    total = sum(sizes.values())
    for path in entries:
        if total <= most_bytes:
            return
        shutil.rmtree(path, ignore_errors=True)
        total -= sizes[path]
        say(f"removed from the cache of decoded pictures: {path}, {sizes[path] / 2**20:,.0f} MiB")


def _bytes_in(folder: Path) -> int:
    """What the disk gives for it: holes take no room."""
    return sum(path.stat().st_blocks * 512 for path in folder.iterdir() if path.is_file())
