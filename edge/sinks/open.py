"""From the options of `edgeproof classify` to the sinks that they ask for."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from edgeproof.edge.sinks.lines import Lines
from edgeproof.edge.sinks.result import Sink

if TYPE_CHECKING:
    from edgeproof.edge.sinks.mqtt_address import BrokerAddress

Format = Literal["text", "json", "csv"]


@dataclass(frozen=True)
class SinkOptions:
    """Where results are asked to go.

    Attributes:
        format: of the lines.
        output: the file that they are appended to; None for standard output.
        broker: where they are published too; None for nowhere.
        queue: how many wait while the broker is away.
    """

    format: Format
    output: Path | None
    broker: "BrokerAddress | None"
    queue: int


def open_sinks(asked: SinkOptions, *, endless: bool, say: Callable[[str], None]) -> list[Sink]:
    """The sinks, which the caller closes.

    Raises:
        OutputError, MissingExtra: see their messages.
    """
    sinks: list[Sink] = [_lines(asked, endless, say)]
    if asked.broker is not None:
        from edgeproof.edge.sinks.mqtt import MqttPublisher

        sinks.append(MqttPublisher(asked.broker, queue=asked.queue, endless=endless, say=say))
    return sinks


def broker(url: str | None) -> "BrokerAddress | None":
    """The broker that `--publish` names.

    Raises:
        UsageError: it is no such URL.
    """
    if url is None:
        return None
    from edgeproof.edge.sinks.mqtt_address import broker_address

    return broker_address(url, os.environ)


def _lines(asked: SinkOptions, endless: bool, say: Callable[[str], None]) -> Lines:
    if asked.format == "json":
        from edgeproof.edge.sinks.json_lines import json_line

        return Lines(asked.output, json_line, endless=endless, say=say)
    if asked.format == "csv":
        from edgeproof.edge.sinks.csv_rows import HEADER, csv_rows

        return Lines(asked.output, csv_rows, header=HEADER, endless=endless, say=say)
    from edgeproof.edge.sinks.text import text_line

    return Lines(asked.output, text_line, endless=endless, say=say)
