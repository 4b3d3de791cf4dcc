"""From the options of `edgeproof classify` to the source that they ask for."""

from collections.abc import Callable
from dataclasses import dataclass

from edgeproof.edge.errors import UsageError
from edgeproof.edge.sources.picture import Source


@dataclass(frozen=True)
class SourceOptions:
    """Which pictures are asked for: exactly one of the first three, and how.

    Attributes:
        images: files, folders, patterns, `-`.
        watch: a folder to watch.
        camera: `auto`, `picamera2`, `v4l2:DEVICE` or a video file.
        existing, settle_s: see `watched_folder`.
        every, fps: see `Cadence`; None for all frames.
    """

    images: tuple[str, ...]
    watch: str | None
    camera: str | None
    existing: bool
    settle_s: float
    every: int | None
    fps: float | None

    def __post_init__(self) -> None:
        asked = [*self.images[:1], *(o for o in (self.watch, self.camera) if o is not None)]
        if len(asked) != 1:
            found = "none of them" if not asked else "more than one of them"
            raise UsageError(f"expected IMAGE..., --watch DIR or --camera, got {found}")
        if self.existing and self.watch is None:
            raise UsageError("expected --existing with --watch, got it without")
        if (self.every is not None or self.fps is not None) and self.camera is None:
            raise UsageError("expected --every and --fps with --camera, got them without")


def open_source(asked: SourceOptions, say: Callable[[str], None]) -> Source:
    """The source; a camera is opened when its first picture is wanted.

    Raises:
        UsageError, FolderGone, MissingExtra: see their messages.
    """
    if asked.watch is not None:
        from edgeproof.edge.sources.watch import watched_folder

        return watched_folder(
            asked.watch, existing=asked.existing, settle_s=asked.settle_s, say=say
        )
    if asked.camera is not None:
        from edgeproof.edge.sources.cadence import Cadence
        from edgeproof.edge.sources.camera import camera

        return camera(asked.camera, Cadence(asked.every or 1, asked.fps), say)
    from edgeproof.edge.sources.files import pictures_of

    return Source(pictures_of(asked.images), endless=False)
