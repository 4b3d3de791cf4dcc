"""Results to an MQTT broker, which may be away for a while."""

import json
import threading
import uuid
from collections import deque
from collections.abc import Callable

from edgeproof.edge.errors import OutputError
from edgeproof.edge.extras import require
from edgeproof.edge.sinks.mqtt_address import BrokerAddress
from edgeproof.edge.sinks.mqtt_session import MqttSession
from edgeproof.edge.sinks.result import Result

# waits between attempts to connect
_FIRST_WAIT_S = 0.5
_LAST_WAIT_S = 30.0
# sent and not yet acknowledged: at most so many arrive twice when a connection is lost
_IN_FLIGHT = 20
# how long a finite run waits for room in the queue before it gives up
_PATIENCE_S = 10.0
# what taking leave of the broker may take; the last will does it otherwise
_LEAVE_S = 0.2


class MqttPublisher:
    """Publishes each result as JSON to the topic, with QoS 1: at least once, in order.

    `TOPIC/status` holds "online" while this runs and "offline" otherwise, by the last will if need
    be. While the broker is away results wait in a queue. When it is full an endless run drops the
    oldest; any other run waits a little and gives up.
    """

    def __init__(
        self, address: BrokerAddress, *, queue: int, endless: bool, say: Callable[[str], None]
    ) -> None:
        """Begin to connect, in the background.

        Args:
            queue: how many results may wait.

        Raises:
            MissingExtra: paho-mqtt is not installed.
        """
        require("classify --publish", "mqtt", "paho")
        self._address = address
        self._queue = queue
        self._endless = endless
        self._say = say
        self._changed = threading.Condition()
        # what follows is shared, under `_changed`
        self._waiting: deque[bytes] = deque()
        self._in_flight: dict[int, bytes] = {}
        self._unfinished = 0  # waiting, in flight or just between the two
        self._dropped = 0
        self._is_open = False
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)
        self._thread.start()

    def write(self, result: Result) -> None:
        payload = json.dumps(result.document()).encode("ascii")
        if not self._thread.is_alive():
            raise OutputError(f"{self._address}: publishing ended by a fault; start again")
        with self._changed:
            if not self._endless and not self._changed.wait_for(self._has_room, _PATIENCE_S):
                raise OutputError(
                    f"expected {self._address} to take results, got none taken in "
                    f"{_PATIENCE_S:g} s, and {self._unfinished} wait; is the broker there?"
                )
            # what is on its way is not dropped: the broker may have it already
            while self._waiting and not self._has_room():
                self._waiting.popleft()
                self._unfinished -= 1
                self._dropped += 1
            self._waiting.append(payload)
            self._unfinished += 1
            self._changed.notify_all()

    def close(self, patience_s: float) -> int:
        in_haste = patience_s < _PATIENCE_S
        with self._changed:
            self._changed.wait_for(
                lambda: not self._unfinished or (in_haste and not self._is_open), patience_s
            )
            self._closing = True
            self._changed.notify_all()
        self._thread.join(timeout=_LEAVE_S)
        lost = self._dropped + self._unfinished
        if lost:
            self._say(f"{self._address}: {lost} results were not delivered")
        return lost

    def _has_room(self) -> bool:
        return self._unfinished < self._queue

    def _run(self) -> None:
        """The thread: a session after the other until the end."""
        client_id = f"edgeproof-{uuid.uuid4().hex[:12]}"
        wait_s = _FIRST_WAIT_S
        outage = ""
        while not self._closing:
            session = MqttSession(self._address, client_id, self._changed)
            try:
                session.connect()
                if self._was_opened(session):
                    self._say_open(outage)
                    wait_s, outage = _FIRST_WAIT_S, ""
                    session.publish_status("online")
                    self._serve(session)
                reason = session.ended
            except (OSError, ValueError) as error:
                # ValueError: a host that no name server could be asked for
                reason = str(error)
            finally:
                session.close()
            with self._changed:
                self._waiting.extendleft(reversed(self._in_flight.values()))
                self._in_flight.clear()
                if self._closing:
                    return
            if not outage:
                outage = reason
                self._say(f"{self._address}: {reason}; the last {self._queue} results are kept")
            with self._changed:
                self._changed.wait_for(lambda: self._closing, wait_s)
            wait_s = min(2 * wait_s, _LAST_WAIT_S)

    def _was_opened(self, session: MqttSession) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: session.is_open or session.ended or self._closing)
            self._is_open = session.is_open
            return self._is_open

    def _say_open(self, outage: str) -> None:
        if outage:
            dropped = f"; {self._dropped} results were dropped so far" if self._dropped else ""
            self._say(f"{self._address}: connected again{dropped}")

    def _serve(self, session: MqttSession) -> None:
        """Sends what waits and takes what is acknowledged, until the connection or the run ends."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._has_work(session))
                for identifier in session.acknowledged:
                    if self._in_flight.pop(identifier, None) is not None:
                        self._unfinished -= 1
                session.acknowledged.clear()
                self._changed.notify_all()
                if not session.is_open:
                    self._is_open = False
                    return
                if self._closing:
                    break
                payload = self._waiting.popleft() if self._may_send() else None
            # not under the lock: paho-mqtt holds locks of its own, here and when it calls us
            if payload is not None:
                identifier = session.publish(payload)
                with self._changed:
                    self._in_flight[identifier] = payload
        session.publish_status("offline")

    def _has_work(self, session: MqttSession) -> bool:
        return bool(
            session.acknowledged or not session.is_open or self._closing or self._may_send()
        )

    def _may_send(self) -> bool:
        return bool(self._waiting) and len(self._in_flight) < _IN_FLIGHT
