"""Real reports: of an intact bundle with everything that a report can hold, and of a broken one."""

import warnings
from pathlib import Path

import pytest

from edgeproof.convert.verify.gate_options import with_overrides
from edgeproof.convert.verify.gates import GATES
from edgeproof.convert.verify.plan import planned
from edgeproof.convert.verify.report import Report
from edgeproof.convert.verify.run import verify_bundle
from edgeproof.convert.verify.runtimes.registry import start
from edgeproof.edge.bundle import Bundle

RUNTIMES = ["keras", "litert", "litert-reference"]


@pytest.fixture(scope="session")
def full_report(digits_bundle: Path) -> Report:
    """Labelled images, examples and layers; every gate holds."""
    bundle = Bundle.open(digits_bundle)
    plan = planned(bundle, RUNTIMES)
    with warnings.catch_warnings():
        # Keras, in this process, says that the recipe names its input and gets an array
        warnings.filterwarnings("ignore", category=UserWarning, module="keras")
        return verify_bundle(bundle, plan=plan, limit=60, layers=True, start=start)


@pytest.fixture(scope="session")
def broken_report(digits_bundle: Path) -> Report:
    """The same bundle under limits that it cannot meet, on faithfulness and on cost."""
    bundle = Bundle.open(digits_bundle)
    gates = with_overrides(GATES, ["relative:float32=1e-12", "noise:int8=1e-6", "weights=1e-3"])
    plan = planned(bundle, ["litert"])
    return verify_bundle(bundle, plan=plan, limit=20, gates=gates, start=start)
