"""`mqtt://[user[:password]@]host[:port]/topic`, read without ever showing the password."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from edgeproof.edge.errors import UsageError

PASSWORD_VARIABLE = "EDGEPROOF_MQTT_PASSWORD"
_PORTS = {"mqtt": 1883, "mqtts": 8883}
_FORM = "mqtt[s]://[user[:password]@]host[:port]/topic"
# MQTT 3.1.1 counts a string's bytes in 16 bits; /status is appended
_LONGEST_TOPIC_BYTES = 65_535 - len("/status")


@dataclass(frozen=True)
class BrokerAddress:
    """Where results are published. As text it has no user and no password."""

    host: str
    port: int
    topic: str
    tls: bool
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"mqtt{'s' if self.tls else ''}://{host}:{self.port}/{self.topic}"


def broker_address(url: str, environment: Mapping[str, str]) -> BrokerAddress:
    """Read the URL; a password that it does not hold comes from `EDGEPROOF_MQTT_PASSWORD`.

    Raises:
        UsageError: it is no such URL. No message repeats it, for it may hold a password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UsageError(
            f"expected {_FORM}, got a host or port that cannot be read; write : / @ in a user's "
            "name or password as %3A %2F %40"
        ) from None  # the cause would show the part of the URL
    if parts.scheme not in _PORTS:
        raise UsageError(f"expected {_FORM}, got a URL that does not begin so")
    if not parts.hostname:
        raise UsageError(f"expected {_FORM}, got no host")
    if parts.query or parts.fragment:
        raise UsageError(f"expected {_FORM}, got something after ? or #; write ? as %3F")
    user = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    if user is not None and password is None:
        password = environment.get(PASSWORD_VARIABLE)
    return BrokerAddress(
        host=parts.hostname,
        port=_PORTS[parts.scheme] if port is None else port,
        topic=_topic(unquote(parts.path[1:])),
        tls=parts.scheme == "mqtts",
        user=user,
        password=password,
    )


def _topic(topic: str) -> str:
    if not topic:
        raise UsageError(f"expected {_FORM}, got no topic")
    wrong = next((c for c in topic if c in "+#\0"), None)
    if wrong is not None:
        raise UsageError(f"expected a topic without + # and NUL, got {topic!r}")
    if len(topic.encode("utf-8", errors="replace")) > _LONGEST_TOPIC_BYTES:
        raise UsageError(f"expected a topic of at most {_LONGEST_TOPIC_BYTES:,} bytes, got more")
    return topic
