"""The page on a socket: waitress in front of the Flask application."""

import json
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import click
from flask import Flask, Response, request

from edgeproof.web import connections
from edgeproof.web.app import create_app
from edgeproof.web.errors import AddressUnavailable
from edgeproof.web.hosts import EVERY_ADDRESS, host_check
from edgeproof.web.routes import site_of


def serve_until_stopped(
    bundles: Sequence[Path],
    host: str,
    port: int,
    *,
    allowed_hosts: tuple[str, ...] = (),
    as_json: bool = False,
    access_log: bool = False,
) -> int:
    """Check the bundles, listen, say where, and serve until SIGINT or SIGTERM. Returns 0.

    Raises:
        BundleError, WebError: a bundle cannot be served.
        AddressUnavailable: the address is taken or not this machine's.
    """
    app = create_app(bundles, is_own_host=host_check(host, allowed_hosts))
    for served in site_of(app).bundles.values():
        served.bundle.check_all()
    if access_log:
        app.after_request(_logged)
    with listening_socket(host, port) as listener:
        url = address_of(host, listener.getsockname()[1])
        server = connections.server_on(listener, app)

        def announce() -> None:
            click.echo(_announcement(app, url, as_json=as_json))
            click.echo("Ctrl-C stops it.", err=True)

        connections.run(server, announce)
    return 0


def listening_socket(host: str, port: int) -> socket.socket:
    """A bound socket, so that a taken port is known before anything is announced."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise AddressUnavailable(
            f"expected an address of this machine to listen on, got {host}: "
            f"{error.strerror or error}; give another with --host"
        ) from error
    try:
        # a server that was stopped a moment ago leaves connections behind that block its port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise AddressUnavailable(
            f"cannot listen on {host} port {port}: {(error.strerror or str(error)).lower()}; "
            "choose another with --port (0 takes a free one)"
        ) from error
    return listener


def address_of(host: str, port: int) -> str:
    """The URL that a browser on this machine opens."""
    if host in EVERY_ADDRESS and host != "::":
        host = "127.0.0.1"
    elif host == "::":
        host = "::1"
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _announcement(app: Flask, url: str, *, as_json: bool) -> str:
    served = site_of(app).bundles
    if not as_json:
        return f"Serving {', '.join(served)} on {url}"
    bundles = [
        {
            "name": name,
            "title": one.bundle.manifest.name,
            "variants": [v.id for v in one.page_variants],
        }
        for name, one in served.items()
    ]
    return json.dumps({"url": url, "bundles": bundles})


def _logged(response: Response) -> Response:
    # quoted: an address cannot begin a line of its own, or colour a terminal
    line = (
        f"{time.strftime('%Y-%m-%dT%H:%M:%S%z')} {request.remote_addr} {request.method} "
        f"{quote(request.path)} {response.status_code} {response.content_length or 0}\n"
    )
    sys.stderr.write(line)
    sys.stderr.flush()
    return response
