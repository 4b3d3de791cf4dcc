"""`--publish`'s URL, and that its password stays hidden."""

import pytest

from edgeproof.edge.errors import UsageError
from edgeproof.edge.sinks.mqtt_address import BrokerAddress, broker_address

SECRET = {"EDGEPROOF_MQTT_PASSWORD": "from-environment"}


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("mqtt://pi/a", BrokerAddress("pi", 1883, "a", False)),
        ("mqtts://pi/a/b", BrokerAddress("pi", 8883, "a/b", True)),
        ("mqtt://[::1]:1884/%C3%A9%3F", BrokerAddress("::1", 1884, "\u00e9?", False)),
        ("mqtt://u@pi/a", BrokerAddress("pi", 1883, "a", False, "u", "from-environment")),
        ("mqtt://u:p%40%2Fs@pi/a", BrokerAddress("pi", 1883, "a", False, "u", "p@/s")),
        ("mqtt://pi//a", BrokerAddress("pi", 1883, "/a", False)),
    ],
)
def test_urls(url: str, address: BrokerAddress) -> None:
    assert broker_address(url, SECRET) == address


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://u:secret@pi/a", "a URL that does not begin so"),
        ("mqtt:u:secret@pi/a", "got no host"),
        ("mqtt://u:secret@/a", "got no host"),
        ("mqtt://u:sec/ret@pi/a", "host or port that cannot be read; write : / @"),
        ("mqtt://u:secret@pi:99999/a", "host or port that cannot be read"),
        ("mqtt://[u:secret@pi/a", "host or port that cannot be read"),
        ("mqtt://u:secret@pi", "got no topic"),
        ("mqtt://u:secret@pi/", "got no topic"),
        ("mqtt://u:secret@pi/a/+/b", r"without \+ # and NUL"),
        ("mqtt://u:secret@pi/a%23", r"without \+ # and NUL"),
        ("mqtt://u:secret@pi/a%00", r"without \+ # and NUL"),
        ("mqtt://u:secret@pi/a#b", r"after \? or #"),
        ("mqtt://u:secret@pi/a?b", r"after \? or #"),
        ("mqtt://u:secret@pi/" + 65_529 * "a", "at most 65,528 bytes"),
    ],
)
def test_wrong_urls_are_wrong_usage_and_never_repeated(url: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        broker_address(url, {})
    told = [str(caught.value), repr(caught.value.__cause__)]
    assert not any("sec" in text or "ret@" in text for text in told)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_the_address_is_shown_without_user_and_password() -> None:
    address = broker_address("mqtts://someone:secret@[::1]/a", {})
    assert str(address) == "mqtts://[::1]:8883/a"
    assert "secret" not in repr(address)
