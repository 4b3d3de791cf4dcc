"""Which file systems tell of changes."""

from pathlib import Path

import pytest

from edgeproof.edge.sources.file_system import is_remote

MOUNTS = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/mmcblk0p2 rw
23 22 0:5 / /mnt/nas rw - nfs4 nas:/export rw
24 22 0:6 / /mnt/with\\040space rw master:7 - cifs //nas/share rw
25 22 0:7 / /mnt/ssh rw - fuse.sshfs pi@host: rw
26 23 8:9 / /mnt/nas/stick rw - vfat /dev/sda1 rw
27 22 8:10 / /mnt/ntfs rw - fuseblk /dev/sda2 rw
"""


@pytest.mark.parametrize(
    ("folder", "remote"),
    [
        ("/home/pi", False),
        ("/mnt/nas", True),
        ("/mnt/nas/shots/today", True),
        ("/mnt/nasty", False),
        ("/mnt/nas/stick/shots", False),
        ("/mnt/with space/in", True),
        ("/mnt/ssh", True),
        ("/mnt/ntfs", False),
    ],
)
def test_the_innermost_mount_decides(tmp_path: Path, folder: str, remote: bool) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    assert is_remote(folder, str(mounts)) is remote


def test_without_proc_nothing_is_remote(tmp_path: Path) -> None:
    assert not is_remote("/mnt/nas", str(tmp_path / "none"))
