"""The load on a server: visitors, slow clients and aborted downloads, in a process of their own.

    python tests/bench/page/visitors.py '{"port": ..., "paths": [...], "visitors": 200, ...}'

Prints one JSON document. Raw streams of asyncio, for a client library would take more processor
time than the server, and both share the machine. Imports the standard library only.
"""

from __future__ import annotations

import asyncio
import json
import random
import resource
import sys
import time
from dataclasses import asdict, dataclass, field

CONNECTIONS = 6  # of a browser to one host
TIMEOUT_S = 30
DRIBBLE_S = 1.0


@dataclass(frozen=True)
class Load:
    """What is done to the server.

    Attributes:
        paths: of one visit: the document first, then all that it needs.
        visitors: how many there are at once; each visits, thinks, visits again.
        think_s: mean of the pause between two visits, drawn evenly from 0 to twice as much.
        slow: clients that send a byte of a header each second and never end it.
        aborted_per_s: downloads of `large` that are broken off after the first bytes.
    """

    port: int
    paths: list[str]
    visitors: int
    seconds: float
    think_s: float
    slow: int = 0
    aborted_per_s: float = 0
    large: str = "/"


@dataclass
class Seen:
    """What came of it; times in seconds."""

    visits_s: list[float] = field(default_factory=list)
    requests: int = 0
    bytes: int = 0
    errors: list[str] = field(default_factory=list)
    slow_closed: int = 0
    aborted: int = 0
    processor_s: float = 0


async def _answer(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, seen: Seen
) -> None:
    head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip, deflate, br\r\n\r\n"
    writer.write(head.encode())
    answer = await reader.readuntil(b"\r\n\r\n")
    if not answer.startswith(b"HTTP/1.1 200 "):
        raise ValueError(f"{path}: {answer[:40]!r}")
    _, _, length = answer.lower().partition(b"\r\ncontent-length: ")
    size = int(length.partition(b"\r\n")[0])
    await reader.readexactly(size)
    seen.requests += 1
    seen.bytes += size + len(answer)


async def _visit(load: Load, seen: Seen) -> None:
    """The document, then the rest over six connections, as a browser asks for it."""
    writers: list[asyncio.StreamWriter] = []

    async def connected() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", load.port)
        writers.append(writer)
        return reader, writer

    async def take(pair: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None) -> None:
        reader, writer = pair or await connected()
        while rest:
            await _answer(reader, writer, rest.pop(0), seen)

    try:
        first = await connected()
        await _answer(*first, load.paths[0], seen)
        rest = load.paths[1:]
        await asyncio.gather(*(take(p) for p in (first, *[None] * (CONNECTIONS - 1))))
    finally:
        for writer in writers:
            writer.close()


async def _visitor(load: Load, seen: Seen, chance: random.Random, end: float) -> None:
    # not all at once at the start
    await asyncio.sleep(chance.uniform(0, 2 * load.think_s))
    while (start := time.monotonic()) < end:
        try:
            await asyncio.wait_for(_visit(load, seen), TIMEOUT_S)
            seen.visits_s.append(time.monotonic() - start)
        except (OSError, ValueError, EOFError, asyncio.TimeoutError) as error:
            seen.errors.append(f"{type(error).__name__}: {error}")
        await asyncio.sleep(chance.uniform(0, 2 * load.think_s))


async def _slow(load: Load, seen: Seen, end: float) -> None:
    """Comes again when it is closed."""
    while time.monotonic() < end:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", load.port)
            writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
            while time.monotonic() < end and not writer.is_closing():
                writer.write(b"a")
                await writer.drain()
                await asyncio.sleep(DRIBBLE_S)
            writer.close()
        except OSError:
            seen.slow_closed += 1


async def _aborting(load: Load, seen: Seen, end: float) -> None:
    request = f"GET {load.large} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    while time.monotonic() < end:
        reader, writer = await asyncio.open_connection("127.0.0.1", load.port)
        writer.write(request)
        await reader.read(1000)
        writer.transport.abort()
        seen.aborted += 1
        await asyncio.sleep(1 / load.aborted_per_s)


async def loaded(load: Load) -> Seen:
    """Everything at once, for the given time."""
    seen, chance = Seen(), random.Random(0)
    end = time.monotonic() + load.seconds
    tasks = [_visitor(load, seen, chance, end) for _ in range(load.visitors)]
    tasks += [_slow(load, seen, end) for _ in range(load.slow)]
    tasks += [_aborting(load, seen, end)] if load.aborted_per_s else []
    await asyncio.gather(*tasks)
    return seen


def main() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 8192)), hard))
    seen = asyncio.run(loaded(Load(**json.loads(sys.argv[1]))))
    usage = resource.getrusage(resource.RUSAGE_SELF)
    seen.processor_s = usage.ru_utime + usage.ru_stime
    sys.stdout.write(json.dumps(asdict(seen)))


if __name__ == "__main__":
    main()
