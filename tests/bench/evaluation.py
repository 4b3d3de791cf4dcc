"""Labelled images through verification, against a bare loop around the same runtime."""

from __future__ import annotations

import base64
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np

IMAGES = 10_000
WARM_UP = 512
WANTED = 0.8
_BARE_TFJS = Path(__file__).with_name("bare_tfjs.js")
Run = Callable[[np.ndarray], None]


class Settings(Protocol):
    """What of `make bench`'s options counts here."""

    @property
    def rounds(self) -> int:
        """How often each side runs."""


def measure(settings: Settings) -> dict[str, Any]:
    """Run all images on every side in turn, `rounds` times."""
    from edgeproof.edge.bundle import Bundle

    images, origin = _images()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        bundle = Bundle.open(_made_bundle(Path(folder), images))
        pairs = {
            "tflite-float32 on litert": (
                _bare_litert(bundle, "tflite-float32"),
                stack.enter_context(_verification(bundle, "litert", "tflite-float32")),
            ),
            "tflite-int8 on litert": (
                _bare_litert(bundle, "tflite-int8"),
                stack.enter_context(_verification(bundle, "litert", "tflite-int8")),
            ),
            "tfjs-float32 on tfjs-wasm": (
                stack.enter_context(_bare_tfjs(bundle, "tfjs-float32")),
                stack.enter_context(_verification(bundle, "tfjs-wasm", "tfjs-float32")),
            ),
        }
        seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in pairs}
        for sides in pairs.values():
            for run in sides:
                run(images[:WARM_UP])
        for number in range(settings.rounds):
            for name, (bare, ours) in pairs.items():
                seconds[name].append((bare(images), ours(images)))
                sys.stderr.write(
                    f"round {number + 1}: {name} {seconds[name][-1][0]:.2f} s bare, "
                    f"{seconds[name][-1][1]:.2f} s in verification\n"
                )
    return {
        "images": len(images),
        "origin": origin,
        "rounds": settings.rounds,
        "wanted": WANTED,
        "sides": {name: _summary(found, len(images)) for name, found in seconds.items()},
    }


def markdown(result: dict[str, Any]) -> str:
    """The result as a table."""
    lines = [
        f"{result['images']:,} images of 28 x 28 ({result['origin']}), median of "
        f"{result['rounds']} interleaved rounds. At least {result['wanted']:.0%} of the bare "
        "loop's throughput is wanted.",
        "",
        "| variant and runtime | bare images/s | in verification | share | lowest, highest |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {name} | {side['bare_per_s']:,.0f} | {side['verification_per_s']:,.0f} | "
        f"{side['share']:.0%} | {side['lowest']:.0%}, {side['highest']:.0%} |"
        for name, side in result["sides"].items()
    ]
    return "\n".join(lines) + "\n"


def _summary(seconds: list[tuple[float, float]], images: int) -> dict[str, Any]:
    shares = [bare / ours for bare, ours in seconds]
    return {
        "seconds": seconds,
        "bare_per_s": images / statistics.median(bare for bare, _ in seconds),
        "verification_per_s": images / statistics.median(ours for _, ours in seconds),
        "share": statistics.median(shares),
        "lowest": min(shares),
        "highest": max(shares),
    }


def _images() -> tuple[np.ndarray, str]:
    """MNIST's test images where the data set is at hand, else noise: arithmetic takes as long."""
    from edgeproof.train.data.mnist import mnist_source

    data = os.environ.get("EDGEPROOF_DATA")
    if data and (Path(data) / "mnist").is_dir():
        source = mnist_source(Path(data))
        return source.images[source.published_test], "MNIST's test set"
    return np.random.default_rng(0).integers(0, 256, (IMAGES, 28, 28, 1), np.uint8), "noise"


def _made_bundle(folder: Path, images: np.ndarray) -> Path:
    """The MNIST recipe's model, untrained."""
    import keras

    from edgeproof.train.recipes import recipe_named

    keras.utils.set_random_seed(0)
    recipe = recipe_named("mnist")
    recipe.model(recipe.contract, 10).save(folder / "model.keras")
    np.savez(folder / "calibration.npz", images=images[:100])
    command = [Path(sys.executable).with_name("edgeproof"), "convert", folder / "model.keras"]
    command += ["-o", folder / "bundle", "--calibration", folder / "calibration.npz"]
    command += ["--variants", "tflite-float32,tflite-int8,tfjs-float32"]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "bundle"


@contextmanager
def _verification(bundle: Any, runtime: str, variant: str) -> Iterator[Callable[..., float]]:
    """What `edgeproof verify` does with held-out images."""
    from edgeproof.convert.verify.isolation import IsolatedRunning
    from edgeproof.convert.verify.scaleout.batches import batches_of, in_order
    from edgeproof.convert.verify.scaleout.evaluate import evaluated

    with IsolatedRunning(runtime, bundle) as running:
        session = running.open(variant)

        def run(images: np.ndarray) -> float:
            started = time.perf_counter()
            found = in_order(
                evaluated(session, batches_of([images]), len(images), None), len(images)
            )
            assert sum(len(rows) for part in found for rows in part.values()) == len(images)
            return time.perf_counter() - started

        yield run


def _bare_litert(bundle: Any, variant: str) -> Callable[[np.ndarray], float]:
    """One image a call, as the file fixes it; the inputs are ready before the clock starts."""
    from ai_edge_litert.interpreter import Interpreter

    content = bundle.read(bundle.variant(variant).entry_file)
    interpreter = Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    (given,), (wanted,) = interpreter.get_input_details(), interpreter.get_output_details()

    def run(images: np.ndarray) -> float:
        tensors = images.astype(np.float32)
        if given["dtype"] == np.int8:
            scale, zero_point = given["quantization"]
            tensors = np.clip(np.rint(tensors / scale) + zero_point, -128, 127).astype(np.int8)
        started = time.perf_counter()
        for start in range(len(tensors)):
            interpreter.set_tensor(given["index"], tensors[start : start + 1])
            interpreter.invoke()
            interpreter.get_tensor(wanted["index"])
        return time.perf_counter() - started

    return run


@contextmanager
def _bare_tfjs(bundle: Any, variant: str) -> Iterator[Callable[[np.ndarray], float]]:
    """A loop of TensorFlow.js in a page; the inputs lie there before the clock starts."""
    from playwright.sync_api import sync_playwright
    from waitress.server import create_server

    from edgeproof.convert.verify.browser import chromium_flags, find_chromium
    from edgeproof.web.app import create_app

    server = create_server(create_app([bundle.folder]), host="127.0.0.1", port=0)
    threading.Thread(target=server.run, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=chromium_flags())
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.effective_port}/verify.html")
        page.evaluate(_BARE_TFJS.read_text(), f"bundles/{bundle.folder.name}/variants/{variant}/")

        def run(images: np.ndarray) -> float:
            content = base64.b64encode(images.tobytes()).decode()
            asked = {"shape": list(images.shape), "base64": content}
            return page.evaluate("asked => globalThis.bareLoop(asked)", asked) / 1e3

        yield run
        browser.close()
    server.close()
