"""The golden check of a bundle's variants, each in a process of its own.

A model that was just received may take its runtime down or never come back; then that process ends
and not the installation, which says so and leaves the running model alone.
"""

import json
import math
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from edgeproof.edge.bundle import Bundle
from edgeproof.edge.deploy.plain import plain_text
from edgeproof.edge.errors import BundleError
from edgeproof.edge.schema import SchemaError, from_json, to_json


@dataclass(frozen=True)
class DeviceCheck:
    """What one variant's golden check found on this device; see `GoldenCheck` for the fields.

    `worst` is None where there is no figure; `runtime` and `version` are empty where none ran.
    """

    variant: str
    runtime: str
    version: str
    passed: bool
    inputs: int
    files: int
    worst: float | None
    limit: float
    unit: str
    failure: str | None

    def __bool__(self) -> bool:
        return self.passed


def check_variant(bundle: Bundle, variant_id: str, runtime: str) -> DeviceCheck:
    """Run the golden check here, in this process."""
    from edgeproof.edge.golden_check import golden_check

    found = golden_check(bundle, variant_id, runtime=runtime)  # type: ignore[arg-type]
    worst = float(found.worst) if math.isfinite(found.worst) else None
    return DeviceCheck(
        variant=found.variant,
        runtime=found.runtime,
        version=found.version,
        passed=found.passed,
        inputs=found.inputs,
        files=found.files,
        worst=worst,
        limit=float(found.limit),
        unit=found.unit,
        failure=found.failure,
    )
