"""What every part of the test suite shares: one small trained run, and one bundle made of it."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from edgeproof.convert.verify.browser import chromium_flags, find_chromium

EDGEPROOF = [str(Path(sys.executable).with_name("edgeproof"))]


def run_cli(*arguments: str | Path, timeout_s: float = 300) -> subprocess.CompletedProcess[str]:
    """Run the installed `edgeproof` command as a user would, in its own process."""
    return subprocess.run(
        [*EDGEPROOF, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


@pytest.fixture(scope="session")
def cli() -> Callable[..., subprocess.CompletedProcess[str]]:
    return run_cli


@contextmanager
def _made_once(folder: Path) -> Iterator[bool]:
    """Yields True in the one test process that has to make `folder`; the others wait for it."""
    with open(folder.with_name(folder.name + ".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield not folder.exists()


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that all test processes of this session see."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


def _checked(*arguments: str | Path) -> None:
    finished = run_cli(*arguments)
    assert finished.returncode == 0, finished.stderr


@pytest.fixture(scope="session")
def digits_run(shared_folder: Path) -> Path:
    """A run of the digits recipe: real handwriting, a model that is good enough to compare."""
    run = shared_folder / "digits-run"
    with _made_once(run) as to_make:
        if to_make:
            _checked("train", "digits", "-o", run)
    return run


@pytest.fixture(scope="session")
def digits_bundle(shared_folder: Path, digits_run: Path) -> Path:
    """A bundle of that run with every variant. Shared: never change it, take `bundle_copy`."""
    bundle = shared_folder / "digits"
    with _made_once(bundle) as to_make:
        if to_make:
            _checked("convert", digits_run, "-o", bundle)
    return bundle


@pytest.fixture
def bundle_copy(digits_bundle: Path, tmp_path: Path) -> Path:
    """The digits bundle, to break."""
    copy = tmp_path / "digits"
    shutil.copytree(digits_bundle, copy)
    return copy


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A real, headless Chromium: the one that verification would start."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=chromium_flags())
        yield browser
        browser.close()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """On CI with the data sets at hand nothing may be skipped: a skip there is a silent hole."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or not (os.environ.get("CI") and os.environ.get("EDGEPROOF_DATA")):
        return
    skipped = reporter.stats.get("skipped", [])
    allowed = session.config.getini("allowed_skips")
    unexpected = [s for s in skipped if not any(reason in str(s.longrepr) for reason in allowed)]
    if unexpected:
        reporter.write_line(f"{len(unexpected)} unexpected skips, expected none on CI", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini("allowed_skips", "Reasons for which CI may skip a test.", "linelist", default=[])
