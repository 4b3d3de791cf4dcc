"""Many pictures one after the other, without a browser."""

from collections.abc import Callable
from typing import Any

RunModules = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]


def run(run_modules: RunModules, files: list[str], stop_at: str | None = None) -> Any:
    (answer,) = run_modules([{"call": "several", "files": files, "stopAt": stop_at}])
    return answer["result"]


def test_one_at_a_time_and_a_bad_one_is_alone(run_modules: RunModules) -> None:
    found = run(run_modules, ["a", "bad", "b", "bad", "c"])
    assert found["most"] == 1
    assert found["order"] == ["a", "bad", "b", "bad", "c"]
    assert [e["state"] for e in found["entries"]] == ["done", "failed", "done", "failed", "done"]
    assert found["entries"][1]["error"] == "expected a picture, got something else"
    assert found["left"] == 0


def test_stop_leaves_the_others_for_the_next_run(run_modules: RunModules) -> None:
    found = run(run_modules, ["a", "b", "c", "d"], stop_at="b")
    assert found["left"] == 2
    # nothing was done twice
    assert found["order"] == ["a", "b", "c", "d"]
