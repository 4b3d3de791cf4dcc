"""A real OpenSSH server on this machine's loopback, with settings, keys and a port of its own."""

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# Debian keeps it outside an ordinary user's PATH
SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
_PRIVILEGE_SEPARATION = Path("/run/sshd")


@dataclass(frozen=True)
class Server:
    """Where it listens, and the client's key and settings that fit it."""

    port: int
    identity: Path
    ssh_config: Path

    @property
    def options(self) -> tuple[str | Path | int, ...]:
        port, identity, config = self.port, self.identity, self.ssh_config
        return ("--port", port, "--identity", identity, "--ssh-config", config)


@contextmanager
def running(folder: Path) -> Iterator[Server]:
    """A server that takes one key of its own, for this user."""
    assert SSHD is not None
    if os.geteuid() == 0:
        # a Debian package that no init has started lacks it
        _PRIVILEGE_SEPARATION.mkdir(mode=0o755, exist_ok=True)
    for key in ("host", "user"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / key]
        subprocess.run(command, check=True)
    settings = folder / "sshd_config"
    settings.write_text(
        f"HostKey {folder}/host\nAuthorizedKeysFile {folder}/user.pub\nStrictModes no\n"
        "UsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
        "PermitRootLogin prohibit-password\nLogLevel VERBOSE\n"
    )
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        known = folder / "known_hosts"
        known.write_text(f"[127.0.0.1]:{port} {(folder / 'host.pub').read_text()}")
        config = folder / "ssh_config"
        config.write_text(f"UserKnownHostsFile {known}\nBatchMode yes\nIdentitiesOnly yes\n")
        answering = threading.Thread(target=_answer, args=(listening, settings))
        answering.start()
        try:
            yield Server(port, folder / "user", config)
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            answering.join()


def _answer(listening: socket.socket, settings: Path) -> None:
    """Serve one connection after the other, until the socket is shut down."""
    # `sshd -i` takes the connection that it is given: no port to guess, nothing to wait for
    command = [str(SSHD), "-i", "-e", "-f", str(settings)]
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        with connection, open(settings.with_name("sshd.log"), "ab") as log:
            subprocess.run(command, stdin=connection, stdout=connection, stderr=log, check=False)
