"""The command that made a bundle, for its manifest."""

from __future__ import annotations

import shlex

import click

from edgeproof.edge.shown_path import shown_path

# they change nothing of what is made
_SILENT = {"force", "as_json"}


def shown_command(context: click.Context) -> str:
    """The command as it was given, without folders of this machine: bundles are handed on."""
    words = ["edgeproof", str(context.info_name)]
    for parameter in context.command.params:
        name = str(parameter.name)
        source = context.get_parameter_source(name)
        if source is not click.core.ParameterSource.COMMANDLINE or name in _SILENT:
            continue
        given = context.params[name]
        for value in given if isinstance(given, tuple) else (given,):
            words += [] if isinstance(parameter, click.Argument) else [parameter.opts[0]]
            if value is not True:
                is_path = isinstance(parameter.type, click.Path)
                words.append(shown_path(value) if is_path else str(value))
    return shlex.join(words)
