"""The `edgeproof` command: assembled from the installed packages' entry points.

Every package offers its commands in the entry-point group `edgeproof.commands`; their `cli`
modules import nothing heavy, so `--help` stays under 0.2 s with TensorFlow installed.
"""

import importlib
import sys
from functools import cached_property
from typing import TYPE_CHECKING

import click

from edgeproof.edge.errors import EdgeproofError, did_you_mean

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

# what a device runs again and again, known without a look-up: importlib.metadata and the entry
# points of 90 packages take 30 ms, a sixth of the time to a first label
_KNOWN = {"classify": "edgeproof.edge.cli"}

# from training over proof to what runs on devices and in pages
_ORDER = (
    *("train", "convert", "verify", "inspect", "diff"),
    *("classify", "bench", "doctor", "pack", "deploy", "install", "service"),
    *("serve", "site"),
)


class CommandGroup(click.Group):
    """A click group whose commands are entry points, loaded when they are named."""

    @cached_property
    def _points(self) -> "dict[str, EntryPoint]":
        from importlib.metadata import entry_points

        return {point.name: point for point in entry_points(group="edgeproof.commands")}

    def list_commands(self, ctx: click.Context) -> list[str]:
        found = self._points
        return [n for n in _ORDER if n in found] + sorted(set(found) - set(_ORDER))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in _KNOWN:
            known: click.Command = getattr(importlib.import_module(_KNOWN[cmd_name]), cmd_name)
            return known
        point = self._points.get(cmd_name)
        return None if point is None else point.load()

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name in _KNOWN:
            return super().resolve_command(ctx, args)
        commands = self.list_commands(ctx)
        if name not in commands and not name.startswith("-"):
            ctx.fail(
                f"expected a command ({', '.join(commands)}), got {name!r}"
                f"{did_you_mean(name, commands)}"
            )
        return super().resolve_command(ctx, args)


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="edgeproof")
def edgeproof() -> None:
    """Take a trained Keras model to a Raspberry Pi and to the browser, and prove that it still
    gives the same answers there.

    Results go to stdout, progress to stderr. Exit codes: 0 done, 1 could not be done or a gate
    broke, 2 wrong usage.
    """


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return the exit code: the one error boundary of the project."""
    try:
        result = edgeproof.main(args=argv, prog_name="edgeproof", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except EdgeproofError as error:
        from edgeproof.edge.plain_text import plain_text

        click.echo(f"edgeproof: {plain_text(str(error))}", err=True)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("edgeproof: interrupted", err=True)
        return 130
    except BrokenPipeError:
        # the reader of a pipe went away (head, less): not an error of ours
        sys.stderr.close()
        return 1
    except OSError as error:
        click.echo(
            f"edgeproof: {error.filename or 'the system'}: {error.strerror or error}", err=True
        )
        return 1


def entrypoint() -> None:
    sys.exit(main())
