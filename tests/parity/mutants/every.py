"""All mutants. A new one is a row in the file of its family."""

from __future__ import annotations

from tests.parity.mutants import (
    contract,
    golden_data,
    heldout,
    integrity,
    labels,
    page_code,
    pictures,
    quantisation,
    runtimes,
    tfjs_files,
    weights,
)

MUTANTS = (
    *weights.MUTANTS,
    *quantisation.MUTANTS,
    *tfjs_files.MUTANTS,
    *labels.MUTANTS,
    *contract.MUTANTS,
    *pictures.MUTANTS,
    *page_code.MUTANTS,
    *runtimes.MUTANTS,
    *golden_data.MUTANTS,
    *heldout.MUTANTS,
    *integrity.MUTANTS,
)
