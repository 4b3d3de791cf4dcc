"""Which file systems tell of changes: inotify hears only what this machine itself does."""

import os

_REMOTE = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre"}
_SHARED_WITH_HOST = {"vboxsf", "virtiofs", "vmhgfs"}


def is_remote(folder: str, mounts: str = "/proc/self/mountinfo") -> bool:
    """Whether other machines may write into a folder (NFS, SMB, sshfs, ...) unheard by this one."""
    path = os.path.realpath(folder)
    kind, longest = "", -1
    try:
        with open(mounts, encoding="utf-8", errors="surrogateescape") as lines:
            for line in lines:
                # proc(5): the fifth field is the mount point, octal escapes for spaces; the type
                # follows a lone hyphen. Of mounts on the same point the last one is seen
                fields, _, rest = line.partition(" - ")
                point = _unescaped(fields.split()[4])
                inside = path == point or path.startswith(point.rstrip("/") + "/")
                if inside and len(point) >= longest:
                    kind, longest = rest.split()[0], len(point)
    except FileNotFoundError:  # no Linux
        return False
    return kind in _REMOTE | _SHARED_WITH_HOST or kind.startswith("fuse.")


def _unescaped(field: str) -> str:
    for escape, character in ((r"\040", " "), (r"\011", "\t"), (r"\012", "\n"), (r"\134", "\\")):
        field = field.replace(escape, character)
    return field
