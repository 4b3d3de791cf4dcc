"""`edgeproof serve` and `edgeproof site`. Flask and waitress are imported when the command runs."""

import json
from pathlib import Path

import click

from edgeproof.edge.extras import require


@click.command()
@click.argument(
    "bundles", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="BUNDLE..."
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on; 0.0.0.0 lets other machines in.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--allow-host",
    "allowed_hosts",
    multiple=True,
    metavar="NAME",
    help="A further name that visitors reach this server by, for example a proxy's; requests for "
    "other names are refused. May be repeated.",
)
@click.option(
    "--access-log",
    is_flag=True,
    help="One line for each request on stderr: time, address, method, path, status, bytes.",
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help='When it listens, one JSON document: {"url", "bundles": [{"name", "title", "variants"}]}.',
)
def serve(
    bundles: tuple[Path, ...],
    host: str,
    port: int,
    allowed_hosts: tuple[str, ...],
    access_log: bool,
    as_json: bool,
) -> int:
    """Serve a page that classifies pictures with the BUNDLEs' models, wholly in the browser.

    Prints its address when it listens. On Ctrl-C or SIGTERM it finishes the answers that are under
    way, 10 s at most, and stops. Pictures never leave the visitor's device: the server only hands
    out files. A bundle that is replaced on the disk is served in its new version.
    """
    require("serve", "web", "flask", "waitress")
    from edgeproof.web.server import serve_until_stopped

    return serve_until_stopped(
        bundles, host, port, allowed_hosts=allowed_hosts, as_json=as_json, access_log=access_log
    )


@click.command()
@click.argument(
    "bundles", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="BUNDLE..."
)
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, metavar="DIR")
@click.option("--force", is_flag=True, help="Replace a site that was written before.")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help='One document: {"folder", "bundles", "files", "bytes"}, without compressed copies.',
)
def site(bundles: tuple[Path, ...], output: Path, force: bool, as_json: bool) -> None:
    """Write the page of `edgeproof serve` as plain files, for any web host.

    Addresses are relative, so that the folder may lie under any path. Beside every file that
    compresses lie .br and .gz copies. A service worker keeps the page for use without a network,
    and isolates it where the host sends no such headers, which threads in WebAssembly need.
    """
    require("site", "web", "brotli", "flask")
    from edgeproof.web.site import write_site

    written = write_site(bundles, output, force=force)
    if as_json:
        document = {
            "folder": str(written.folder),
            "bundles": list(written.bundles),
            "files": written.files,
            "bytes": written.bytes,
        }
        click.echo(json.dumps(document))
    else:
        size = f"{written.files} files, {written.bytes / 1e6:.1f} MB"
        click.echo(f"{written.folder}: {', '.join(written.bundles)} ({size})")
