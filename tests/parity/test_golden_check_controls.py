"""Every mutant of a .tflite, of the input contract or of the golden set fails a device's check."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgeproof.edge.bundle import Bundle
from edgeproof.edge.errors import BundleError
from edgeproof.edge.golden_check import golden_check
from tests.parity.mutants import contract, golden_data, quantisation, weights
from tests.parity.mutants.mutant import Ground, Mutant

# with the other mutants, whose bundles it copies
pytestmark = pytest.mark.xdist_group("mutants")

# what takes verification: a device is told by how much it may differ, not what a good bundle is
SEEN_BY_VERIFICATION_ALONE = {
    "golden-copies": "the answers are right, and how many inputs there are is the bundle's affair",
    "golden-two-inputs": "as golden-copies",
    "golden-few": "as golden-copies",
    "quantisation-scale-1.02": "12 steps of the output, where rounding may cost 16",
    "weights-int8-sign": "6 steps of the output, as much as LiteRT differs from its own reference",
}
MUTANTS = {
    mutant.name: mutant
    for family in (contract, golden_data, quantisation, weights)
    for mutant in family.MUTANTS
    if mutant.variant.startswith("tflite-")
}


@pytest.mark.parametrize("name", sorted(set(MUTANTS) - set(SEEN_BY_VERIFICATION_ALONE)))
def test_the_mutant_fails_the_golden_check(
    name: str,
    intact: dict[str, Path],
    digits_run: Path,
    lab_of: Callable[[Path], Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    mutant: Mutant = MUTANTS[name]
    folder = shutil.copytree(intact[mutant.model], tmp_path / mutant.model)
    mutant.seed(Ground(lab_of(folder), monkeypatch, tmp_path, digits_run))
    try:
        found = golden_check(Bundle.open(folder), mutant.variant, runtime="litert")
    except BundleError:
        return  # refused before anything ran
    assert not found
    assert found.failure


def test_what_verification_alone_sees_are_mutants() -> None:
    assert set(SEEN_BY_VERIFICATION_ALONE) < set(MUTANTS)


@pytest.mark.parametrize("model", ["digits", "colour"])
def test_intact_bundles_pass(model: str, intact: dict[str, Path]) -> None:
    bundle = Bundle.open(intact[model])
    variants = [v for v in bundle.manifest.variants if v.format == "tflite"]
    for variant in variants:
        found = golden_check(bundle, variant.id, runtime="litert")
        assert found, found.failure
        golden = bundle.manifest.golden
        assert (found.inputs, found.files) == (32, len(golden.files))
        assert 0 < found.worst <= found.limit
