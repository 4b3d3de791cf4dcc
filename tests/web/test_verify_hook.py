"""`globalThis.edgeproofVerify`, which verification drives."""

import base64
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Route

from edgeproof.edge.bundle import Bundle

Serve = Callable[..., str]
Offer = Callable[[np.ndarray], dict[str, Any]]


@pytest.fixture
def hook(page: Page, serve: Serve, digits_bundle: Path) -> Callable[..., Any]:
    page.goto(serve(digits_bundle) + "verify.html")
    page.wait_for_function("globalThis.edgeproofVerify")
    page.evaluate("edgeproofVerify.ready()")

    def call(method: str, argument: Any = None) -> Any:
        return page.evaluate("([m, a]) => edgeproofVerify[m](a)", [method, argument])

    return call


@pytest.fixture
def offered(page: Page) -> Offer:
    """Has the page find an array at a path of its own, as verification's server does."""
    numbers = itertools.count()

    def offer(array: np.ndarray) -> dict[str, Any]:
        url, content = f"/inputs/{next(numbers)}", np.ascontiguousarray(array).tobytes()
        page.route(f"**{url}", lambda route: route.fulfill(body=content))
        return {"shape": list(array.shape), "dtype": array.dtype.name, "url": url}

    return offer


def decoded(tensor: dict[str, Any]) -> np.ndarray:
    values = np.frombuffer(base64.b64decode(tensor["base64"]), "<f4")
    return values.reshape(tensor["shape"])


def test_images_and_tensors_give_what_keras_gave(
    hook: Callable[..., Any], offered: Offer, digits_bundle: Path
) -> None:
    bundle = Bundle.open(digits_bundle)
    golden = bundle.manifest.golden
    images, expected = bundle.array(golden.inputs[0]), bundle.array(golden.outputs[0])
    wanted = {"bundle": "digits", "variant": "tfjs-float32", "engine": "tfjs-cpu"}
    loaded = hook("load", wanted)
    assert loaded["engine"] == "tfjs-cpu"
    assert loaded["version"] == "TensorFlow.js 4.22.0"
    by_image = hook("runImages", offered(images))
    (output,) = by_image["outputs"]
    assert output["name"] == bundle.variant("tfjs-float32").outputs[0].name
    np.testing.assert_allclose(decoded(output), expected, atol=1e-5)
    assert len(by_image["ms"]) == -(-len(images) // 16)
    by_tensor = hook("runTensors", [offered(images[:3].astype(np.float32))])
    np.testing.assert_allclose(decoded(by_tensor["outputs"][0]), expected[:3], atol=1e-5)


def test_golden_files_make_the_images_of_python(
    hook: Callable[..., Any], digits_bundle: Path
) -> None:
    bundle = Bundle.open(digits_bundle)
    golden = bundle.manifest.golden
    assert golden.file_images is not None
    images = bundle.array(golden.file_images)
    hook("load", {"bundle": "digits", "variant": "tfjs-float32", "engine": "tfjs-wasm"})
    assert len(images) == len(golden.files) > 0
    for image, file in zip(images, golden.files, strict=True):
        run = hook("runFile", file.file.path)
        assert base64.b64decode(run["image"]) == image.tobytes(), file.description


def test_no_tensor_is_kept(hook: Callable[..., Any], offered: Offer, digits_bundle: Path) -> None:
    images = Bundle.open(digits_bundle).array(Bundle.open(digits_bundle).manifest.golden.inputs[0])
    hook("load", {"bundle": "digits", "variant": "tfjs-float32", "engine": "tfjs-cpu"})
    hook("latency", {"n": 1})
    weights = hook("tensors")
    assert weights > 0
    hook("runImages", offered(images))
    assert len(hook("latency", {"n": 20})["ms"]) == 20
    assert hook("tensors") == weights
    hook("unload")
    assert hook("tensors") == 0


def test_an_input_that_is_not_there(chromium: Browser, serve: Serve, digits_bundle: Path) -> None:
    page = chromium.new_page()  # not `page`, which holds the browser's own complaint against it
    page.goto(serve(digits_bundle) + "verify.html")
    page.wait_for_function("globalThis.edgeproofVerify")
    wanted = {"bundle": "digits", "variant": "tfjs-float32", "engine": "tfjs-cpu"}
    page.evaluate("wanted => edgeproofVerify.load(wanted)", wanted)
    gone = {"shape": [1, 8, 8, 1], "dtype": "uint8", "url": "/inputs/7"}
    for call in ("runImages(gone)", "runTensors([gone])"):
        with pytest.raises(Exception, match="expected an input at /inputs/7, got status 404"):
            page.evaluate(f"gone => edgeproofVerify.{call}", gone)
    page.close()


@pytest.mark.parametrize(
    ("method", "argument", "message"),
    [
        (
            "load",
            {"bundle": "digits", "variant": "tfjs-nope", "engine": "tfjs-cpu"},
            "got tfjs-nope",
        ),
        (
            "load",
            {"bundle": "digits", "variant": "tfjs-float32", "engine": "abacus"},
            r"expected an engine \(tfjs-wasm, .*, litertjs-webgpu\), got abacus",
        ),
        ("runFile", "golden/inputs.npy", "expected a loaded model, got none; call load first"),
    ],
)
def test_wrong_use_is_said(
    hook: Callable[..., Any], method: str, argument: Any, message: str
) -> None:
    with pytest.raises(Exception, match=message):
        hook(method, argument)


def test_a_gpu_engine_counts_what_the_graphics_card_ran(
    hook: Callable[..., Any], offered: Offer, digits_bundle: Path
) -> None:
    images = Bundle.open(digits_bundle).array(Bundle.open(digits_bundle).manifest.golden.inputs[0])
    hook("load", {"bundle": "digits", "variant": "tfjs-float32", "engine": "tfjs-webgpu"})
    assert hook("gpuCalls") == 0
    hook("runImages", offered(images[:16]))
    assert hook("gpuCalls") >= 5  # layers
    hook("load", {"bundle": "digits", "variant": "tfjs-float32", "engine": "tfjs-cpu"})
    hook("runImages", offered(images[:16]))
    assert hook("gpuCalls") is None


def test_what_an_engine_cannot_take_is_a_reason_and_no_fault(hook: Callable[..., Any]) -> None:
    wanted = {"bundle": "digits", "variant": "tflite-int8", "engine": "litertjs-wasm"}
    assert (
        "LiteRT.js has tensors of float32, int32, uint8, got int8"
        in (hook("load", wanted)["unavailable"])
    )


def test_a_browser_without_webgpu_says_so(hook: Callable[..., Any], page: Page) -> None:
    page.route("**/dist/worker.js", _without_webgpu)
    page.reload()
    page.wait_for_function("globalThis.edgeproofVerify")
    reason = hook("start", "tfjs-webgpu")["unavailable"]
    assert reason.startswith("this browser does not offer WebGPU here; choose another engine")


def _without_webgpu(route: Route) -> None:
    code = 'Object.defineProperty(navigator, "gpu", { value: undefined });\n'
    response = route.fetch()
    route.fulfill(response=response, body=code + response.text())
