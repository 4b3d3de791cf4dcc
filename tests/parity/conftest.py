"""The matrix is measured once for all its tests; the negative controls run in this process."""

import dataclasses
import fcntl
import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from edgeproof.convert.api import convert_model
from edgeproof.convert.options import ConvertOptions
from edgeproof.convert.verify.isolation import IsolatedRunning
from edgeproof.convert.verify.plan import planned
from edgeproof.convert.verify.report import Broken, Report
from edgeproof.convert.verify.run import verify_bundle
from edgeproof.convert.verify.runtimes import registry
from edgeproof.convert.verify.source import with_source
from edgeproof.edge.bundle import Bundle


@pytest.fixture(scope="session")
def matrix(
    shared_folder: Path,
    digits_bundle: Path,
    digits_run: Path,
    cli: Callable[..., subprocess.CompletedProcess[str]],
) -> dict[str, Any]:
    """The report of one full `edgeproof verify`, every runtime and the browser included."""
    bundle = shared_folder / "verified" / "digits"
    bundle.parent.mkdir(exist_ok=True)
    with open(bundle.parent / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the first of several test processes measures
        if not (bundle / "report.json").exists():
            shutil.rmtree(bundle, ignore_errors=True)
            shutil.copytree(digits_bundle, bundle)
            finished = cli("verify", bundle, "--source", digits_run, timeout_s=500)
            assert (bundle / "report.json").exists(), finished.stderr
    return json.loads((bundle / "report.json").read_bytes())


@dataclasses.dataclass
class Lab:
    """Verification of one variant in this process, with an optional fault in a runtime."""

    bundle: Path

    def verify(
        self,
        variant: str,
        *,
        runtime: str = "litert",
        also: Sequence[str] = (),
        source: Path | None = None,
        data: Path | None = None,
        limit: int | None = 60,
        isolated: bool = False,
        wrap: Callable[[Any], Any] | None = None,
    ) -> Report:
        """`wrap` puts a fault between verification and `runtime`; `also` runs beside it.

        `isolated`: in processes of their own, as for users, where every exception is a failed row.
        """
        bundle = Bundle.open(self.bundle)
        if source is not None:
            bundle = with_source(bundle, source)
        plan = planned(bundle, [runtime, *also])
        wanted = {variant, registry.SOURCE_VARIANT}
        kept = [(r, tuple(v for v in variants if v in wanted)) for r, variants in plan.work]
        plan = dataclasses.replace(plan, work=tuple((r, v) for r, v in kept if v))

        def start(name: str, opened: Bundle) -> Any:
            running = (IsolatedRunning if isolated else registry.start)(name, opened)
            return wrap(running) if wrap and name == runtime else running

        # in a thread of its own: Playwright allows one synchronous session for each thread, and
        # the suite's shared browser may hold this one's
        with ThreadPoolExecutor(max_workers=1) as thread:
            return thread.submit(
                verify_bundle, bundle, plan=plan, data=data, limit=limit, start=start
            ).result()

    def change_manifest(self, change: Callable[[dict[str, Any]], None]) -> None:
        path = self.bundle / "bundle.json"
        document = json.loads(path.read_bytes())
        change(document)
        path.write_text(json.dumps(document))

    def rewrite(self, name: str, content: bytes) -> None:
        """Replace a file and repair its size and SHA-256 in the manifest: the fault stays."""
        (self.bundle / name).write_bytes(content)

        def repair(value: Any) -> None:
            if isinstance(value, dict):
                if value.get("path") == name and "sha256" in value:
                    value["bytes"] = len(content)
                    value["sha256"] = hashlib.sha256(content).hexdigest()
                for inner in value.values():
                    repair(inner)
            elif isinstance(value, list):
                for inner in value:
                    repair(inner)

        self.change_manifest(repair)


@pytest.fixture
def lab(bundle_copy: Path) -> Lab:
    return Lab(bundle_copy)


def broken_gates(report: Report) -> set[str]:
    """The names of the gates that broke; a broken gate always makes the report fail."""
    assert report.passed == (not report.broken)
    for broken in report.broken:
        assert isinstance(broken, Broken)
        assert broken.sentence.startswith(f"{broken.variant} on {broken.runtime}: gate")
    return {broken.gate for broken in report.broken}


@pytest.fixture
def caught() -> Callable[[Report], set[str]]:
    return broken_gates


@pytest.fixture(scope="session")
def lab_of() -> Callable[[Path], Lab]:
    return Lab


@pytest.fixture(scope="session")
def intact(digits_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Bundles to be copied and broken: "digits", and "colour", where order and shape matter."""
    colour = tmp_path_factory.mktemp("colour") / "colour"
    convert_model(_colour_model(colour.with_suffix(".keras")), colour, options=COLOUR_OPTIONS)
    return {"digits": digits_bundle, "colour": colour}


# nothing is alike: two sides, three channels, a background that is no gray
COLOUR_OPTIONS = ConvertOptions(
    variants="tflite-float32",
    scale=(1 / 255, 1 / 200, 1 / 150),
    offset=(-0.5, -0.4, -0.3),
    fit="pad",
    background=(40, 90, 200),
)


def _colour_model(path: Path) -> Path:
    import keras

    keras.utils.set_random_seed(11)
    model = keras.Sequential(
        [
            keras.Input((6, 9, 3)),
            keras.layers.Conv2D(6, 3, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(4, activation="softmax"),
        ]
    )
    model.save(path)
    return path
