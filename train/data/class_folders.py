"""A tree of pictures with one folder per class."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from edgeproof.edge.sources.files import PICTURE_SUFFIXES
from edgeproof.train.data.source import FileSource
from edgeproof.train.errors import DataError

# train, calibration, validation and test need one each, and one picture teaches nothing
_FEWEST_PICTURES = 5


def class_folder_source(
    root: Path,
    *,
    labels: tuple[str, ...] | None = None,
    group: Callable[[Path], str] | None = None,
) -> FileSource:
    """The pictures of a tree `root/<label>/**/*.png`, sorted by label and path.

    Args:
        labels: the class folders; None: every folder whose name does not begin with a dot.
        group: from a picture's path below `root` to what must not be torn apart by a split.

    Raises:
        DataError: fewer than two classes, or a class with too few pictures.
    """
    if labels is None:
        labels = tuple(
            sorted(p.name for p in root.iterdir() if p.is_dir() and not p.name.startswith("."))
        )
    if len(labels) < 2:
        raise DataError(
            f"expected a folder per class in {root}, at least two, got "
            f"{'only ' + labels[0] if labels else 'none'}"
        )
    files: list[Path] = []
    counts = []
    for label in labels:
        pictures = sorted(
            p for p in (root / label).rglob("*") if p.suffix.lower() in PICTURE_SUFFIXES
        )
        if len(pictures) < _FEWEST_PICTURES:
            raise DataError(
                f"expected at least {_FEWEST_PICTURES} pictures in the class folder "
                f"{root / label}, got {len(pictures) or 'none'}; add pictures or remove the folder"
            )
        files += pictures
        counts.append(len(pictures))
    groups = None
    if group is not None:
        groups = np.asarray([group(path.relative_to(root)) for path in files])
    return FileSource(
        files=tuple(files),
        labels=np.repeat(np.arange(len(labels), dtype=np.int64), counts),
        label_names=labels,
        origin=str(root),
        groups=groups,
    )
