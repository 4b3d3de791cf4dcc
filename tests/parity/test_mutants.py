"""Zero false passes: every seeded fault is caught by the gate that is named for it.

What each one broke is written to build/mutants.md. An intact bundle, measured again and again on
other images, breaks nothing.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeproof.convert.verify import measure
from edgeproof.convert.verify.report import Report
from edgeproof.edge.errors import EdgeproofError
from tests.parity.mutants.every import MUTANTS
from tests.parity.mutants.mutant import FLOAT, INT8, READER, Ground, Mutant

# one process, so that the table is whole
pytestmark = [
    pytest.mark.xdist_group("mutants"),
]
TABLE = Path(__file__).parents[2] / "build" / "mutants.md"
RUNS = 20
Caught = Callable[[Report], set[str]]


@pytest.fixture(autouse=True)
def untimed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Latency is not looked at here."""
    monkeypatch.setattr(measure, "LATENCY_BUDGET_MS", 0.0)


@pytest.fixture(scope="module")
def findings(shared_folder: Path) -> Iterator[Path]:
    """A folder with a file for each mutant: what caught it. The last process writes the table."""
    folder = shared_folder / "mutants"
    folder.mkdir(exist_ok=True)
    yield folder
    if len(list(folder.iterdir())) == len(MUTANTS):
        head = "| mutant | what is wrong | expected | what broke |\n| --- | --- | --- | --- |\n"
        rows = [
            f"| {m.name} | {m.change} | {m.gate} | {(folder / m.name).read_text()} |\n"
            for m in MUTANTS
        ]
        TABLE.parent.mkdir(exist_ok=True)
        TABLE.write_text(head + "".join(rows))


# Keras, in this process, says that the recipe names its input and gets an array
@pytest.mark.filterwarnings("ignore::UserWarning:keras")
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_mutant_is_caught_by_its_gate(
    mutant: Mutant,
    intact: dict[str, Path],
    digits_run: Path,
    lab_of: Callable[[Path], Any],
    caught: Caught,
    findings: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    bundle = shutil.copytree(intact[mutant.model], tmp_path / mutant.model)
    ground = Ground(lab_of(bundle), monkeypatch, tmp_path, digits_run)
    mutant.seed(ground)
    if mutant.refused:
        with pytest.raises(EdgeproofError, match=mutant.gate) as refusal:
            verified(ground, mutant)
        (findings / mutant.name).write_text(f"refused by {type(refusal.value).__name__}")
        return
    broken = caught(verified(ground, mutant))
    assert mutant.gate in broken
    (findings / mutant.name).write_text(", ".join(sorted(broken)))


def verified(ground: Ground, mutant: Mutant) -> Report:
    first, *others = mutant.runtimes
    report: Report = ground.lab.verify(
        mutant.variant,
        runtime=first,
        also=others,
        source=ground.run if mutant.with_source else None,
        limit=None,
        isolated=mutant.isolated,
        wrap=ground.wrap,
    )
    return report


def test_there_are_enough_of_every_family() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 40
    families = Counter(mutant.name.partition("-")[0] for mutant in MUTANTS)
    assert len(families) == 11
    assert min(families.values()) >= 6


@pytest.mark.parametrize(
    ("model", "variant", "runtime"),
    [
        ("digits", FLOAT, "litert"),
        ("digits", "tflite-float16", "litert"),
        ("digits", "tflite-dynamic-int8", "litert"),
        ("digits", INT8, "litert"),
        ("digits", "tflite-int16x8", "litert"),
        ("digits", "tfjs-float32", READER),
        ("digits", "tfjs-uint8", READER),
        ("colour", FLOAT, "litert"),
    ],
)
def test_what_is_mutated_passes_when_it_is_intact(
    intact: dict[str, Path],
    lab_of: Callable[[Path], Any],
    caught: Caught,
    model: str,
    variant: str,
    runtime: str,
) -> None:
    lab = lab_of(intact[model])
    assert caught(lab.verify(variant, runtime=runtime, limit=None)) == set()


@pytest.mark.parametrize("seed", range(RUNS))
def test_no_false_alarm(
    digits_bundle: Path,
    lab_of: Callable[[Path], Any],
    caught: Caught,
    tmp_path: Path,
    seed: int,
) -> None:
    """120 of the held-out images, drawn anew each time."""
    images, labels = (np.load(digits_bundle / f"heldout/{n}.npy") for n in ("images", "labels"))
    rows = np.random.default_rng(seed).permutation(len(labels))[:120]
    data = tmp_path / "some.npz"
    np.savez(data, images=images[rows], labels=labels[rows])
    lab = lab_of(digits_bundle)
    for variant in (FLOAT, INT8):
        assert caught(lab.verify(variant, data=data, limit=None)) == set()
