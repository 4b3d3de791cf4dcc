"""A result as a line of JSON."""

import json

from edgeproof.edge.sinks.result import Result


def json_line(result: Result) -> str:
    """One object, in ASCII: what no encoding can write is escaped."""
    return json.dumps(result.document()) + "\n"
