"""What Linux says about changes below a folder (inotify, through watchdog)."""

import logging
import threading
from types import TracebackType

# more than a folder sees between two looks; a storm beyond it is met by listing the folder
_LIMIT = 10_000


class FolderEvents:
    """Paths below a folder that something happened to, collected by a thread of watchdog's."""

    def __init__(self, folder: str) -> None:
        """Begin to watch.

        Raises:
            OSError: the folder is gone, or the system's limit of watches is reached.
        """
        from watchdog.events import (
            DirCreatedEvent,
            DirMovedEvent,
            FileClosedEvent,
            FileCreatedEvent,
            FileMovedEvent,
            FileSystemEvent,
            FileSystemEventHandler,
        )
        from watchdog.observers.inotify import InotifyObserver

        # its warnings (a queue overflow) are about what the regular listing repairs
        logging.getLogger("watchdog").setLevel(logging.CRITICAL)
        self._paths: dict[str, bool] = {}
        self._overflowed = False
        self._changed = threading.Condition()
        collect = self._collect

        class Handler(FileSystemEventHandler):
            def on_closed(self, event: FileSystemEvent) -> None:
                collect(event.src_path, complete=True)

            def on_moved(self, event: FileSystemEvent) -> None:
                collect(event.dest_path, complete=True)

            def on_created(self, event: FileSystemEvent) -> None:
                collect(event.src_path, complete=False)

        # full events: a file that comes from outside the folder is said to be moved, not created
        self._observer = InotifyObserver(generate_full_events=True)
        self._observer.schedule(
            Handler(),
            folder,
            recursive=True,
            event_filter=[
                FileClosedEvent,
                FileMovedEvent,
                FileCreatedEvent,
                DirMovedEvent,
                DirCreatedEvent,
            ],
        )
        try:
            self._observer.start()
        except OSError:
            self._observer.stop()
            raise

    def take(self, timeout_s: float) -> tuple[dict[str, bool], bool]:
        """Paths since the last call, waiting for the first of them, and whether some were dropped.

        Returns:
            Each path with whether it is complete: its writer closed it, or it was moved here.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._paths or self._overflowed, timeout_s)
            taken = self._paths, self._overflowed
            self._paths, self._overflowed = {}, False
        return taken

    def __enter__(self) -> "FolderEvents":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._observer.stop()
        self._observer.join(timeout=0.2)

    def _collect(self, path: str | bytes, *, complete: bool) -> None:
        if not isinstance(path, str) or not path:
            return
        with self._changed:
            if len(self._paths) >= _LIMIT and path not in self._paths:
                self._overflowed = True
                return
            # later events come last: the order is that of completion
            self._paths[path] = self._paths.pop(path, False) or complete
            self._changed.notify()
