"""What `auto` tries, in which order, and what that downloads."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import edgeproof.web

RunModules = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]
VENDOR = Path(edgeproof.web.__file__).parent / "static" / "vendor"
ALL = ["tfjs-float32", "tfjs-float16", "tfjs-uint8", "tfjs-layers-float32", "tflite-float32"]
AUTO = "auto"


@pytest.fixture
def tried(run_modules: RunModules) -> Callable[..., list[str]]:
    """`engine variant` in the order of the tries."""

    def run(variant: str, engine: str, variants: list[str] = ALL, first: Any = None) -> list[str]:
        chosen = {"variant": variant, "engine": engine}
        call = {"call": "candidates", "variants": variants, "chosen": chosen, "first": first}
        (answer,) = run_modules([call])
        return [f"{c['engine']} {c['variant']}" for c in answer["result"]]

    return run


def test_automatic_choice_keeps_the_precision(tried: Callable[..., list[str]]) -> None:
    order = tried(AUTO, AUTO)
    assert order[0] == "tfjs-wasm tfjs-float32"
    assert {c.split()[1] for c in order} == {"tfjs-float32", "tflite-float32"}
    assert order[-2:] == ["litertjs-wasm tflite-float32", "litertjs-webgpu tflite-float32"]
    assert not any("f16" in c for c in order)


def test_precision_is_that_of_the_first(tried: Callable[..., list[str]]) -> None:
    order = tried(
        AUTO, AUTO, ["tfjs-layers-float32", "tfjs-uint8", "tfjs-float32", "tflite-float16"]
    )
    assert {c.split()[1] for c in order} == {"tfjs-uint8"}


def test_what_is_chosen_is_not_changed(tried: Callable[..., list[str]]) -> None:
    assert tried("tfjs-uint8", "tfjs-webgl") == ["tfjs-webgl tfjs-uint8"]
    assert {c.split()[1] for c in tried("tfjs-layers-float32", AUTO)} == {"tfjs-layers-float32"}
    assert tried(AUTO, "litertjs-wasm") == ["litertjs-wasm tflite-float32"]
    assert tried("tflite-float32", "tfjs-webgl") == []


def test_what_was_fastest_comes_first_if_it_is_still_offered(
    tried: Callable[..., list[str]],
) -> None:
    webgl = {"engine": "tfjs-webgl", "variant": "tfjs-float32"}
    order = tried(AUTO, AUTO, first=webgl)
    assert order[:2] == ["tfjs-webgl tfjs-float32", "tfjs-wasm tfjs-float32"]
    assert sorted(order) == sorted(tried(AUTO, AUTO))
    gone = {"engine": "tfjs-webgl", "variant": "tfjs-float64"}
    assert tried(AUTO, AUTO, first=gone) == tried(AUTO, AUTO)


def test_stated_sizes_are_those_of_the_files(run_modules: RunModules) -> None:
    taken = [
        {"engine": engine, "variant": variant}
        for engine, variant in (
            ("tfjs-wasm", "tfjs-float32"),
            ("tfjs-wasm-threads", "tfjs-float32"),
            ("litertjs-wasm", "tflite-float32"),
            ("litertjs-webgpu", "tflite-float32"),
        )
    ]
    variants = [{"id": "tfjs-float32", "bytes": 1000}, {"id": "tflite-float32", "bytes": 2000}]
    (answer,) = run_modules([{"call": "downloads", "variants": variants, "taken": taken}])
    result = answer["result"]
    files = result["files"]
    assert set(files) == {name for names in result["engines"].values() for name in names}
    for name, stated in files.items():
        assert (VENDOR / f"{name}.br").stat().st_size == pytest.approx(stated, rel=0.03), name
    wasm, threads, litert, webgpu = result["bytes"]
    assert wasm == files["tfjs-wasm.js"] + files["tfjs-backend-wasm-simd.wasm"] + 1000
    assert threads == files["tfjs-backend-wasm-threaded-simd.wasm"]  # the rest is there already
    assert litert > 2_000_000
    assert webgpu == 0


SMALL = ["tfjs-webgl", "tfjs-webgpu", "tfjs-cpu", "tfjs-wasm-threads"]
LITERT = ["litertjs-wasm", "litertjs-webgpu"]
FREE = {"saveData": False, "effectiveType": "4g"}


@pytest.fixture
def unasked(run_modules: RunModules) -> Callable[..., list[str]]:
    """Engines that are measured though nobody asked, where tfjs-wasm answers."""

    def run(connection: Any, ms: float | None, model: int = 14_000_000) -> list[str]:
        variants = [{"id": id, "bytes": model} for id in ("tfjs-float32", "tflite-float32")]
        taken = [{"engine": "tfjs-wasm", "variant": "tfjs-float32"}]
        call = {"call": "unasked", "variants": variants, "taken": taken}
        (answer,) = run_modules([call | {"connection": connection, "ms": ms}])
        return [str(engine) for engine in answer["result"]]

    return run


def test_what_is_small_is_measured_unasked(unasked: Callable[..., list[str]]) -> None:
    assert unasked(FREE, None) == SMALL
    assert unasked(None, 500) == SMALL  # a browser that does not tell of its connection


def test_what_is_large_is_measured_unasked_where_it_is_free_and_may_be_noticed(
    unasked: Callable[..., list[str]],
) -> None:
    assert unasked(FREE, 40) == SMALL + LITERT
    assert unasked(FREE | {"type": "wifi"}, 40) == SMALL + LITERT
    assert unasked(FREE, 15) == SMALL
    assert unasked(FREE, 40, model=18_000_000) == SMALL


@pytest.mark.parametrize(
    "metered",
    [
        {"saveData": True},
        {"type": "cellular"},
        {"effectiveType": "3g"},
        {"effectiveType": "slow-2g"},
    ],
    ids=str,
)
def test_nothing_is_measured_unasked_where_bytes_cost(
    unasked: Callable[..., list[str]], metered: dict[str, Any]
) -> None:
    assert unasked(FREE | metered, 500) == []
