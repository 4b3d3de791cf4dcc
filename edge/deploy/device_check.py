"""The golden check of a bundle's variants, each in a process of its own.

A model that was just received may take its runtime down or never come back; then that process ends
and not the installation, which says so and leaves the running model alone.
"""

import dataclasses
import json
import math
import signal
import subprocess
import sys
from dataclasses import dataclass

from edgeproof.edge.bundle import Bundle
from edgeproof.edge.errors import EdgeproofError
from edgeproof.edge.plain_text import last_words
from edgeproof.edge.schema import from_json, to_json


class CheckImpossible(EdgeproofError):
    """A golden check could not even start."""


@dataclass(frozen=True)
class DeviceCheck:
    """What one variant's golden check found on this device; see `GoldenCheck` for the fields.

    Where the check's process did not come back, `runtime`, `version` and `unit` are empty and
    `limit` is None; `worst` is None where there is no figure.
    """

    variant: str
    runtime: str
    version: str
    passed: bool
    inputs: int
    files: int
    worst: float | None
    limit: float | None
    unit: str
    failure: str | None

    def __bool__(self) -> bool:
        return self.passed


def check_variant(bundle: Bundle, variant_id: str, runtime: str) -> DeviceCheck:
    """Run the golden check in this process. Raises what `golden_check` raises."""
    from edgeproof.edge.golden_check import golden_check

    found = golden_check(bundle, variant_id, runtime=runtime)  # type: ignore[arg-type]
    figure = found.worst if math.isfinite(found.worst) else None
    return DeviceCheck(**{**dataclasses.asdict(found), "worst": figure})


def check_variant_apart(
    bundle: Bundle, variant_id: str, runtime: str, *, timeout_s: float = 600
) -> DeviceCheck:
    """Run the golden check in a process of its own, with at most `timeout_s` seconds.

    Raises:
        CheckImpossible: there was nothing to check with: no runtime, an incomplete bundle.
    """
    command = [sys.executable, "-m", __name__, str(bundle.folder), variant_id, runtime]
    try:
        done = subprocess.run(
            # from /, so that nothing in the working folder is imported by accident
            command,
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return _failed(variant_id, f"expected an answer within {timeout_s:g} s, got none")
    if done.returncode == EdgeproofError.exit_code and done.stdout:
        raise CheckImpossible(json.loads(done.stdout)["error"])
    if done.returncode != 0:
        return _failed(variant_id, _end_of_process(done.returncode, done.stderr))
    return from_json(DeviceCheck, json.loads(done.stdout))


def _failed(variant_id: str, failure: str) -> DeviceCheck:
    return DeviceCheck(variant_id, "", "", False, 0, 0, None, None, "", failure)


def _end_of_process(code: int, stderr: bytes) -> str:
    if code < 0:
        try:
            ended = signal.Signals(-code).name
        except ValueError:
            ended = f"signal {-code}"
        return f"expected the runtime to answer, got its process ended by {ended}"
    last = last_words(stderr)
    return f"expected the runtime to answer, got exit code {code}: {last}"


def _main(folder: str, variant_id: str, runtime: str) -> int:
    try:
        found = check_variant(Bundle.open(folder), variant_id, runtime)
    except EdgeproofError as error:
        sys.stdout.write(json.dumps({"error": str(error)}))
        return EdgeproofError.exit_code
    sys.stdout.write(json.dumps(to_json(found), allow_nan=False))
    return 0


if __name__ == "__main__":
    sys.exit(_main(*sys.argv[1:]))
