"""`edgeproof pack`, `install` and `deploy`. What they do is imported when they run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from edgeproof.edge.errors import BundleError, UsageError
from edgeproof.edge.plain_text import plain_text

if TYPE_CHECKING:
    from edgeproof.edge.bundle import Bundle
    from edgeproof.edge.deploy.device_check import DeviceCheck
    from edgeproof.edge.deploy.install import Installation

RUNTIMES = ["auto", "litert", "tflite-runtime"]
_INSTALLATION_KEYS = (
    '{"installed", "folder", "release", "manifest_sha256", "current", "previous", "removed", '
    '"signed_by", "checks": [{"variant", "runtime", "version", "passed", "inputs", "files", '
    '"worst", "limit", "unit", "failure"}], "error"}'
)


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), metavar="FILE.tar.gz"
)
@click.option(
    "--variants", metavar="ID,ID", help="TFLite variants to take; default: all that there are."
)
@click.option(
    "--sign",
    "key_file",
    type=click.Path(path_type=Path),
    metavar="KEY",
    help="Sign with a private Ed25519 key (ssh-keygen -t ed25519 -f KEY; or PEM).",
)
@click.option("--force", is_flag=True, help="Replace an existing FILE.")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help='One document: {"file", "bytes", "sha256", "name", "release", "variants", "left_out", '
    '"manifest_sha256", "packed_from", "signed_by"}.',
)
def pack(
    bundle: Path,
    output: Path,
    variants: str | None,
    key_file: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Pack what a device needs of a BUNDLE into one file, for `edgeproof install`.

    It holds the TFLite variants, the golden inputs and pictures with their outputs, and a manifest
    of exactly that; no TensorFlow.js files and no held-out data. The same bundle gives the same
    bytes.
    """
    import dataclasses
    import json

    from edgeproof.edge.bundle import Bundle
    from edgeproof.edge.deploy.pack import pack as pack_bundle

    packed = pack_bundle(
        Bundle.open(bundle),
        output,
        variants=[v.strip() for v in variants.split(",")] if variants else (),
        key_file=key_file,
        passphrase=lambda: click.prompt(f"Passphrase of {key_file}", hide_input=True, err=True),
        force=force,
    )
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(packed)))
        return
    signed = f", signed by {packed.signed_by}" if packed.signed_by else ""
    click.echo(f"{packed.file}: {packed.bytes:,} bytes, {packed.release}{signed}")
    click.echo(f"  {', '.join(packed.variants)}")


@click.command()
@click.argument("file", required=False, metavar="[FILE]")
@click.option(
    "--into",
    "folder",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Where the models lie; DIR/current is what to give to classify.",
)
@click.option("--rollback", is_flag=True, help="Go back to the model before, instead of FILE.")
@click.option(
    "--trust",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="PUBKEY",
    help="Refuse what is not signed with this Ed25519 key (FILE.pub of ssh-keygen; or PEM). "
    "May be given several times.",
)
@click.option(
    "--keep",
    type=click.IntRange(min=2),
    default=2,
    show_default=True,
    help="How many models stay: the current one, the one before, and older ones.",
)
@click.option("--runtime", type=click.Choice(RUNTIMES), default="auto", show_default=True)
@click.option(
    "--check-timeout",
    type=click.FloatRange(min=1),
    default=600,
    show_default=True,
    metavar="SECONDS",
    help="How long the golden check of one variant may take.",
)
@click.option("--json", "as_json", is_flag=True, help=f"One document: {_INSTALLATION_KEYS}.")
def install(
    file: str | None,
    folder: Path,
    rollback: bool,
    trust: tuple[Path, ...],
    keep: int,
    runtime: str,
    check_timeout: float,
    as_json: bool,
) -> int:
    """Install a packed bundle on this device, and prove it here before it runs.

    FILE (or - for standard input) is written below DIR, every file is hashed, and every variant
    must pass the bundle's golden check on this very machine; then DIR/current is switched to it.
    Whatever fails, the power included, the model that was current stays so.
    """
    if (file is None) != rollback:
        raise UsageError("expected a FILE to install, or --rollback without one")
    from edgeproof.edge.deploy.device_check import check_variant_apart
    from edgeproof.edge.deploy.install import install as install_stream
    from edgeproof.edge.deploy.install import roll_back
    from edgeproof.edge.deploy.signature import trusted_key

    def check(bundle: Bundle, variant_id: str, runtime: str) -> DeviceCheck:
        click.echo(f"checking {variant_id} on this device", err=True)
        return check_variant_apart(bundle, variant_id, runtime, timeout_s=check_timeout)

    options: dict[str, Any] = {
        "trusted": [trusted_key(path) for path in trust],
        "runtime": runtime,
        "check": check,
    }
    if file is None:
        done = roll_back(folder, **options)
    else:
        with _opened(file) as stream:
            done = install_stream(stream, folder, keep=keep, **options)
    return show_installation(done, as_json=as_json)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("host", metavar="USER@HOST")
