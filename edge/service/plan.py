"""What `edgeproof classify` will need when it runs as a service, from the options given to it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from edgeproof.edge.bundle import Bundle
from edgeproof.edge.deploy.naming import plain_name
from edgeproof.edge.errors import UsageError
from edgeproof.edge.sinks.mqtt_address import broker_address
from edgeproof.edge.sources.open import SourceOptions

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]*")
_SIZE = re.compile(r"[1-9][0-9]*[KMG]?")
_LIVE_CAMERAS = ("auto", "picamera2", "v4l2:")


@dataclass(frozen=True)
class ServicePlan:
    """A service that classifies for ever.

    Attributes:
        name: of the unit, without `.service`.
        words: of `edgeproof classify`, paths absolute.
        models: the folder to be seen; around DIR/current, so that an update of it is seen too.
        watched: the folder that is watched, if any.
        camera: `auto`, `picamera2` or `v4l2:DEVICE`, if any.
        publishes: results go to a broker.
        needs_password: the broker's user has none in the URL.
        memory_max: systemd's `MemoryMax=`.
    """

    name: str
    words: tuple[str, ...]
    models: Path
    watched: Path | None
    camera: str | None
    publishes: bool
    needs_password: bool
    memory_max: str


def service_plan(
    bundle: Path, options: Sequence[str], *, name: str | None = None, memory_max: str = "512M"
) -> ServicePlan:
    """Read the options as `edgeproof classify` will, so that mistakes show now and not in a log.

    Raises:
        click.UsageError: classify does not take them.
        UsageError: classify would end by itself, or write where a service must not.
        BundleError: the bundle cannot be opened.
    """
    manifest = Bundle.open(bundle).manifest
    name = f"edgeproof-{plain_name(manifest.name)}" if name is None else name
    if not _NAME.fullmatch(name):
        raise UsageError(f"expected a unit's name such as edgeproof-digits, got {name!r}")
    if not _SIZE.fullmatch(memory_max):
        raise UsageError(f"expected a size such as 512M, got {memory_max!r}")
    # the last link, DIR/current, has to stay one
    place = bundle.absolute().parent.resolve() / bundle.absolute().name
    place = place if place.is_symlink() else bundle.resolve()
    context = _classify_context(bundle, options)
    given = _given(context)
    camera, watched = context.params["camera"], context.params["watch"]
    _check_endless(context.params)
    _check_output(context.params["output"])
    if watched is not None:
        if not Path(watched).is_dir():
            raise UsageError(f"expected a folder to watch, got {watched}, which is none")
        given["--watch"] = str(Path(watched).resolve())
    words = [f"{option}={value}" if value else option for option, value in given.items()]
    user, password = _broker_login(context.params["publish"])
    if password is not None:
        raise UsageError(
            "expected --publish without a password, since every user may read a unit; leave it "
            "out of the URL, and the service will take it from a file that only root can read"
        )
    return ServicePlan(
        name=name,
        words=("classify", str(place), *words),
        models=place.parent if place.is_symlink() else place,
        watched=None if watched is None else Path(watched).resolve(),
        camera=camera,
        publishes=context.params["publish"] is not None,
        needs_password=user is not None,
        memory_max=memory_max,
    )


def _classify_context(bundle: Path, options: Sequence[str]) -> click.Context:
    from edgeproof.edge.cli import classify

    return classify.make_context("edgeproof classify", [str(bundle), *options])


def _given(context: click.Context) -> dict[str, str]:
    """The options that were given, by their long name; an empty value for flags."""
    found = {}
    for parameter in context.command.params:
        name = str(parameter.name)
        if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE and (
            isinstance(parameter, click.Option)
        ):
            found[parameter.opts[0]] = "" if parameter.is_flag else str(context.params[name])
    return found


def _check_endless(params: dict[str, Any]) -> None:
    # the same rules as classify's: exactly one source, and options only with what they belong to
    SourceOptions(
        params["images"],
        params["watch"],
        params["camera"],
        params["existing"],
        params["settle"],
        params["every"],
        params["fps"],
    )
    camera = params["camera"]
    if params["watch"] is None and (camera is None or not camera.startswith(_LIVE_CAMERAS)):
        raise UsageError(
            "expected --watch DIR or a live --camera for a service, which goes on for ever, got "
            "pictures that come to an end"
        )


def _check_output(output: Path | None) -> None:
    if output is not None and (output.is_absolute() or ".." in output.parts):
        raise UsageError(
            f"expected --output with a name such as results.csv, which will lie in the service's "
            f"own folder below /var/lib, got {output}"
        )


def _broker_login(url: str | None) -> tuple[str | None, str | None]:
    if url is None:
        return None, None
    address = broker_address(url, {})
    return address.user, address.password
