"""The folder beside a run in which an unfinished training waits: `RUN.unfinished`."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

from edgeproof.edge.schema import to_json
from edgeproof.train.checkpoint import (
    Checkpoint,
    DamagedCheckpoint,
    checkpoints_in,
    read_checkpoint,
    write_checkpoint,
)
from edgeproof.train.errors import OtherTraining
from edgeproof.train.parts import Parts
from edgeproof.train.progress import say
from edgeproof.train.run_config import RunConfig


def unfinished_folder(run: Path) -> Path:
    """Where the checkpoints of a run lie until it is finished."""
    run = run.absolute()
    return run.with_name(f"{run.name}.unfinished")


def is_interrupted(run: Path) -> bool:
    """Whether the run may be replaced unasked: it says that it was interrupted, and its training
    can go on."""
    metrics = run / "metrics.json"
    if not checkpoints_in(unfinished_folder(run)) or not metrics.is_file():
        return False
    try:
        return json.loads(metrics.read_bytes()).get("interrupted") is True
    except (ValueError, AttributeError):  # not a metrics.json of ours: --force decides
        return False


class Unfinished:
    """Keeps the checkpoints of one training, and gives back the newest good one."""

    def __init__(self, run: Path, config: RunConfig, parts: Parts) -> None:
        self.folder = unfinished_folder(run)
        self._training = _described(config, parts)

    def latest(self) -> Checkpoint | None:
        """Where to go on, or None.

        Raises:
            OtherTraining: the checkpoints are of other data or another configuration.
        """
        for path in checkpoints_in(self.folder):
            try:
                checkpoint, training = read_checkpoint(path)
            except DamagedCheckpoint as error:
                say(f"left aside: {error}")
                continue
            self._check_same(training)
            say(f"going on after epoch {checkpoint.epochs} ({path})")
            return checkpoint
        return None

    def keep(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint; where the disk is full, say so and train on with the last one."""
        try:
            write_checkpoint(self.folder, checkpoint, self._training)
        except OSError as error:
            last = checkpoints_in(self.folder)
            kept = f"the last one is {last[0].name}" if last else "there is none yet"
            say(
                f"no checkpoint after epoch {checkpoint.epochs}: {error.strerror or error}; {kept}."
                " Training goes on and tries again after the next epoch"
            )

    def remove(self) -> None:
        """The training is finished, or begins anew."""
        if self.folder.is_dir():
            shutil.rmtree(self.folder)

    def _check_same(self, there: dict[str, Any]) -> None:
        ours, theirs = _flat(self._training), _flat(there)
        versions = [name for name in ours if name.startswith("versions.")]
        other = [name for name in versions if theirs.get(name) != ours[name]]
        if other:
            say(
                "begun with other versions ("
                + ", ".join(f"{n.partition('.')[2]} {theirs.get(n)}" for n in other)
                + "): the result may differ from an unbroken run's in its last digits"
            )
        # the images' digest last: what else differs says why they do
        for name in sorted(set(ours) | set(theirs), key=lambda n: (n == "data.content", n)):
            if name not in versions and ours.get(name) != theirs.get(name):
                raise OtherTraining(self.folder, name, theirs.get(name), ours.get(name))


def _described(config: RunConfig, parts: Parts) -> dict[str, Any]:
    """Everything the final weights depend on, as JSON values."""
    described: dict[str, Any] = to_json(config)
    # where the run goes and how the user put it: neither changes a weight
    for name in ("command", "schema_version"):
        del described[name]
    del described["data"]["origin"]
    described["data"]["content"] = _digest(parts)
    return described


def _digest(parts: Parts) -> str:
    """Of all images and labels that training and validation look at."""
    digest = hashlib.blake2b(digest_size=16)
    for part in (parts.train, parts.validation):
        digest.update(part.labels.tobytes())
        for i in range(0, len(part), 4096):
            digest.update(part.images[i : i + 4096].tobytes())
    return digest.hexdigest()


def _flat(value: Any, name: str = "") -> dict[str, str]:
    """`{"schedule": {"epochs": 5}}` as `{"schedule.epochs": "5"}`."""
    if not isinstance(value, dict):
        return {name: json.dumps(value, ensure_ascii=False)}
    flat: dict[str, str] = {}
    for key, inner in value.items():
        flat |= _flat(inner, f"{name}.{key}" if name else key)
    return flat
