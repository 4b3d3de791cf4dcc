"""A program: installs again and again, and takes the power away at every single call.

    python power_cut.py MODE WORK [INSTALLED.tar.gz...] NEW.tar.gz [OPTIONS]

It prints one JSON document: how many calls there were, which model ran afterwards how often, and
every finding. It is a process of its own, since it forks and patches `os`. Modes:

    kill     SIGKILL at each changing call, in the middle of each write
    full     the disk is full from each call on
    forget   every state that a disk may be in after a cut (disk_model.py), without a process
"""

import argparse
import contextlib
import dataclasses
import errno
import functools
import hashlib
import json
import os
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

from edgeproof.edge.bundle import MANIFEST, Bundle, manifest_from_bytes
from edgeproof.edge.classifier import Classifier
from edgeproof.edge.deploy import durable, receive, releases
from edgeproof.edge.deploy.device_check import DeviceCheck
from edgeproof.edge.deploy.install import install, roll_back
from edgeproof.edge.deploy.naming import is_release_name
from edgeproof.edge.errors import EdgeproofError, OutputError
from edgeproof.edge.golden_check import golden_check
from edgeproof.edge.manifest import Manifest

sys.path.insert(0, str(Path(__file__).parent))
from disk_model import CHANGES, Disk, Image, on_disk

Act = Callable[[Path], str]  # what is cut short, on a board's folder


def check(bundle: Bundle, variant_id: str, runtime: str) -> DeviceCheck:
    """A real golden check, of one input and one file, since it is made hundreds of times."""
    found = golden_check(bundle, variant_id, most=1)
    return DeviceCheck(**dataclasses.asdict(found))


def installed(archive: Path, folder: Path) -> str:
    with archive.open("rb") as stream:
        done = install(stream, folder, check=check)
    assert done, done.error
    return done.release


def went_back(folder: Path) -> str:
    done = roll_back(folder, check=check)
    assert done, done.error
    return done.release


