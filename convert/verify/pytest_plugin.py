"""`pytest --edgeproof-bundle DIR`: one test for each variant on each runtime, for a user's own CI.

Verification runs once, when the first of a bundle's tests does, and writes no report. A row that
breaks a gate fails its test; what cannot run on this machine is skipped with the reason. `-m
edgeproof` chooses these tests alone.

pytest imports this module wherever Edgeproof is installed: nothing but pytest may be imported here
before the option is given.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from edgeproof.convert.verify.gates import Gate
    from edgeproof.convert.verify.plan import Plan
    from edgeproof.convert.verify.report import Report
    from edgeproof.edge.bundle import Bundle


class GatesBroke(Exception):
    """What a failed test says: a sentence for each gate that its row broke."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("edgeproof", "parity of converted Keras models")
    group.addoption(
        "--edgeproof-bundle",
        action="append",
        default=[],
        metavar="DIR",
        help="Verify this bundle, with a test for each variant on each runtime. May be repeated.",
    )
    group.addoption(
        "--edgeproof-runtimes",
        metavar="A,B",
        help="The runtimes to verify on, as in `edgeproof verify --runtimes`. Default: all. Those "
        "that cannot run on this machine are skipped.",
    )
    group.addoption(
        "--edgeproof-gate",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="Replace a limit, as in `edgeproof verify --gate`. May be repeated.",
    )
    group.addoption(
        "--edgeproof-data",
        metavar="DIR|FILE.npz",
        help="Labelled images to measure the cost on, as in `edgeproof verify --data`. Default: "
        "the bundle's own.",
    )
    group.addoption(
        "--edgeproof-limit",
        type=_at_least_one,
        metavar="N",
        help="Use at most N of the labelled images.",
    )
    group.addoption(
        "--edgeproof-source",
        metavar="MODEL",
        help="The Keras model or run that the bundle was made from, where it has moved.",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "edgeproof: a variant of a bundle on a runtime")


@pytest.hookimpl(tryfirst=True)  # so that -k and -m choose among these tests too
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    folders = config.getoption("--edgeproof-bundle")
    if not folders:
        return
    from edgeproof.edge.errors import EdgeproofError

    for folder in folders:
        try:
            collector = BundleCollector.from_parent(
                session, name=folder, nodeid=folder, folder=config.invocation_params.dir / folder
            )
            items.extend(collector.collect())
        except EdgeproofError as error:
            raise pytest.UsageError(f"--edgeproof-bundle {folder}: {error}") from error


class BundleCollector(pytest.Collector):
    """A bundle: its tests, and the one verification that they share."""

    def __init__(self, *, folder: Path, **node: Any) -> None:
        super().__init__(**node)
        from edgeproof.convert.verify.gate_options import with_overrides
        from edgeproof.convert.verify.gates import GATES
        from edgeproof.convert.verify.plan import planned

        named = self.config.getoption("--edgeproof-runtimes")
        names = None if named is None else [n.strip() for n in named.split(",") if n.strip()]
        self.gates: tuple[Gate, ...] = with_overrides(
            GATES, self.config.getoption("--edgeproof-gate")
        )
        self.bundle: Bundle = _opened(self.config, folder)
        self.plan: Plan = planned(self.bundle, names, insists=False)
        _require_one(self.plan, names)
        self._outcome: Report | Exception | None = None

    def collect(self) -> Iterator[pytest.Item]:
        """A test for each planned pair, and for each that cannot run here."""
        from edgeproof.convert.verify.judge import STORED_OUTPUTS
        from edgeproof.convert.verify.runtimes.registry import SOURCE_VARIANT

        pairs = [(variant, runtime.name) for runtime, ids in self.plan.work for variant in ids]
        if not any(variant == SOURCE_VARIANT for variant, _ in pairs):
            # labels and golden outputs are judged even where the source model is not run
            pairs.append((SOURCE_VARIANT, STORED_OUTPUTS))
        for variant, runtime in pairs:
            yield self._item(variant, runtime, None)
        for state in self.plan.left_out:
            for left in state.not_run:
                yield self._item(left.variant, state.name, left.reason)

    def _item(self, variant: str, runtime: str, reason: str | None) -> VariantItem:
        item: VariantItem = VariantItem.from_parent(
            self,
            name=f"{variant}[{runtime.replace(' ', '-')}]",
            variant=variant,
            runtime=runtime,
            reason=reason,
        )
        item.add_marker("edgeproof")
        if self.config.pluginmanager.hasplugin("xdist"):
            # with --dist loadgroup one process verifies a bundle, not each of them
            item.add_marker(pytest.mark.xdist_group(f"edgeproof {self.name}"))
        return item

    def report(self) -> Report:
        """The verification, run when it is first asked for.

        Raises:
            EdgeproofError: it cannot be done, said to each of the tests.
        """
        from edgeproof.convert.verify.run import verify_bundle
        from edgeproof.edge.errors import EdgeproofError

        if self._outcome is None:
            try:
                self._outcome = verify_bundle(
                    self.bundle,
                    plan=self.plan,
                    gates=self.gates,
                    data=_place(self.config, "--edgeproof-data"),
                    limit=self.config.getoption("--edgeproof-limit"),
                )
            except EdgeproofError as error:
                self._outcome = error
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome


