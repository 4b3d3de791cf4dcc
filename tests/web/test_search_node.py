"""The search for the fastest engine, in Node with made-up engines: what it may offer."""

from collections.abc import Callable
from typing import Any

import pytest

RunModules = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]
Search = Callable[..., dict[str, Any]]


@pytest.fixture
def search(run_modules: RunModules) -> Search:
    """Searches from an engine of 10 ms; `others` are made-up engines by name."""

    def run(
        *,
        current: dict[str, Any] | None = None,
        best: dict[str, Any] | None = None,
        aborts_at: str = "",
        **others: dict[str, Any],
    ) -> dict[str, Any]:
        call = {
            "call": "search",
            "current": current or {"engine": "wasm", "ms": [10]},
            "best": best,
            "others": others,
            "abortsAt": aborts_at,
        }
        (answer,) = run_modules([call])
        result: dict[str, Any] = answer["result"]
        assert sorted(result["closed"]) == sorted(result["opened"])
        return result

    return run


def figure(found: dict[str, Any], engine: str) -> dict[str, Any]:
    (one,) = [f for f in found["figures"] if f["engine"] == engine]
    return dict(one)


def test_fastest_that_passes_is_found(search: Search) -> None:
    found = search(
        gl={"ms": [4], "passes": True},
        cpu={"ms": [25], "passes": True},
        gpu={"ms": [2], "passes": True},
    )
    assert found["best"]["engine"] == "gpu"
    assert [f["engine"] for f in found["figures"]] == ["wasm", "gl", "cpu", "gpu"]
    assert figure(found, "wasm")["ms"] == 10
    assert figure(found, "gpu")["ratio"] == pytest.approx(0.2)


def test_fastest_that_is_wrong_is_not_taken(search: Search) -> None:
    found = search(gl={"ms": [4], "passes": True}, gpu={"ms": [1], "passes": False})
    assert found["best"]["engine"] == "gl"
    assert figure(found, "gpu")["passed"] is False


def test_slower_engine_is_not_checked_and_not_measured_again(search: Search) -> None:
    found = search(cpu={"ms": [100, 1, 1], "passes": True})
    assert found["best"]["engine"] == "wasm"
    assert found["proved"] == []
    assert figure(found, "cpu")["ms"] == 100
    assert figure(found, "cpu")["passed"] is None


def test_difference_within_noise_is_no_reason_to_change(search: Search) -> None:
    assert search(gl={"ms": [9.8], "passes": True})["best"]["engine"] == "wasm"
    assert search(gl={"ms": [9.3], "passes": True})["best"]["engine"] == "gl"


def test_what_was_measured_before_stays_the_best_until_it_is_beaten(search: Search) -> None:
    before = {"engine": "gl", "ratio": 0.3}
    assert search(best=before, gpu={"ms": [8], "passes": True})["best"]["engine"] == "gl"
    assert search(best=before, gpu={"ms": [2], "passes": True})["best"]["engine"] == "gpu"


def test_load_that_changes_meanwhile_does_not_decide(search: Search) -> None:
    # the machine is twice as slow from the second pair on: both are, so nothing is faster
    found = search(
        current={"engine": "wasm", "ms": [10, 20, 20]}, gl={"ms": [11, 22, 22], "passes": True}
    )
    assert found["best"]["engine"] == "wasm"


def test_engine_that_is_not_offered_or_breaks_does_not_end_the_search(search: Search) -> None:
    found = search(gpu={"refuses": "no adapter"}, gl={"ms": [4], "passes": True})
    assert found["best"]["engine"] == "gl"
    assert figure(found, "gpu") == {
        "variant": "tfjs-float32",
        "engine": "gpu",
        "ms": None,
        "ratio": None,
        "passed": None,
        "reason": "no adapter",
    }


def test_lost_network_and_another_choice_end_it(search: Search) -> None:
    assert search(gl={"lost": True}, gpu={"ms": [1]})["error"] == "the network is gone"
    ended = search(aborts_at="gl", gl={"ms": [4], "passes": True}, gpu={"ms": [1]})
    assert ended["error"] == "another choice"
    assert ended["opened"] == ["gl"]
