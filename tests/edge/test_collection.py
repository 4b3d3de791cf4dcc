"""Garbage collection is paused for a start, and no longer."""

import gc

import pytest

from edgeproof.edge.collection import no_collection_at_start


def test_collection_goes_on_afterwards_whatever_happens() -> None:
    with no_collection_at_start():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(LookupError), no_collection_at_start():
        raise LookupError
    assert gc.isenabled()
    gc.unfreeze()
