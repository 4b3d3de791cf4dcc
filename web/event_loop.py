"""waitress' sockets on epoll or kqueue, at a cost that does not grow with silent connections.

waitress asks every connection at every turn whether it wants to read or write, and tells the system
anew: with 500 that dribble, a visit of one of 200 visitors took 3.8 s instead of 0.1 s. Here only
those are asked to which something happened. A connection has settled when it waits for a request:
then nothing but its own socket, or the server that gives it up, can change what it wants.
"""

import selectors
from typing import Any

from waitress import wasyncore
from waitress.channel import HTTPChannel

_READ, _WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class EventLoop:
    """Turns for one server; `sockets` is what waitress calls its map."""

    def __init__(self) -> None:
        self.sockets = _Sockets(self)
        self._selector = selectors.DefaultSelector()
        self._wanted: dict[int, int] = {}
        self._unsettled: set[int] = set()

    def ask_again(self, descriptor: int) -> None:
        """Ask this socket at the next turn what it wants. May be called from any thread."""
        self._unsettled.add(descriptor)

    def forget(self, descriptor: int) -> None:
        """The socket is about to be closed."""
        self._want(descriptor, 0)
        self._unsettled.discard(descriptor)

    def turn(self, timeout_s: float) -> None:
        """Handle what happens within this time; returns after the first things did."""
        for descriptor in list(self._unsettled):
            self._ask(descriptor)
        happened = self._selector.select(timeout_s)
        for handler, descriptor, events in [(self.sockets[k.fd], k.fd, e) for k, e in happened]:
            self.ask_again(descriptor)
            # what was handled before may have closed it, and its number may be a new one's already
            if events & _READ and self.sockets.get(descriptor) is handler:
                wasyncore.read(handler)
            if events & _WRITE and self.sockets.get(descriptor) is handler:
                wasyncore.write(handler)

    def close(self) -> None:
        """Close every socket."""
        wasyncore.close_all(self.sockets)
        self._selector.close()

    def _ask(self, descriptor: int) -> None:
        # first: what a thread does from here on makes it unsettled again
        self._unsettled.discard(descriptor)
        handler = self.sockets.get(descriptor)
        if handler is None:
            return
        wanted = _READ if handler.readable() else 0
        if handler.writable() and not handler.accepting:
            wanted |= _WRITE
        self._want(descriptor, wanted)
        # who accepts also gives up the slow ones, each time it is asked
        if wanted != _READ or handler.accepting or getattr(handler, "requests", None):
            self._unsettled.add(descriptor)

    def _want(self, descriptor: int, wanted: int) -> None:
        before = self._wanted.pop(descriptor, 0)
        if wanted:
            self._wanted[descriptor] = wanted
        if before and not wanted:
            self._selector.unregister(descriptor)
        elif wanted and not before:
            self._selector.register(descriptor, wanted)
        elif wanted != before:
            self._selector.modify(descriptor, wanted)


class Channel(HTTPChannel):
    """A connection on which bytes that complete no request are no activity.

    waitress counts each byte, so a client that dribbles a header holds its connection for ever.
    """

    last_activity: float
    _gives_up = False

    def handle_read(self) -> None:
        incomplete, since = self.request, self.last_activity
        super().handle_read()
        if incomplete is not None and self.request is incomplete:
            self.last_activity = since

    @property
    def will_close(self) -> bool:
        """Set by the server for a connection that it gives up, settled as it may be."""
        return self._gives_up

    @will_close.setter
    def will_close(self, value: bool) -> None:
        self._gives_up = value
        if value and self._fileno is not None:
            self.server.loop.ask_again(self._fileno)


class _Sockets(dict[int, Any]):
    """Sockets by descriptor: waitress adds and removes them, and the loop must hear of it."""

    def __init__(self, loop: EventLoop) -> None:
        super().__init__()
        self._loop = loop

    def __setitem__(self, descriptor: int, handler: Any) -> None:
        super().__setitem__(descriptor, handler)
        self._loop.ask_again(descriptor)

    def __delitem__(self, descriptor: int) -> None:
        self._loop.forget(descriptor)
        super().__delitem__(descriptor)
