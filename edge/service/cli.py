"""`edgeproof service`. What it does is imported when it runs."""

from pathlib import Path

import click

SYSTEM_UNITS = Path("/etc/systemd/system")


@click.group()
def service() -> None:
    """Run classify as a service of systemd, from boot on, for months."""


# what it does not know belongs to classify
@service.command(context_settings={"ignore_unknown_options": True})
@click.argument("bundle", type=click.Path(path_type=Path))
@click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="[CLASSIFY-OPTIONS]...")
@click.option("--name", help="Of the service; default: edgeproof-NAME of the bundle.")
@click.option(
    "--memory-max",
    default="512M",
    show_default=True,
    metavar="SIZE",
    help="More memory than this, and the service is restarted.",
)
@click.option("--print", "to_print", is_flag=True, help="Show the unit, and write nothing.")
@click.option(
    "--unit-dir",
    type=click.Path(path_type=Path),
    default=SYSTEM_UNITS,
    show_default=True,
    metavar="DIR",
    help="Where the unit is written.",
)
@click.option("--force", is_flag=True, help="Replace a unit that this command wrote.")
def install(
    bundle: Path,
    options: tuple[str, ...],
    name: str | None,
    memory_max: str,
    to_print: bool,
    unit_dir: Path,
    force: bool,
) -> None:
    """Write a systemd unit that runs `edgeproof classify BUNDLE CLASSIFY-OPTIONS`.

    BUNDLE may be DIR/current of `edgeproof install`. The options must hold --watch DIR or a live
    --camera; they are read as classify reads them. The service runs as a user of its own, sees
    nothing of /home but what it needs, and has a network only for --publish.
    """
    from edgeproof.edge.service.access import check_readable, hidden, program
    from edgeproof.edge.service.plan import service_plan
    from edgeproof.edge.service.unit import password_file, unit_text
    from edgeproof.edge.service.unit_files import check_systemd, write_unit

    plan = service_plan(bundle, options, name=name, memory_max=memory_max)
    command, parts = program()
    needed = [*parts, plan.models, *([plan.watched] if plan.watched else [])]
    bound = hidden(needed)
    text = unit_text(plan, command, bound)
    if to_print:
        click.echo(text, nl=False)
        return
    check_systemd(unit_dir)
    for folder in needed:
        check_readable(folder, bound, deep=folder == plan.models)
    target = write_unit(text, plan.name, unit_dir, force=force)
    click.echo(f"wrote {target}")
    if plan.needs_password:
        click.echo(f"expects EDGEPROOF_MQTT_PASSWORD=... in {password_file(plan.name)}, mode 600")
    click.echo(f"next: systemctl daemon-reload && systemctl enable --now {plan.name}")
    click.echo(f"then: journalctl -fu {plan.name}")


@service.command()
@click.argument("name")
@click.option(
    "--unit-dir",
    type=click.Path(path_type=Path),
    default=SYSTEM_UNITS,
    show_default=True,
    metavar="DIR",
    help="Where the unit lies.",
)
def uninstall(name: str, unit_dir: Path) -> None:
    """Stop the service NAME, and remove its unit."""
    from edgeproof.edge.service.unit_files import check_systemd, remove_unit

    check_systemd(unit_dir)
    for done in remove_unit(name.removesuffix(".service"), unit_dir):
        click.echo(done)
