"""One connection to an MQTT broker, from the first packet to its loss."""

import threading
from typing import Any

from edgeproof.edge.sinks.mqtt_address import BrokerAddress

# the broker learns after one and a half of these that we are gone, and tells it (the last will)
_KEEPALIVE_S = 15


class MqttSession:
    """A connection that is not made again: whoever wants another one makes another session.

    What changes comes from a thread of paho-mqtt's, under the lock that the caller gives.

    Attributes:
        is_open: the broker accepted us, and the connection was not lost since.
        ended: why there is no connection (any more); empty while there is one, or may be soon.
        acknowledged: identifiers of messages that the broker has, for the caller to take out.
    """

    def __init__(
        self, address: BrokerAddress, client_id: str, changed: threading.Condition
    ) -> None:
        from paho.mqtt.client import Client
        from paho.mqtt.enums import CallbackAPIVersion

        self.is_open = False
        self.ended = ""
        self.acknowledged: list[int] = []
        self._address = address
        self._changed = changed
        self._client = Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, reconnect_on_failure=False
        )
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_publish = self._on_publish
        self._client.will_set(self._status, "offline", qos=1, retain=True)
        if address.user is not None:
            self._client.username_pw_set(address.user, address.password)
        if address.tls:
            import ssl

            self._client.tls_set_context(ssl.create_default_context())

    def connect(self) -> None:
        """Begin; `is_open` or `ended` tells how it went.

        Raises:
            OSError: no such host, nobody listens there, or its certificate is not trusted.
        """
        self._client.connect(self._address.host, self._address.port, _KEEPALIVE_S)
        self._client.loop_start()

    def publish(self, payload: bytes) -> int:
        """Send a result; returns the identifier that is to be acknowledged."""
        return self._client.publish(self._address.topic, payload, qos=1).mid

    def publish_status(self, status: str) -> None:
        self._client.publish(self._status, status, qos=1, retain=True)

    def close(self) -> None:
        """Take leave, if there is a connection, and wait for the thread to end."""
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def _status(self) -> str:
        return f"{self._address.topic}/status"

    def _on_connect(
        self, client: Any, userdata: Any, flags: Any, reason: Any, properties: Any
    ) -> None:
        with self._changed:
            if reason.is_failure:
                self.ended = f"the broker refuses: {reason}"
            else:
                self.is_open = True
            self._changed.notify_all()

    def _on_disconnect(
        self, client: Any, userdata: Any, flags: Any, reason: Any, properties: Any
    ) -> None:
        with self._changed:
            self.is_open = False
            self.ended = self.ended or f"the connection was lost: {reason}"
            self._changed.notify_all()

    def _on_publish(
        self, client: Any, userdata: Any, identifier: int, reason: Any, properties: Any
    ) -> None:
        with self._changed:
            self.acknowledged.append(identifier)
            self._changed.notify_all()
