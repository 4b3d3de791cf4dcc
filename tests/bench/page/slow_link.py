"""A slow network between a browser and a server on loopback, which also counts what crosses it.

Chromium's own emulation is set for each target, and a worker's first fetches go before it can be;
everything passes through this proxy. A link is one queue for each direction, shared by all
connections: a chunk leaves when those before it have left, and arrives half a round trip later. A
new connection costs a round trip, as TCP's handshake does. Slow start and TLS are not simulated.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

_CHUNK = 4096


@dataclass(frozen=True)
class Link:
    """Bits per second each way, and the round trip in seconds; None: as fast as it goes."""

    name: str
    bits_per_s: float | None = None
    round_trip_s: float = 0


@dataclass
class Crossed:
    """What passed so far, each at its time in s since the epoch: chunks to the browser, heads and
    bodies, and the requests that it made."""

    chunks: list[tuple[float, int]] = field(default_factory=list)
    requests: list[tuple[float, str]] = field(default_factory=list)

    def until(self, moment: float) -> dict[str, Any]:
        """Bytes and paths: the browser goes on asking while it is being asked for the moment."""
        return {
            "bytes": sum(size for at, size in self.chunks if at <= moment),
            "requests": [path for at, path in self.requests if at <= moment],
        }


class _Direction:
    def __init__(self, link: Link) -> None:
        self._link = link
        self._free_at = 0.0

    async def cross(self, size: int) -> float:
        """Waits until a chunk has left; returns when it arrives."""
        now = asyncio.get_running_loop().time()
        takes = 0 if self._link.bits_per_s is None else 8 * size / self._link.bits_per_s
        self._free_at = max(now, self._free_at) + takes
        await asyncio.sleep(self._free_at - now)
        return self._free_at + self._link.round_trip_s / 2


class _Proxy:
    def __init__(self, port: int, link: Link) -> None:
        self._port, self._link = port, link
        self._up, self._down = _Direction(link), _Direction(link)
        self.crossed = Crossed()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(self._link.round_trip_s)
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            await asyncio.gather(
                self._pump(reader, far_writer, self._up, self._asked),
                self._pump(far_reader, writer, self._down, self._answered),
                return_exceptions=True,  # a browser that is closed resets its connections
            )
        except asyncio.CancelledError:
            return  # the link is cut
        finally:
            writer.transport.abort()
            far_writer.transport.abort()

    def _asked(self, chunk: bytes) -> None:
        # a browser sends a request's head in one piece
        if chunk.startswith(b"GET "):
            self.crossed.requests.append((time.time(), chunk.split(b" ", 2)[1].decode()))

    def _answered(self, chunk: bytes) -> None:
        self.crossed.chunks.append((time.time(), len(chunk)))

    async def _pump(self, source, target, direction, count) -> None:  # type: ignore[no-untyped-def]
        on_the_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def deliver() -> None:
            while (item := await on_the_way.get())[1]:
                await asyncio.sleep(item[0] - asyncio.get_running_loop().time())
                count(item[1])
                target.write(item[1])
                await target.drain()
            target.write_eof()

        async def send() -> None:
            while chunk := await source.read(_CHUNK):
                on_the_way.put_nowait((await direction.cross(len(chunk)), chunk))
            on_the_way.put_nowait((0, b""))

        await asyncio.gather(deliver(), send())


@contextmanager
def slowed(port: int, link: Link) -> Iterator[tuple[str, Crossed]]:
    """A proxy before that port of this machine: its address, and what crossed so far."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    proxy = _Proxy(port, link)
    started = asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    server = asyncio.run_coroutine_threadsafe(started, loop).result()
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", proxy.crossed
    finally:
        asyncio.run_coroutine_threadsafe(_stop(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _stop(server: asyncio.Server) -> None:
    server.close()
    tasks = [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
