"""`edgeproof deploy`: a packed bundle through the system's OpenSSH into `install` on a device.

The file goes in on standard input, so one connection does it all: nothing is left on the device
when it breaks, and no second copy has to fit there.
"""

import json
import re
import shlex
import shutil
import subprocess
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from edgeproof.edge.deploy.install import Installation
from edgeproof.edge.deploy.naming import plain_name
from edgeproof.edge.deploy.receive import packed_manifest
from edgeproof.edge.errors import EdgeproofError, UsageError
from edgeproof.edge.plain_text import last_words
from edgeproof.edge.schema import SchemaError, from_json

# user@host, user@[::1] or an alias of ~/.ssh/config. A host name with other characters may end in
# the shell of a ProxyCommand (CVE-2023-51385), one that starts with - as an option
_HOST = re.compile(r"([A-Za-z0-9_][A-Za-z0-9_.-]*@)?([A-Za-z0-9_][A-Za-z0-9_.-]*|[0-9A-Fa-f:.]+)")
_SSH_FAILED = 255
_NOT_FOUND = (126, 127)
# no document of an installation comes near it: a device that talks on is no device of ours
_ANSWER_LIMIT_BYTES = 2**20
_OPTIONS = (
    "-T",  # no terminal: results stay apart from talk
    *("-o", "ClearAllForwardings=yes"),
    # a link that broke ends in a minute instead of never
    *("-o", "ConnectTimeout=30", "-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=4"),
)


class ConnectionFailed(EdgeproofError):
    """ssh itself failed: no connection, no login, or the link broke."""


class DeviceFailed(EdgeproofError):
    """The device was reached, and what was run there failed."""


@dataclass(frozen=True)
class Device:
    """A board that ssh reaches.

    Attributes:
        host: `user@host`, or a name of ~/.ssh/config.
        port, identity, ssh_config: ssh's -p, -i and -F, where they are not its own defaults.
        command: what runs edgeproof there; relative to the home of the device's user.
    """

    host: str
    port: int | None = None
    identity: Path | None = None
    ssh_config: Path | None = None
    command: str = "edgeproof"

    def __post_init__(self) -> None:
        if not _HOST.fullmatch(self.host):
            raise UsageError(
                f"expected a host such as pi@raspberrypi.local, got {self.host!r}; "
                "give other addresses a name in ~/.ssh/config"
            )

    def words(self, remote: Sequence[str]) -> list[str]:
        """ssh's argument list. No local shell reads it; the device's gets quoted words."""
        words = ["ssh", *_OPTIONS]
        if self.port is not None:
            words += ["-p", str(self.port)]
        if self.identity is not None:
            words += ["-i", str(self.identity)]
        if self.ssh_config is not None:
            words += ["-F", str(self.ssh_config)]
        # a shell that stays tells a command killed there (137) from a link that broke (255)
        script = f"{shlex.join([self.command, *remote])}; exit $?"
        return [*words, "--", self.host, shlex.join(["sh", "-c", script])]


def deploy(
    file: Path, device: Device, folder: str | None = None, options: Sequence[str] = ()
) -> Installation:
    """Install a packed bundle on a device; what comes back is the device's own finding.

    Args:
        folder: where the models lie there, absolute or relative to the home of its user; by
            default `models/` and the bundle's name.
        options: more words for `edgeproof install` there.

    Raises:
        UsageError: a folder that starts with ~, which nothing on the device would expand.
        BundleError: the file is no packed bundle.
        ConnectionFailed: ssh is not installed here, or could not do its part.
        DeviceFailed: edgeproof is not there, failed, or answered something else.
    """
    if folder is not None and folder.startswith("~"):
        raise UsageError(f"expected a folder from the device's home, such as models, got {folder}")
    if shutil.which("ssh") is None:
        raise ConnectionFailed("expected ssh on this machine, got none; apt install openssh-client")
    with file.open("rb") as stream:
        manifest, sha256 = packed_manifest(stream)
    folder = folder or f"models/{plain_name(manifest.name)}"
    remote = ["install", "-", "--into", folder, "--json", *options]
    with file.open("rb") as stream:
        code, answer, talk = _run(device, remote, stream)
    last = last_words(talk)
    if code == _SSH_FAILED:
        raise ConnectionFailed(f"expected ssh to reach {device.host}, got: {last}")
    if code in _NOT_FOUND:
        raise DeviceFailed(
            f"expected {device.command} on {device.host}, got: {last}; install it there with: "
            "pip install 'edgeproof[edge]', and name it with --command, such as env/bin/edgeproof"
        )
    # a refused model comes with exit code 1 and a document that says why
    document = (answer.splitlines() or [b""])[-1]
    try:
        done = from_json(Installation, json.loads(document))
    except (SchemaError, ValueError, RecursionError) as error:
        if code != 0:
            raise DeviceFailed(f"{device.host} failed with exit code {code}: {last}") from None
        raise DeviceFailed(
            f"expected the result of an installation from {device.host}, got: {error}; "
            "install the same version of edgeproof there"
        ) from error
    if done.manifest_sha256 != sha256 or done.installed != (code == 0):
        raise DeviceFailed(
            f"expected {device.host} to install {sha256[:12]} and say so, got exit code {code} for "
            f"{done.manifest_sha256[:12]}"
        )
    return done


def _run(device: Device, remote: Sequence[str], stream: IO[bytes]) -> tuple[int, bytes, bytes]:
    """The exit code, all of standard output and the end of standard error."""
    talk: deque[bytes] = deque(maxlen=16)

    def listen(source: IO[bytes]) -> None:
        while chunk := source.read1(4096):  # type: ignore[attr-defined]
            talk.append(chunk)

    with subprocess.Popen(
        device.words(remote), stdin=stream, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as ssh:
        assert ssh.stdout is not None
        try:
            listener = threading.Thread(target=listen, args=(ssh.stderr,))
            listener.start()
            answer = ssh.stdout.read(_ANSWER_LIMIT_BYTES + 1)
            if len(answer) > _ANSWER_LIMIT_BYTES:
                raise DeviceFailed(
                    f"expected the result of an installation from {device.host}, got over "
                    f"{_ANSWER_LIMIT_BYTES:,} bytes; install edgeproof there anew"
                )
            code = ssh.wait()
            listener.join()
        except BaseException:
            ssh.kill()
            raise
    return code, answer, b"".join(talk)
