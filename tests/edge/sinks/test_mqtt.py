"""Publishing to a real broker: Debian's mosquitto on loopback."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgeproof.edge.errors import OutputError
from edgeproof.edge.prediction import Score
from edgeproof.edge.sinks import mqtt
from edgeproof.edge.sinks.mqtt import MqttPublisher
from edgeproof.edge.sinks.mqtt_address import broker_address
from edgeproof.edge.sinks.result import Result

EDGEPROOF = str(Path(sys.executable).with_name("edgeproof"))
LIMIT_S = 30.0


def wait_for(condition: Callable[[], object]) -> None:
    end_s = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < end_s, "waited in vain"
        time.sleep(0.01)


class Publishing:
    """A publisher with what it says and results that are counted."""

    def __init__(
        self,
        port: int,
        *,
        queue: int = 1000,
        endless: bool = True,
        scheme: str = "mqtt",
        login: str = "",
        host: str = "127.0.0.1",
    ) -> None:
        self.said: list[str] = []
        self.address = broker_address(f"{scheme}://{login}{host}:{port}/edge/a", os.environ)
        self.sink = MqttPublisher(self.address, queue=queue, endless=endless, say=self.said.append)
        self.count = 0

    def write(self, count: int) -> None:
        for _ in range(count):
            self.sink.write(Result(f"{self.count}.png", 0.0, (Score("cat", 0.5),)))
            self.count += 1


def numbers(payloads: list[bytes]) -> list[int]:
    """Which results they are, without what the broker was sent twice."""
    files = [json.loads(payload)["file"] for payload in payloads]
    return list(dict.fromkeys(int(file.removesuffix(".png")) for file in files))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt, "_FIRST_WAIT_S", 0.05)
    monkeypatch.setattr(mqtt, "_LAST_WAIT_S", 0.2)


def test_results_arrive_in_order_and_the_status_tells_of_us(
    broker: Any, listen: Callable[..., Any]
) -> None:
    listener = listen(broker, "edge/#")
    publishing = Publishing(broker.port, endless=False)
    publishing.write(200)
    assert publishing.sink.close(LIMIT_S) == 0
    wait_for(lambda: listener.on("edge/a/status") == [b"online", b"offline"])
    payloads = listener.on("edge/a")
    assert numbers(payloads) == list(range(200))
    assert json.loads(payloads[0]) == {
        "time": "1970-01-01T00:00:00.000Z",
        "file": "0.png",
        "label": "cat",
        "probability": 0.5,
        "scores": [{"label": "cat", "probability": 0.5}],
    }
    # retained: who comes later learns it too
    late = listen(broker, "edge/a/status")
    wait_for(lambda: late.heard)
    assert late.heard == [("edge/a/status", b"offline", True)]
    assert publishing.said == []


def test_a_broker_that_is_killed_and_comes_back_gets_everything(
    broker: Any, listen: Callable[..., Any]
) -> None:
    listener = listen(broker, "edge/#")
    publishing = Publishing(broker.port)
    publishing.write(50)
    wait_for(lambda: len(listener.on("edge/a")) == 50)
    wait_for(lambda: broker.has_saved(b"edge/#"))
    # some are sent to a broker that dies before it takes them, some wait
    broker.freeze()
    publishing.write(50)
    wait_for(lambda: len(publishing.sink._in_flight) == mqtt._IN_FLIGHT)
    broker.kill()
    wait_for(lambda: publishing.said)
    publishing.write(50)
    broker.start()
    publishing.write(50)
    wait_for(lambda: len(numbers(listener.on("edge/a"))) == 200)
    assert numbers(listener.on("edge/a")) == list(range(200))
    assert publishing.sink.close(LIMIT_S) == 0
    lost, back = publishing.said
    assert lost.startswith(f"{publishing.address}: the connection was lost: ")
    assert lost.endswith("; the last 1000 results are kept")
    assert back == f"{publishing.address}: connected again"


def test_while_the_broker_is_away_the_oldest_are_dropped_and_counted(
    broker: Any, listen: Callable[..., Any]
) -> None:
    listener = listen(broker, "edge/#")
    wait_for(lambda: broker.has_saved(b"edge/#"))
    broker.kill()
    publishing = Publishing(broker.port, queue=10)
    wait_for(lambda: publishing.said)
    assert "Connection refused; the last 10 results are kept" in publishing.said[0]
    publishing.write(25)
    broker.start()
    wait_for(lambda: len(listener.on("edge/a")) == 10)
    assert numbers(listener.on("edge/a")) == list(range(15, 25))
    assert publishing.sink.close(LIMIT_S) == 15
    assert publishing.said[1:] == [
        f"{publishing.address}: connected again; 15 results were dropped so far",
        f"{publishing.address}: 15 results were not delivered",
    ]


def test_without_a_broker_an_end_in_haste_counts_what_is_lost() -> None:
    publishing = Publishing(1)
    wait_for(lambda: publishing.said)
    publishing.write(3)
    assert publishing.sink.close(0.1) == 3


def test_without_a_broker_a_finite_run_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt, "_PATIENCE_S", 0.2)
    publishing = Publishing(1, queue=5, endless=False)
    publishing.write(5)
    with pytest.raises(OutputError, match=r"expected mqtt://127.0.0.1:1/edge/a to take results"):
        publishing.write(1)
    assert publishing.sink.close(0.1) == 5


def test_a_finite_run_waits_for_room_and_drops_nothing(
    broker: Any, listen: Callable[..., Any]
) -> None:
    listener = listen(broker, "edge/#")
    publishing = Publishing(broker.port, queue=3, endless=False)
    publishing.write(300)
    assert publishing.sink.close(LIMIT_S) == 0
    wait_for(lambda: len(listener.on("edge/a")) == 300)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_fault_in_the_publishers_thread_is_not_silence(
    broker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(publisher: MqttPublisher, session: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(MqttPublisher, "_serve", faulty)
    publishing = Publishing(broker.port)
    publishing.sink._thread.join(LIMIT_S)
    with pytest.raises(OutputError, match="publishing ended by a fault"):
        publishing.write(1)


def test_the_password_opens_the_door_and_is_never_shown(
    start_broker: Callable[..., Any],
    tmp_path: Path,
    listen: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passwords = tmp_path / "passwords"
    passwords.touch(mode=0o600)
    arguments = ["mosquitto_passwd", "-b", passwords, "pi", "se:cr@t"]
    subprocess.run(arguments, check=True, capture_output=True)
    broker = start_broker(f"allow_anonymous false\npassword_file {passwords}\n")
    listener = listen(broker, "edge/#", user="pi", password="se:cr@t")
    refused = Publishing(broker.port, login="pi:wrong-secret@")
    wait_for(lambda: refused.said)
    assert "the broker refuses: Not authorized" in refused.said[0]
    assert "secret" not in refused.said[0]
    refused.sink.close(0)
    monkeypatch.setenv("EDGEPROOF_MQTT_PASSWORD", "se:cr@t")
    for login in ("pi:se%3Acr%40t@", "pi@"):
        publishing = Publishing(broker.port, login=login)
        publishing.write(1)
        assert publishing.sink.close(LIMIT_S) == 0
        assert publishing.said == []
    wait_for(lambda: len(listener.on("edge/a")) == 2)


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate of localhost that signs itself, and its key."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    what = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    who = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(["openssl", "req", *what, *who, *files], check=True, capture_output=True)
    return key, certificate


# paho-mqtt 2.2 leaves the socket of a failed handshake to the garbage collection
@pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")
def test_mqtts_trusts_whom_the_system_trusts_and_nobody_else(
    start_broker: Callable[..., Any],
    certificate: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key, trusted = certificate
    broker = start_broker(f"allow_anonymous true\ncertfile {trusted}\nkeyfile {key}\n")
    stranger = Publishing(broker.port, scheme="mqtts", host="localhost")
    wait_for(lambda: stranger.said)
    assert "CERTIFICATE_VERIFY_FAILED" in stranger.said[0]
    stranger.write(1)
    assert stranger.sink.close(0) == 1
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    publishing = Publishing(broker.port, scheme="mqtts", host="localhost")
    publishing.write(1)
    assert publishing.sink.close(LIMIT_S) == 0
    assert publishing.said == []
    # the certificate is one of localhost, and not of 127.0.0.1
    other = Publishing(broker.port, scheme="mqtts")
    wait_for(lambda: other.said)
    assert "CERTIFICATE_VERIFY_FAILED" in other.said[0]
    other.sink.close(0)


def test_classify_publishes_and_its_last_will_tells_of_a_kill(
    broker: Any, listen: Callable[..., Any], digits_bundle: Path, tmp_path: Path
) -> None:
    listener = listen(broker, "edge/#")
    files = sorted((digits_bundle / "golden" / "files").iterdir())
    folder = tmp_path / "in"
    folder.mkdir()
    command = [EDGEPROOF, "classify", digits_bundle, "--watch", folder, "--json"]
    command += ["--publish", f"mqtt://127.0.0.1:{broker.port}/edge/a"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stderr is not None
        assert running.stdout is not None
        assert b"watching" in running.stderr.readline()
        (folder / "a.png").write_bytes(files[0].read_bytes())
        printed = json.loads(running.stdout.readline())
        wait_for(lambda: listener.on("edge/a"))
        assert [json.loads(payload) for payload in listener.on("edge/a")] == [printed]
        assert listener.on("edge/a/status") == [b"online"]
        running.send_signal(signal.SIGKILL)
    wait_for(lambda: listener.on("edge/a/status") == [b"online", b"offline"])


def test_sigterm_ends_with_the_queue_flushed(
    broker: Any, listen: Callable[..., Any], digits_bundle: Path, tmp_path: Path
) -> None:
    listener = listen(broker, "edge/#")
    picture = sorted((digits_bundle / "golden" / "files").iterdir())[0].read_bytes()
    folder = tmp_path / "in"
    folder.mkdir()
    command = [EDGEPROOF, "classify", digits_bundle, "--watch", folder, "--json"]
    command += ["--publish", f"mqtt://127.0.0.1:{broker.port}/edge/a"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stderr is not None
        assert running.stdout is not None
        assert b"watching" in running.stderr.readline()
        lines: list[bytes] = []
        reader = threading.Thread(target=lambda: lines.extend(running.stdout or []))
        reader.start()
        for i in range(200):
            (folder / f"{i}.png").write_bytes(picture)
        wait_for(lambda: len(lines) > 20)
        running.terminate()
        assert running.wait(LIMIT_S) == 0
        assert running.stderr.read() == b""
        reader.join()
    wait_for(lambda: listener.on("edge/a/status") == [b"online", b"offline"])
    # every line that was printed was published, the last ones too
    assert [json.loads(p) for p in listener.on("edge/a")] == [json.loads(line) for line in lines]
