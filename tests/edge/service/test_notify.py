"""sd_notify as systemd's end of the socket sees it."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edgeproof.edge.service.notify import notify, watchdog_interval_s


@contextmanager
def manager(address: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(address)
        listening.settimeout(5)
        yield listening


@pytest.fixture(params=["file", "abstract"])
def addresses(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """What the manager binds, and what it writes into NOTIFY_SOCKET."""
    if request.param == "file":
        return str(tmp_path / "notify"), str(tmp_path / "notify")
    name = f"edgeproof-test-{os.getpid()}"
    return f"\0{name}", f"@{name}"


def test_states_arrive_as_they_are(
    addresses: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bound, stated = addresses
    monkeypatch.setenv("NOTIFY_SOCKET", stated)
    with manager(bound) as listening:
        assert notify("READY=1\nSTATUS=model größer")
        assert listening.recv(4096).decode() == "READY=1\nSTATUS=model größer"
        assert notify("WATCHDOG=1")
        assert listening.recv(4096) == b"WATCHDOG=1"


def test_nobody_listens(
    addresses: tuple[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", addresses[1])
    assert not notify("READY=1")
    for address in ("", "vsock:2:1234", "relative"):
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        assert not notify("READY=1")
    monkeypatch.delenv("NOTIFY_SOCKET")
    assert not notify("READY=1")


def test_a_manager_that_does_not_read_does_not_hold_up_the_loop(
    addresses: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", addresses[1])
    with manager(addresses[0]):
        # the kernel queues some ten datagrams; the one after would block for ever
        assert not all(notify("WATCHDOG=1") for _ in range(10_000))


def test_a_state_without_an_assignment_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="expected an assignment"):
        notify("READY")


@pytest.mark.parametrize(
    ("limit_us", "pid", "interval_s"),
    [
        ("30000000", None, 15.0),
        ("30000000", "own", 15.0),  # test processes must agree on the parameters
        ("30000000", "1", None),
        ("0", None, None),
        ("soon", None, None),
        ("-5", None, None),
        (None, None, None),
    ],
)
def test_watchdog_interval(
    limit_us: str | None,
    pid: str | None,
    interval_s: float | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in (("WATCHDOG_USEC", limit_us), ("WATCHDOG_PID", pid)):
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, str(os.getpid()) if value == "own" else value)
    assert watchdog_interval_s() == interval_s
