"""`variant="auto"`: the fastest variant that gives its golden answers here, remembered."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeproof.edge import choice_measured, choice_trial
from edgeproof.edge.bundle import Bundle
from edgeproof.edge.choice import chosen_variant
from edgeproof.edge.choice_measured import NoVariantWorks, measured_choice
from edgeproof.edge.choice_memory import Choice
from edgeproof.edge.choice_trial import Trial, TrialFailed
from edgeproof.edge.classifier import Classifier
from tests.edge.faulty_runtime import EVERY, faulty_runtime

Measured = Callable[..., Choice]


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where choices are remembered."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "edgeproof"


@pytest.fixture
def measurements(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Measuring replaced by a sure answer; grows by the number of threads at every measurement."""
    done: list[int] = []

    def measured(bundle: Bundle, *, runtime: str, threads: int) -> Choice:
        done.append(threads)
        return Choice("tflite-float32", ("tflite-int8 cannot be trusted here",))

    monkeypatch.setattr(choice_measured, "measured_choice", measured)
    return done


@pytest.fixture
def two_variants(bundle_copy: Path) -> Path:
    """A bundle with int8 and float32 alone, which are measured sooner than five."""
    manifest = json.loads((bundle_copy / "bundle.json").read_bytes())
    kept = ("tflite-int8", "tflite-float32")
    manifest["variants"] = [v for v in manifest["variants"] if v["id"] in kept]
    (bundle_copy / "bundle.json").write_text(json.dumps(manifest))
    return bundle_copy


def test_what_is_chosen_passes_and_is_remembered(two_variants: Path, cache: Path) -> None:
    bundle = Bundle.open(two_variants)
    said: list[str] = []
    first = chosen_variant(bundle, note=said.append)
    assert first in {"tflite-int8", "tflite-float32"}
    assert said == ["choosing the variant for this board, once"]
    assert chosen_variant(bundle, note=said.append) == first
    assert len(said) == 1
    (file,) = cache.iterdir()  # nothing half-written beside it
    assert json.loads(file.read_bytes())["choice"] == {"variant": first, "warnings": []}


def test_the_slower_one_is_not_taken(
    two_variants: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(faulty_runtime(tmp_path / "slow", "slow"))
    choice = measured_choice(Bundle.open(two_variants), runtime="litert", threads=1)
    assert choice == Choice("tflite-float32")


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("wrong", "run 1 against the reference kernels: expected at most"),
        ("crash", "its process ended with -6"),
    ],
)
def test_int8_that_fails_here_gives_way_with_a_warning(
    fault: str,
    reason: str,
    two_variants: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.syspath_prepend(faulty_runtime(tmp_path / fault, fault))
    for _ in range(2):  # the second time from memory
        with Classifier(two_variants, "auto", runtime="litert") as classifier:
            assert classifier.variant.id == "tflite-float32"
    warnings = [line for line in capfd.readouterr().err.splitlines() if "cannot be trusted" in line]
    assert len(warnings) == 2
    assert reason in warnings[0]
    assert warnings[0].startswith("edgeproof: tflite-int8 cannot be trusted on this board, so tfl")


def test_a_hang_ends_and_the_next_variant_is_tried(
    two_variants: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(faulty_runtime(tmp_path / "hang", "hang"))
    with Trial(Bundle.open(two_variants), runtime="litert", threads=1) as trial:
        with monkeypatch.context() as patch:
            patch.setattr(choice_trial, "_LIMIT_S", 1.0)
            with pytest.raises(TrialFailed, match="no answer in 1 s"):
                trial.time_ms("tflite-int8", math.inf)
        assert trial.time_ms("tflite-float32", math.inf) > 0


def test_no_variant_that_works_is_an_error(
    two_variants: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    monkeypatch.syspath_prepend(faulty_runtime(tmp_path / "wrong", "wrong", EVERY))
    with pytest.raises(NoVariantWorks, match=r"got none \(tflite-.*: run 1 against Keras"):
        chosen_variant(Bundle.open(two_variants), runtime="litert", note=lambda _: None)
    assert not cache.exists()


def test_another_bundle_or_other_threads_are_measured_anew(
    bundle_copy: Path, measurements: list[int]
) -> None:
    said: list[str] = []
    bundle = Bundle.open(bundle_copy)
    for threads in (1, 2, 1, 2):
        assert chosen_variant(bundle, threads=threads, note=said.append) == "tflite-float32"
    assert measurements == [1, 2]
    assert said.count("tflite-int8 cannot be trusted here") == 4
    manifest = bundle_copy / "bundle.json"
    manifest.write_bytes(manifest.read_bytes() + b"\n")
    chosen_variant(Bundle.open(bundle_copy), note=said.append)
    assert measurements == [1, 2, 1]


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b'{"choice": {"variant": "tflite-int8"}}', b"[" * 100_000, b"\xff\xfe"],
)
def test_damaged_memory_is_said_and_made_anew(
    content: bytes, digits_bundle: Path, measurements: list[int], cache: Path
) -> None:
    bundle = Bundle.open(digits_bundle)
    chosen_variant(bundle, note=lambda _: None)
    (file,) = cache.iterdir()
    whole = file.read_bytes()
    file.write_bytes(content)
    said: list[str] = []
    assert chosen_variant(bundle, note=said.append) == "tflite-float32"
    assert said[0].startswith("the remembered choice of a variant cannot be used: ")
    assert len(measurements) == 2
    assert file.read_bytes() == whole


def test_a_choice_of_another_bundle_is_not_believed(
    bundle_copy: Path, measurements: list[int], cache: Path
) -> None:
    chosen_variant(Bundle.open(bundle_copy), note=lambda _: None)
    (of_the_first,) = cache.iterdir()
    manifest = bundle_copy / "bundle.json"
    manifest.write_bytes(manifest.read_bytes() + b"\n")
    chosen_variant(Bundle.open(bundle_copy), note=lambda _: None)
    (of_the_second,) = set(cache.iterdir()) - {of_the_first}
    shutil.copy(of_the_first, of_the_second)
    said: list[str] = []
    chosen_variant(Bundle.open(bundle_copy), note=said.append)
    assert "was made under other circumstances" in said[0]
    assert len(measurements) == 3


def test_an_unwritable_cache_costs_the_memory_alone(
    digits_bundle: Path,
    measurements: list[int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    said: list[str] = []
    assert chosen_variant(Bundle.open(digits_bundle), note=said.append) == "tflite-float32"
    assert any("the choice of tflite-float32 cannot be remembered" in text for text in said)
    assert measurements == [1]


def test_a_relative_cache_home_does_not_count(
    digits_bundle: Path,
    measurements: list[int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    chosen_variant(Bundle.open(digits_bundle), note=lambda _: None)
    assert not (tmp_path / "relative").exists()
    assert list((tmp_path / "home/.cache/edgeproof").glob("variant-*.json"))
