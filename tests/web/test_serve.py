"""`edgeproof serve` as a process: what it says, and how it ends."""

import json
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

COMMAND = [str(Path(sys.executable).with_name("edgeproof")), "serve"]


@contextmanager
def serving(*arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_json_says_where_and_what(digits_bundle: Path) -> None:
    with serving(digits_bundle, "--port", "0", "--json") as process:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        assert set(said) == {"url", "bundles"}
        (bundle,) = said["bundles"]
        assert set(bundle) == {"name", "title", "variants"}
        with urllib.request.urlopen(said["url"] + "healthz") as response:
            assert json.load(response) == {"status": "ok", "bundles": 1}


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_quietly_when_told_to(digits_bundle: Path, stop: signal.Signals) -> None:
    with serving(digits_bundle, "--port", "0") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith("Serving digits on http://127.0.0.1:")
        process.stderr.readline()
        process.send_signal(stop)
        assert process.wait(timeout=20) == 0
        assert process.stderr.read() == ""


def test_port_in_use_is_one_sentence(
    digits_bundle: Path, cli: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        finished = cli("serve", digits_bundle, "--port", str(port))
    assert finished.returncode == 1
    assert finished.stdout == ""
    assert finished.stderr == (
        f"edgeproof: cannot listen on 127.0.0.1 port {port}: address already in use; "
        "choose another with --port (0 takes a free one)\n"
    )


def test_altered_bundle_is_not_served(
    bundle_copy: Path, cli: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    path = next((bundle_copy / "variants/tfjs-float32").glob("*.bin"))
    content = bytearray(path.read_bytes())
    content[0] ^= 1
    path.write_bytes(content)
    finished = cli("serve", bundle_copy, "--port", "0")
    assert finished.returncode == 1
    assert f"{path} was altered: expected SHA-256" in finished.stderr
    assert finished.stderr.count("\n") == 1


def test_what_is_not_a_bundle_is_one_sentence(
    tmp_path: Path, cli: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    finished = cli("serve", tmp_path)
    assert finished.returncode == 1
    assert finished.stderr.startswith(f"edgeproof: expected bundle.json in {tmp_path}")
