"""A disk that forgets: what a power cut may leave of the calls that were made so far.

Names and bytes exist twice, as processes see them and as the disk is sure to hold them: `fsync` of
a file makes its bytes sure, `fsync` of a folder its names. After a cut each folder may hold either
state, and so may the bytes of files; `images` gives the combinations.
"""

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

# path -> bytes of a file, target of a link, None for a folder
Image = dict[str, "bytes | str | None"]
CHANGES = ("open", "write", "fsync", "mkdir", "rename", "replace", "symlink", "unlink", "rmdir")


@dataclass
class File:
    seen: bytes = b""
    sure: bytes = b""


@dataclass
class Folder:
    seen: dict[str, Any] = field(default_factory=dict)
    sure: dict[str, Any] = field(default_factory=dict)


class Disk:
    """The model of one folder, kept up with the changing calls of `os` while `recorded`."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.tree = _loaded(root)
        self._opened: dict[int, File | Folder] = {}

    @contextmanager
    def recorded(self, after_each: Callable[[], None]) -> Iterator[None]:
        """Apply each call below the root to the model too, and then run `after_each`."""
        calls = {name: self._recorded(name, after_each) for name in CHANGES}
        with mock.patch.multiple(os, **calls):
            yield

    def images(self) -> Iterator[Image]:
        """All that a cut may leave: names at the top, in releases/ and below, and bytes."""
        for *names, content in itertools.product(("sure", "seen"), repeat=4):
            yield _image(self.tree, names, content)

    def seen(self) -> Image:
        """What processes see now."""
        return _image(self.tree, ["seen"] * 3, "seen")

    def _recorded(self, name: str, after_each: Callable[[], None]) -> Callable[..., Any]:
        real, apply = getattr(os, name), getattr(self, f"_{name}")

        def call(*arguments: Any, **keywords: Any) -> Any:
            result = real(*arguments, **keywords)
            if apply(result, *arguments, **keywords):
                after_each()
            return result

        return call

    def _place(self, path: Any, dir_fd: int | None = None) -> tuple[dict[str, Any], str] | None:
        """The names in which `path` is the last part; None for what is not below the root."""
        if dir_fd is not None:
            folder = self._opened.get(dir_fd)
            return (folder.seen, str(path)) if isinstance(folder, Folder) else None
        absolute = Path(os.path.abspath(path))
        if absolute == self.root or not absolute.is_relative_to(self.root):
            return None
        folder = self.tree
        for part in absolute.relative_to(self.root).parts[:-1]:
            folder = folder.seen[part]
        return folder.seen, absolute.name

    def _open(self, fd: int, path: Any, flags: int, mode: int = 0, *, dir_fd: Any = None) -> bool:
        self._opened.pop(fd, None)  # the number may have been another file's
        place = self._place(path, dir_fd)
        if place is None:
            if Path(os.path.abspath(path)) == self.root:
                self._opened[fd] = self.tree
            return False
        names, name = place
        is_new = name not in names
        self._opened[fd] = names.setdefault(name, File())
        return is_new

    def _write(self, written: int, fd: int, content: Any) -> bool:
        file = self._opened.get(fd)
        if isinstance(file, File):
            file.seen += bytes(content[:written])
        return isinstance(file, File)

    def _fsync(self, _: None, fd: int) -> bool:
        opened = self._opened.get(fd)
        if isinstance(opened, File):
            opened.sure = opened.seen
        elif isinstance(opened, Folder):
            opened.sure = dict(opened.seen)
        return opened is not None

    def _mkdir(self, _: None, path: Any, mode: int = 0, *, dir_fd: Any = None) -> bool:
        return self._put(path, Folder())

    def _symlink(self, _: None, target: Any, path: Any, *more: Any) -> bool:
        return self._put(path, str(target))

    def _put(self, path: Any, node: Any) -> bool:
        if place := self._place(path):
            place[0][place[1]] = node
        return place is not None

    def _rename(self, _: None, source: Any, target: Any) -> bool:
        old, new = self._place(source), self._place(target)
        if old and new:
            new[0][new[1]] = old[0].pop(old[1])
        return old is not None

    _replace = _rename

    def _unlink(self, _: None, path: Any, *, dir_fd: Any = None) -> bool:
        if place := self._place(path, dir_fd):
            del place[0][place[1]]
        return place is not None

    _rmdir = _unlink


def _loaded(path: Path) -> Folder:
    names: dict[str, Any] = {}
    for entry in path.iterdir():
        if entry.is_symlink():
            names[entry.name] = os.readlink(entry)
        elif entry.is_dir():
            names[entry.name] = _loaded(entry)
        else:
            names[entry.name] = File(entry.read_bytes(), entry.read_bytes())
    return Folder(names, dict(names))


def _image(folder: Folder, names: list[str], content: str, prefix: str = "") -> Image:
    """The tree with `names[depth]` of each folder (the last for all below) and the files' bytes."""
    image: Image = {}
    for name, node in getattr(folder, names[0]).items():
        path = f"{prefix}{name}"
        if isinstance(node, Folder):
            image[path] = None
            image.update(_image(node, names[1:] or names, content, f"{path}/"))
        else:
            image[path] = getattr(node, content) if isinstance(node, File) else node
    return image


def on_disk(root: Path) -> Image:
    """What lies below a folder, in the form of an image."""
    return _image(_loaded(root), ["seen"], "seen")