class Power:
    """Fails at the n-th changing call: `fail` decides how."""

    def __init__(self, n: int, fail: Callable[[], None], *, once: bool) -> None:
        self.n, self.fail, self.once, self.calls = n, fail, once, 0

    def patched(self) -> Any:
        return mock.patch.multiple(os, **{name: self._failing(name) for name in CHANGES})

    def _failing(self, name: str) -> Callable[..., Any]:
        real = getattr(os, name)

        def call(*arguments: Any, **keywords: Any) -> Any:
            if name == "open" and not arguments[1] & os.O_CREAT:
                return real(*arguments, **keywords)
            self.calls += 1
            if self.calls == self.n or (self.calls > self.n and not self.once):
                if name == "write":  # some bytes still arrive
                    real(arguments[0], arguments[1][: len(arguments[1]) // 2])
                self.fail()
            return real(*arguments, **keywords)

        return call


def problems(folder: Path, models: dict[str, str], *, may_be_empty: bool) -> list[str]:
    """What is wrong with the models of a board; `models` gives each release's right label."""
    current = folder / "current"
    if not os.path.lexists(current):
        return [] if may_be_empty else ["there is no current model"]
    try:
        bundle = Bundle.open(current)
        picture = bundle.folder / bundle.manifest.golden.files[0].file.path
        label = Classifier(bundle).classify(picture).label
        if label != models[bundle.folder.name]:
            return [f"{bundle.folder.name} answers {label}"]
        for release in (folder / "releases").iterdir():
            if is_release_name(release.name):
                Bundle.open(release).check_all()
        if os.path.lexists(folder / "previous"):
            Bundle.open(folder / "previous")
    except EdgeproofError as error:
        return [str(error)]
    return []


def after_failure(folder: Path, new: Path, models: dict[str, str], *, fresh: bool) -> list[str]:
    """What is wrong after a failed installation, and after the next one, which must succeed."""
    found = problems(folder, models, may_be_empty=fresh)
    release = installed(new, folder)
    found += problems(folder, models, may_be_empty=False)
    left = {p.name for p in folder.iterdir()}
    left |= {f"releases/{p.name}" for p in (folder / "releases").iterdir()}
    expected = {".lock", "releases", "current", f"releases/{release}"}
    if not fresh:
        before = os.readlink(folder / "previous")
        expected |= {"previous", before}
        if before == os.readlink(folder / "current"):
            found.append("the model before is the current one")
    return found + ([f"left: {sorted(left ^ expected)}"] if left != expected else [])


def _killed(n: int, act: Act, folder: Path) -> bool:
    """Whether the action, in a process that dies at its n-th call, was cut short."""
    child = os.fork()
    if child == 0:
        with Power(n, lambda: os.kill(os.getpid(), signal.SIGKILL), once=True).patched():
            act(folder)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status):
        assert os.WEXITSTATUS(status) == 0
        return False
    assert os.WTERMSIG(status) == signal.SIGKILL
    return True


def _filled(n: int, act: Act, folder: Path) -> bool:
    """Whether the action, on a disk that is full from its n-th call on, was cut short."""

    def fail() -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    power = Power(n, fail, once=False)
    try:
        with power.patched():
            act(folder)
    except OutputError:
        return True
    # a full disk may go unnoticed by the clearing away alone
    assert power.calls < n
    return False


def at_every_call(
    cut_short: Callable[[int, Act, Path], bool],
    act: Act,
    template: Path,
    new: Path,
    models: dict[str, str],
    first: int,
    last: int | None,
) -> dict[str, Any]:
    runs: Counter[str] = Counter()
    findings = []
    n, was_cut, fresh = first - 1, True, not (template / "current").exists()
    while was_cut and n != last:
        n += 1
        folder = template.with_name("device")
        shutil.copytree(template, folder, symlinks=True)
        was_cut = cut_short(n, act, folder)
        link = folder / "current"
        runs[Path(os.readlink(link)).name if link.is_symlink() else "none"] += 1
        found = after_failure(folder, new, models, fresh=fresh)
        findings += [f"call {n}: {finding}" for finding in found]
        shutil.rmtree(folder)
    return {"calls": n - 1, "runs": runs, "findings": findings}


def forget(act: Act, template: Path) -> dict[str, Any]:
    folder = template.with_name("device")
    shutil.copytree(template, folder, symlinks=True)
    disk, runs, findings, calls = Disk(folder), Counter[str](), [], 0
    fresh = not (template / "current").exists()

    def examine() -> None:
        nonlocal calls
        calls += 1
        for image in disk.images():
            current = image.get("current")
            runs[str(current).removeprefix("releases/")] += 1
            named = {path for path in image if is_release_name(path.removeprefix("releases/"))}
            if not (current is None and fresh):
                named.add(str(current))
            found = {_torn(image, release) for release in named} - {None}
            findings.extend(f"call {calls}: {problem}" for problem in found)

    with disk.recorded(examine):
        act(folder)
    assert disk.seen() == on_disk(folder), "the model is not the disk"
    return {"calls": calls, "runs": runs, "findings": findings}


def _torn(image: Image, release: str) -> str | None:
    """What is missing of the model that an image's current link names."""
    manifest = image.get(f"{release}/{MANIFEST}")
    if not isinstance(manifest, bytes):
        return f"{release} has no manifest"
    if not manifest:
        return f"{release} has an empty manifest"
    for entry in _manifest(manifest).all_files():
        content = image.get(f"{release}/{entry.path}")
        if not isinstance(content, bytes):
            return f"{release} has no {entry.path}"
        if _sha256(content) != entry.sha256:
            return f"{release} has another {entry.path}"
    return None


@functools.cache
def _manifest(content: bytes) -> Manifest:
    return manifest_from_bytes(content, "the image")


@functools.cache
def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _link_taken_away_first(link: Path, target: str, scratch: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(link)
    os.symlink(target, link)
    durable.sync_folder(link.parent)


def _nothing(folder: Path) -> None:
    """What forgetting to sync does."""


def _removed_in_place(folder: Path, scratch: Path) -> None:
    shutil.rmtree(folder)


def _unsynced(path: Path, chunks: Any) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    for chunk in chunks:
        os.write(descriptor, chunk)
    os.close(descriptor)


# what each mistake would be, to see that it is found
MUTANTS = {
    "link": mock.patch.object(releases, "replace_link", _link_taken_away_first),
    "folders": mock.patch.object(releases, "sync_folders", _nothing),
    "remove": mock.patch.object(releases, "remove_folder", _removed_in_place),
    "files": mock.patch.object(receive, "write_file", _unsynced),
}


def main(arguments: argparse.Namespace) -> dict[str, Any]:
    template: Path = arguments.work / "template"
    template.mkdir()
    new: Path = arguments.archives.pop()
    for archive in arguments.archives:
        installed(archive, template)
    models = {}
    for archive in (*arguments.archives, new):
        release = installed(archive, arguments.work / "models")
        bundle = Bundle.open(arguments.work / "models" / "current")
        assert bundle.manifest.golden.file_outputs is not None
        outputs = bundle.array(bundle.manifest.golden.file_outputs)
        models[release] = bundle.manifest.labels[outputs[0].argmax()]
    with MUTANTS.get(arguments.mutant, contextlib.nullcontext()):
        act = went_back if arguments.rollback else functools.partial(installed, new)
        if arguments.mode == "forget":
            return forget(act, template)
        fail = {"kill": _killed, "full": _filled}[arguments.mode]
        return at_every_call(fail, act, template, new, models, arguments.first, arguments.last)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=["kill", "full", "forget"])
    parser.add_argument("work", type=Path)
    parser.add_argument("archives", type=Path, nargs="+")
    parser.add_argument("--mutant", choices=list(MUTANTS))
    parser.add_argument("--rollback", action="store_true")
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--last", type=int)
    print(json.dumps(main(parser.parse_args())))  # noqa: T201
