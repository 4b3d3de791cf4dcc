"""`edgeproof deploy` through a real sshd on loopback."""

import dataclasses
import json
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edgeproof.edge.bundle import Bundle
from edgeproof.edge.deploy.device_check import check_variant
from edgeproof.edge.deploy.install import install
from edgeproof.edge.deploy.ssh import ConnectionFailed, Device, DeviceFailed, deploy
from edgeproof.edge.errors import UsageError

from . import sshd
from .conftest import Run, names_below

EDGEPROOF = Path(sys.executable).with_name("edgeproof")
HOST = "127.0.0.1"

needs_sshd = pytest.mark.skipif(
    sshd.SSHD is None or shutil.which("ssh") is None, reason="needs OpenSSH's server and client"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sshd.Server]:
    with sshd.running(tmp_path_factory.mktemp("sshd")) as server:
        yield server


def script(file: Path, body: str) -> Path:
    """What stands in for edgeproof on a device that misbehaves."""
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)
    return file


@needs_sshd
def test_device_proves_and_answers(
    run: Run, packed: dict[str, Path], server: sshd.Server, tmp_path: Path
) -> None:
    device = tmp_path / 'it\'s $(touch pwned) "models"; \\ %h'
    there = (HOST, *server.options, "--into", device, "--command", EDGEPROOF)
    code, out, talk = run("deploy", packed["int8"], *there, "--json")
    assert code == 0, talk
    said = json.loads(out)
    assert said["folder"] == f"{device}/current"
    assert [c["passed"] for c in said["checks"]] == [True]
    assert Bundle.open(device / "current").folder.name == said["release"]
    code, out, _ = run("deploy", packed["float32"], *there, "--keep", 3)
    assert code == 0
    first, last = out.splitlines()
    assert first.startswith("tflite-float32 on litert")
    assert last.startswith(f"{HOST}:{device}/current is digits-")
    assert last.endswith(f"before: {said['release']}")
    assert not list(tmp_path.rglob("pwned"))


@needs_sshd
def test_refused_model_brings_its_figures_home(
    run: Run, packed: dict[str, Path], wrong: Path, server: sshd.Server, tmp_path: Path
) -> None:
    there = (HOST, *server.options, "--into", tmp_path, "--command", EDGEPROOF)
    assert run("deploy", packed["int8"], *there)[0] == 0
    before = names_below(tmp_path)
    code, out, error = run("deploy", wrong, *there, "--json")
    assert code == 1
    said = json.loads(out)
    assert said["installed"] is False
    assert said["checks"][0]["worst"] > said["checks"][0]["limit"]
    assert "fails its golden check on this device" in error
    assert names_below(tmp_path) == before


@needs_sshd
def test_failures_on_the_device_are_told_from_those_of_ssh(
    run: Run, packed: dict[str, Path], server: sshd.Server, tmp_path: Path
) -> None:
    def fail(*options: str | Path | int) -> str:
        code, out, error = run("deploy", packed["int8"], HOST, *server.options, *options)
        assert (code, out) == (1, "")
        return error.splitlines()[-1]

    absent = fail("--command", tmp_path / "env/bin/edgeproof")
    assert f"expected {tmp_path}/env/bin/edgeproof on {HOST}, got: sh: " in absent
    assert "name it with --command" in absent
    # the device's own words: its folder is a file
    (tmp_path / "file").write_text("")
    said = fail("--command", EDGEPROOF, "--into", tmp_path / "file")
    assert said == (
        f"edgeproof: {HOST} failed with exit code 2: Error: Invalid value for '--into': "
        f"Directory '{tmp_path}/file' is a file."
    )
    killed = script(tmp_path / "killed", "kill -KILL $$")
    assert f"{HOST} failed with exit code 137" in fail("--command", killed)
    old = script(tmp_path / "old", "cat >/dev/null; echo 'Done.'")
    assert f"expected the result of an installation from {HOST}, got: " in fail("--command", old)
    loud = script(tmp_path / "loud", "cat >/dev/null; exec yes")
    assert "got over 1,048,576 bytes" in fail("--command", loud)
    (tmp_path / "empty.pub").write_text("")
    untrusted = fail("--command", EDGEPROOF, "--trust", tmp_path / "empty.pub")
    assert "expected a public Ed25519 key in" in untrusted
    hostile = script(tmp_path / "hostile", r"printf 'no\033[2Jpe\n' >&2; exit 9")
    assert fail("--command", hostile).endswith(r"failed with exit code 9: no\x1b[2Jpe")

    assert fail("--port", 1) == (
        f"edgeproof: expected ssh to reach {HOST}, got: ssh: connect to host {HOST} port 1: "
        "Connection refused"
    )
    (tmp_path / "nobody").write_text("")
    refused = fail("--identity", tmp_path / "nobody")
    assert refused.startswith(f"edgeproof: expected ssh to reach {HOST}, got: ")
    assert "Permission denied" in refused
    stranger = tmp_path / "ssh_config"
    stranger.write_text(f"UserKnownHostsFile {tmp_path}/none\nBatchMode yes\n")
    unknown = fail("--ssh-config", stranger)
    assert "Host key verification failed" in unknown


