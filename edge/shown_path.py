"""Paths in files that are handed on: they name no folders of this machine."""

import os
from pathlib import PurePath


def shown_path(path: str | os.PathLike[str]) -> str:
    """The path as it was given where it lies below the working folder; its last part elsewhere.

    `runs/mnist` stays; `/home/ada/runs/mnist` and `../ada/mnist` become `mnist`.
    """
    pure = PurePath(path)
    if pure.is_absolute() or ".." in pure.parts:
        return pure.name if pure.name not in ("", "..") else "."
    return pure.as_posix()
