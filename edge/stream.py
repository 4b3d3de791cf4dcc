"""The loop of `edgeproof classify`: pictures in, results out, until the end or a signal."""

import sys
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from itertools import chain, islice
from typing import TextIO

import click
import numpy as np

from edgeproof.edge.classifier import Classifier
from edgeproof.edge.errors import ImageError
from edgeproof.edge.plain_text import one_line
from edgeproof.edge.prediction import Prediction
from edgeproof.edge.service.notify import notify, watchdog_interval_s
from edgeproof.edge.sinks.result import Result, Sink
from edgeproof.edge.sources.picture import Picture, Source
from edgeproof.edge.stop import FLUSH_S, Stop

_Outcome = tuple[Picture, Prediction | ImageError]

# how long the end of a finite run waits for a slow or absent receiver of results
_PATIENCE_S = 10.0


def say(text: str, stream: TextIO | None = None) -> None:
    """Tell the user something in one line, on stderr if nothing else is given."""
    with suppress(OSError):  # nobody reads the talk any more: results go on
        click.echo(f"edgeproof: {one_line(text)}", file=stream or sys.stderr)


def run(
    classifier: Classifier,
    source: Source,
    sinks: Sequence[Sink],
    *,
    top_k: int,
    threshold: float,
    stop: Stop,
    say: Callable[[str], None],
) -> int:
    """Classify every picture of the source and give each result to every sink.

    Returns:
        The exit code: 0 when all was done and delivered. 1 when a result was lost, or a picture of
        a finite source could not be read. An endless source that a signal ends was done; a finite
        one was cut short: 128 + the signal's number, as the shell has it.

    Raises:
        OutputError: a sink cannot go on.
    """
    failed = 0
    tell_systemd = _Heartbeat()
    try:
        with closing(_results(classifier, source, top_k, threshold)) as results:
            for result in results:
                tell_systemd()
                if result is not None:
                    for sink in sinks:
                        sink.write(result)
                    if result.error is not None:
                        failed += 1
                        say(result.error)
                if stop.signal is not None:
                    break
    except KeyboardInterrupt:
        if stop.signal is None:
            raise
        say("interrupted")
    finally:
        notify("STOPPING=1")
        patience_s = _PATIENCE_S if stop.signal is None else FLUSH_S
        lost = sum(sink.close(patience_s) for sink in sinks)
    if stop.signal is not None and not source.endless:
        return 128 + stop.signal
    return 1 if lost or (failed and not source.endless) else 0


class _Heartbeat:
    """Tells systemd that the service is ready, the first time, and then that it lives."""

    def __init__(self) -> None:
        self._interval_s = watchdog_interval_s() or float("inf")
        self._next_s = float("-inf")

    def __call__(self) -> None:
        now_s = time.monotonic()
        if now_s >= self._next_s:
            notify("READY=1" if self._next_s < 0 else "WATCHDOG=1")
            self._next_s = now_s + self._interval_s


def _results(
    classifier: Classifier, source: Source, top_k: int, threshold: float
) -> Generator[Result | None, None, None]:
    with closing(source.pictures) as pictures:
        # for a single picture threads would only cost their start, 5 ms
        begun = [] if source.endless else list(islice(pictures, 2))
        classified = _overlapping if len(begun) == 2 else _one_by_one
        for classified_picture in classified(classifier, chain(begun, pictures), top_k):
            if classified_picture is None:
                yield None
                continue
            picture, outcome = classified_picture
            if isinstance(outcome, Prediction):
                scores = tuple(s for s in outcome.scores if s.probability >= threshold)
                yield Result(picture.name, picture.time_s, scores)
            else:
                yield Result(picture.name, picture.time_s, error=_told(picture, outcome))


def _one_by_one(
    classifier: Classifier, pictures: Iterable[Picture | None], top_k: int
) -> Iterator[_Outcome | None]:
    """Each result before the next picture is asked for, which may take its time to come."""
    for picture in pictures:
        if picture is None:
            yield None
        elif isinstance(picture.content, ImageError):
            yield picture, picture.content
        else:
            try:
                yield picture, classifier.classify(picture.content, top_k)
            except ImageError as error:
                yield picture, error


def _overlapping(
    classifier: Classifier, pictures: Iterable[Picture | None], top_k: int
) -> Iterator[_Outcome | None]:
    """Several pictures at a time, in order; what could not even be read keeps its place."""
    begun: deque[Picture] = deque()

    def contents() -> Iterator[str | bytes | np.ndarray]:
        for picture in pictures:
            if picture is not None:
                begun.append(picture)
                if not isinstance(picture.content, ImageError):
                    yield picture.content

    def unread() -> Iterator[_Outcome]:
        while begun and isinstance(error := begun[0].content, ImageError):
            yield begun.popleft(), error

    for outcome in classifier.classify_many(contents(), top_k):
        yield from unread()
        yield begun.popleft(), outcome
    yield from unread()


def _told(picture: Picture, error: ImageError) -> str:
    """The message with the picture's name: of bytes and pixels the classifier knows none."""
    message = str(error).removeprefix("the picture: ")
    return message if message.startswith(picture.name) else f"{picture.name}: {message}"