@pytest.mark.parametrize(
    "host",
    [
        "-oProxyCommand=touch pwned",
        "pi@-oProxyCommand=x",
        "$(touch pwned)",
        "pi@host;touch pwned",
        "pi@host name",
        "a@b@c",
        "host\n",
        "`id`",
        "",
    ],
)
def test_hosts_that_are_none_are_refused(
    run: Run, packed: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, error = run("deploy", packed["int8"], "--", host)
    assert (code, out) == (2, "")
    assert "expected a host such as pi@raspberrypi.local" in error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("host", ["pi@raspberrypi.local", "pi@10.0.0.7", "fe80::1", "my-board_2"])
def test_words_of_ssh(host: str) -> None:
    device = Device(host, 2222, Path("-key"), Path("config"), "env/bin/edge proof")
    *options, dashes, target, script = device.words(["install", "-", "--into", "it's"])
    assert (dashes, target) == ("--", host)
    assert options[-6:] == ["-p", "2222", "-i", "-key", "-F", "config"]
    # as the device's login shell and then sh read it
    shell, flag, command = shlex.split(script)
    assert (shell, flag) == ("sh", "-c")
    words = shlex.split(command.removesuffix("; exit $?"))
    assert words == ["env/bin/edge proof", "install", "-", "--into", "it's"]


def test_folder_that_nobody_would_expand_is_refused(packed: dict[str, Path]) -> None:
    with pytest.raises(UsageError, match="expected a folder from the device's home"):
        deploy(packed["int8"], Device("pi"), "~/models")


def test_missing_client_is_said(
    packed: dict[str, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConnectionFailed, match="apt install openssh-client"):
        deploy(packed["int8"], Device("pi"), "models")


def test_file_is_looked_at_before_it_is_sent(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"no gzip")
    code, _, error = run("deploy", tmp_path / "file", "pi")
    assert code == 1
    assert "expected a packed bundle in gzip" in error


@pytest.fixture
def answering(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, int], None]:
    """An ssh that gives an answer and an exit code of its own."""

    def answer(text: str, code: int = 0) -> None:
        script(tmp_path / "ssh", f"cat >/dev/null; echo '{text}'; exit {code}")

    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return answer


def test_answers_that_are_no_installation_are_refused(
    packed: dict[str, Path], answering: Callable[..., None]
) -> None:
    for answer in ('{"installed": true}', "[" * 5000, '{"installed": 1e999}', "null"):
        answering(answer)
        with pytest.raises(DeviceFailed, match="expected the result of an installation from pi"):
            deploy(packed["int8"], Device("pi"), "models")


def test_success_that_proves_nothing_is_refused(
    packed: dict[str, Path], answering: Callable[..., None], tmp_path: Path
) -> None:
    with packed["int8"].open("rb") as stream:
        done = install(stream, tmp_path / "device", check=check_variant)
    answer = dataclasses.asdict(done)
    answering(json.dumps(answer))
    assert deploy(packed["int8"], Device("pi")) == done  # control
    for code, lie in (
        (0, {"checks": []}),
        (0, {"checks": [{**answer["checks"][0], "passed": False}]}),
        (0, {"manifest_sha256": "0" * 64}),
        (1, {}),
    ):
        answering(json.dumps({**answer, **lie}), code)
        with pytest.raises(DeviceFailed):
            deploy(packed["int8"], Device("pi"))
