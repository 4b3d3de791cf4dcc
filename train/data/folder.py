"""The user's own pictures."""

import re
from pathlib import Path

from edgeproof.edge.errors import UsageError
from edgeproof.train.data.class_folders import class_folder_source
from edgeproof.train.data.locate import data_folder
from edgeproof.train.data.source import FileSource
from edgeproof.train.errors import DataError


def folder_source(data: Path | None, group_by: re.Pattern[str] | None = None) -> FileSource:
    """The class-per-folder tree at `data`.

    Raises:
        UsageError: no folder was named.
        DataError: see `class_folder_source`; or a picture without a group.
    """
    if data is None:
        # not EDGEPROOF_DATA: it names the folder of the published sets, which are no classes
        raise UsageError("expected --data DIR with one folder of pictures per class, got none")
    root = data_folder(data)
    assert root is not None

    def group(path: Path) -> str:
        assert group_by is not None
        match = group_by.search(path.as_posix())
        if match is None:
            raise DataError(
                f"--group-by: expected {group_by.pattern!r} to match every picture's path, "
                f"got {path}, which it does not"
            )
        return str(match.group(1) if group_by.groups else match.group(0))

    return class_folder_source(root, group=group if group_by is not None else None)