@click.option(
    "--into",
    "folder",
    metavar="DIR",
    help="Where the models lie on the device, from the home of its user; default: models/NAME.",
)
@click.option("--port", type=click.IntRange(1, 65535), help="ssh's port, if not 22.")
@click.option(
    "--identity", type=click.Path(path_type=Path), metavar="KEY", help="ssh's private key."
)
@click.option(
    "--ssh-config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="ssh's settings, if not ~/.ssh/config.",
)
@click.option(
    "--command",
    default="edgeproof",
    show_default=True,
    help="What runs edgeproof on the device, such as env/bin/edgeproof.",
)
@click.option(
    "--trust",
    multiple=True,
    metavar="PUBKEY",
    help="Install only what is signed with this key, which is a file on the device.",
)
@click.option("--keep", type=click.IntRange(min=2), help="How many models stay on the device.")
@click.option("--json", "as_json", is_flag=True, help=f"One document: {_INSTALLATION_KEYS}.")
def deploy(
    file: Path,
    host: str,
    folder: str | None,
    port: int | None,
    identity: Path | None,
    ssh_config: Path | None,
    command: str,
    trust: tuple[str, ...],
    keep: int | None,
    as_json: bool,
) -> int:
    """Install a packed bundle on another machine through ssh, and show its own golden check.

    FILE is sent to `edgeproof install` on USER@HOST, which needs edgeproof with its edge extra.
    Passwords and host keys are asked for by ssh itself.
    """
    from edgeproof.edge.deploy.ssh import Device
    from edgeproof.edge.deploy.ssh import deploy as deploy_file

    device = Device(host, port, identity, ssh_config, command)
    _check_is_file(file)
    options = [word for key in trust for word in ("--trust", key)]
    options += [] if keep is None else ["--keep", str(keep)]
    click.echo(f"sending {file.stat().st_size:,} bytes to {host}", err=True)
    done = deploy_file(file, device, folder, options)
    return show_installation(done, as_json=as_json, where=f"{host}:")


def show_installation(done: Installation, *, as_json: bool, where: str = "") -> int:
    """Print what an installation did and return the exit code; `where` names another machine."""
    import dataclasses
    import json

    if as_json:
        click.echo(json.dumps(dataclasses.asdict(done), allow_nan=False))
    for check in () if as_json else done.checks:
        click.echo(plain_text(_line(check)))
    if not done:
        click.echo(plain_text(f"edgeproof: {done.error}"), err=True)
        return 1
    if not as_json:
        before = f", before: {done.previous}" if done.previous else ""
        click.echo(plain_text(f"{where}{done.folder} is {done.release}{before}"))
    return 0


def _line(check: DeviceCheck) -> str:
    runtime = f"{check.runtime} {check.version}".strip() or "no runtime"
    if not check.passed:
        return f"{check.variant} on {runtime}: FAILED: {check.failure}"
    return (
        f"{check.variant} on {runtime}: {check.inputs} inputs and {check.files} pictures right, "
        f"worst {check.worst:.2g}, limit {check.limit:g} {check.unit}"
    )


def _opened(file: str) -> BinaryIO:
    if file == "-":
        return sys.stdin.buffer
    _check_is_file(Path(file))
    return open(file, "rb")


def _check_is_file(file: Path) -> None:
    if not file.is_file():
        raise BundleError(
            f"expected a packed bundle, got {file}, which is no file; "
            "make it with: edgeproof pack BUNDLE -o FILE"
        )
