"""The plug-in as another project's CI uses it: pytest in a process of its own."""

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

pytest_plugins = ["pytester"]

LITERT = ("--edgeproof-runtimes", "litert")


def run(pytester: pytest.Pytester, bundle: Path, *arguments: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess(
        "-p", "no:cacheprovider", "-rs", "-v", "--edgeproof-bundle", str(bundle), *arguments
    )


def test_an_intact_bundle_passes_test_by_test(
    pytester: pytest.Pytester, digits_bundle: Path
) -> None:
    before = sorted(digits_bundle.rglob("*"))
    pytester.makepyfile("def test_of_their_own(): assert True")
    result = run(pytester, digits_bundle, *LITERT, "--strict-markers", "-W", "error")
    # theirs, 5 variants, 4 references of quantised variants, the source's stored outputs
    result.assert_outcomes(passed=11)
    result.stdout.fnmatch_lines(["*::tflite-int8?litert? PASSED*"])
    assert sorted(digits_bundle.rglob("*")) == before


def test_a_row_that_breaks_a_gate_fails_its_test_alone(
    pytester: pytest.Pytester, digits_bundle: Path
) -> None:
    strict = ("--edgeproof-gate", "relative:float32=1e-12", "-m", "edgeproof")
    result = run(pytester, digits_bundle, *LITERT, *strict)
    result.assert_outcomes(passed=9, failed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        ["*::tflite-float32?litert? FAILED*", "*tflite-float32 on litert: gate relative broke*"]
    )
    assert "Traceback" not in result.stdout.str()


def test_an_altered_file_fails_every_test(pytester: pytest.Pytester, bundle_copy: Path) -> None:
    model = bundle_copy / "variants" / "tflite-int8" / "model.tflite"
    content = bytearray(model.read_bytes())
    content[-1] ^= 1
    model.write_bytes(content)
    result = run(pytester, bundle_copy, *LITERT)
    result.assert_outcomes(failed=10)
    result.stdout.fnmatch_lines(["*model.tflite was altered: expected SHA-256*"])


def test_labelled_images_and_the_figures_in_junit(
    pytester: pytest.Pytester, digits_bundle: Path, digits_run: Path
) -> None:
    """Of --edgeproof-data only so many images are used, and each test brings its figures along."""
    test = np.load(digits_run / "test.npz")
    np.savez(pytester.path / "mine.npz", images=test["images"], labels=test["labels"])
    chosen = ("--edgeproof-data", "mine.npz", "--edgeproof-limit", "50", "-k", "tflite-int8")
    result = run(pytester, digits_bundle, *LITERT, *chosen, "--junitxml", "out.xml")
    result.assert_outcomes(passed=2, deselected=8)
    (suite,) = ElementTree.parse(pytester.path / "out.xml").getroot()
    case = next(c for c in suite.iter("testcase") if "[litert]" in (c.get("name") or ""))
    figures = {p.get("name"): p.get("value") or "" for p in case.iter("property")}
    assert figures["faithful?"] == "yes"
    assert figures["worst error"].endswith(" steps")
    assert figures["accuracy"].endswith("n=50")


def test_what_cannot_run_here_is_skipped_with_its_reason(
    pytester: pytest.Pytester, digits_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHROMIUM", "/nowhere/chromium")
    result = run(pytester, digits_bundle, "--edgeproof-runtimes", "litert,tfjs-wasm")
    # the reader in TensorFlow judges two variants of TF.js, and needs no browser for that
    result.assert_outcomes(passed=12, skipped=4)
    result.stdout.fnmatch_lines(["*tfjs-wasm: expected a browser at CHROMIUM=/nowhere/chromium*"])


def test_nothing_that_could_be_run_is_no_success(
    pytester: pytest.Pytester, digits_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHROMIUM", "/nowhere/chromium")
    for runtimes in ("tfjs-wasm", "tfjs-wasm,tfjs-webgl", ""):
        result = run(pytester, digits_bundle, "--edgeproof-runtimes", runtimes)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines(["*at least one of the named runtimes to run here, got none*"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--edgeproof-runtimes", "litter"), "*did you mean litert?*"),
        (("--edgeproof-gate", "nois=1"), "*did you mean noise?*"),
        (("--edgeproof-limit", "0"), "*expected a number from 1, got '0'*"),
        (("--edgeproof-source", "none.keras"), "*--edgeproof-source cannot be the model of*"),
    ],
)
def test_wrong_usage(
    pytester: pytest.Pytester, digits_bundle: Path, arguments: tuple[str, ...], message: str
) -> None:
    result = run(pytester, digits_bundle, *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])


def test_a_bundle_that_is_not_there(pytester: pytest.Pytester, tmp_path: Path) -> None:
    result = run(pytester, tmp_path / "none")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--edgeproof-bundle*none: expected *"])


def test_a_project_that_does_not_ask_for_it_pays_nothing() -> None:
    code = (
        "import sys, edgeproof.convert.verify.pytest_plugin as plugin\n"
        "class Config:\n"
        "    def getoption(self, name): return []\n"
        "plugin.pytest_collection_modifyitems(None, Config(), [])\n"
        "ours = {m for m in sys.modules if m.startswith('edgeproof.')}\n"
        "print(sorted(ours), {'numpy', 'click', 'tensorflow'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    expected = ["", ".verify", ".verify.pytest_plugin"]
    assert done.stdout.strip() == f"{[f'edgeproof.convert{name}' for name in expected]} set()"