def _place(config: pytest.Config, option: str) -> Path | None:
    """A path as the user means it, seen from where pytest was started."""
    named = config.getoption(option)
    return None if named is None else config.invocation_params.dir / named


def _opened(config: pytest.Config, folder: Path) -> Bundle:
    """The bundle, with its source model where the user says that it is.

    Raises:
        VerifyError: that is another model.
    """
    from edgeproof.convert.verify.source import moved_source
    from edgeproof.edge.bundle import Bundle

    bundle, source = Bundle.open(folder), _place(config, "--edgeproof-source")
    return bundle if source is None else moved_source(bundle, source, "--edgeproof-source")


def _at_least_one(value: str) -> int:
    if not value.isdecimal() or int(value) < 1:
        raise argparse.ArgumentTypeError(f"expected a number from 1, got {value!r}")
    return int(value)


def _require_one(plan: Plan, names: list[str] | None) -> None:
    """Raise RuntimeUnavailable where no named runtime can run: all skipped is no proof."""
    from edgeproof.edge.errors import RuntimeUnavailable

    if names is None or any(runtime.name in names for runtime, _ in plan.work):
        return
    reasons = [f"{state.name}: {state.reason}" for state in plan.left_out if state.name in names]
    raise RuntimeUnavailable(
        "expected at least one of the named runtimes to run here, got none; "
        + ("; ".join(reasons) or "name one with --edgeproof-runtimes")
    )


class VariantItem(pytest.Item):
    """One variant on one runtime. `reason`: why it cannot run here, where that is known before."""

    def __init__(self, *, variant: str, runtime: str, reason: str | None, **node: Any) -> None:
        super().__init__(**node)
        self.variant, self.runtime, self.reason = variant, runtime, reason

    def runtest(self) -> None:
        from edgeproof.convert.verify.junit import failures_of
        from edgeproof.convert.verify.table import figures

        if self.reason is not None:
            pytest.skip(f"{self.runtime}: {self.reason}")
        assert isinstance(self.parent, BundleCollector)
        report = self.parent.report()
        for row in report.rows:
            if (row.variant, row.runtime) == (self.variant, self.runtime):
                # pytest --junitxml writes them down
                self.user_properties += figures(row).items()
                if not row.passed:
                    raise GatesBroke("\n".join(failures_of(report, row)))
                return
        # a runtime may find out only when it starts that it cannot run here
        for state in report.runtimes:
            for left in state.not_run:
                if (left.variant, state.name) == (self.variant, self.runtime):
                    pytest.skip(f"{self.runtime}: {left.reason}")
        raise GatesBroke(f"{self.name}: expected a row in the report, got none")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *_: Any) -> Any:
        """The sentences alone: where in Edgeproof they were raised helps nobody."""
        from edgeproof.edge.errors import EdgeproofError

        if isinstance(excinfo.value, (GatesBroke, EdgeproofError)):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Shown as the failure's heading."""
        assert isinstance(self.parent, BundleCollector)
        return self.parent.bundle.folder, None, f"{self.variant} on {self.runtime}"
