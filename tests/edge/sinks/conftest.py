"""Debian's mosquitto, started on loopback with a configuration of its own."""

import shutil
import signal
import socket
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

LIMIT_S = 30.0


def wait_for(condition: Callable[[], object]) -> None:
    end_s = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < end_s, "waited in vain"
        time.sleep(0.01)


class Broker:
    """A broker that can be killed and started again; it keeps what it promised to deliver."""

    def __init__(self, program: str, folder: Path, more: str = "") -> None:
        folder.mkdir()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._command = [program, "-c", str(folder / "mosquitto.conf")]
        self._log = folder / "log"
        (folder / "mosquitto.conf").write_text(
            f"listener {self.port} 127.0.0.1\n"
            # started as root, it would become a user who cannot write here
            "user root\n"
            f"persistence true\npersistence_location {folder}/\n"
            # each change is written to the disk at once, so that a kill loses none
            "autosave_on_changes true\nautosave_interval 1\n" + (more or "allow_anonymous true\n")
        )
        self._saved = folder / "mosquitto.db"
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        with open(self._log, "ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        wait_for(self._listens)

    def freeze(self) -> None:
        """Connected, and deaf: what is sent to it waits in the system's buffers."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def kill(self) -> None:
        """Gone at once, without a word to anybody."""
        self._end(signal.SIGKILL)

    def close(self) -> None:
        self._end(signal.SIGTERM)

    def has_saved(self, subscription: bytes) -> bool:
        return self._saved.exists() and subscription in self._saved.read_bytes()

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(LIMIT_S)
            self._process = None

    def _listens(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self._log.read_text()
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0


class Listener:
    """A subscriber whose session the broker keeps while one of the two is away."""

    def __init__(self, broker: Broker, topic: str, **login: str) -> None:
        self.heard: list[tuple[str, bytes, bool]] = []
        self._topic = topic
        self._subscribed = threading.Event()
        self._client = Client(
            CallbackAPIVersion.VERSION2, client_id=uuid.uuid4().hex, clean_session=False
        )
        if login:
            self._client.username_pw_set(login["user"], login["password"])
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = lambda *arguments: self._subscribed.set()
        self._client.on_message = lambda client, userdata, message: self.heard.append(
            (message.topic, message.payload, message.retain)
        )
        self._client.connect("127.0.0.1", broker.port)
        self._client.loop_start()
        assert self._subscribed.wait(LIMIT_S)

    def _on_connect(self, *arguments: Any) -> None:
        self._client.subscribe(self._topic, qos=1)

    def on(self, topic: str) -> list[bytes]:
        return [payload for heard, payload, _ in self.heard if heard == topic]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def mosquitto() -> str:
    # Debian puts it where only root's PATH looks
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if program is None:
        pytest.skip("needs mosquitto: apt install mosquitto")
    return program


@pytest.fixture
def start_broker(mosquitto: str, tmp_path: Path) -> Iterator[Callable[..., Broker]]:
    made: list[Broker] = []

    def start(more: str = "") -> Broker:
        made.append(Broker(mosquitto, tmp_path / f"broker-{len(made)}", more))
        return made[-1]

    yield start
    for broker in made:
        broker.close()


@pytest.fixture
def broker(start_broker: Callable[..., Broker]) -> Broker:
    return start_broker()


@pytest.fixture
def listen() -> Iterator[Callable[..., Listener]]:
    made: list[Listener] = []

    def start(broker: Broker, topic: str, **login: str) -> Listener:
        made.append(Listener(broker, topic, **login))
        return made[-1]

    yield start
    for listener in made:
        listener.close()
