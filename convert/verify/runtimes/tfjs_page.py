"""TF.js and LiteRT.js in a real headless Chromium, through the very modules that visitors get.

A web server on a free loopback port serves the bundle with `edgeproof.web`, and Playwright drives
its bare `/verify.html`, which offers `globalThis.edgeproofVerify`.
"""

import base64
import itertools
import sys
import threading
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeproof.convert.verify.browser import chromium_flags, find_chromium
from edgeproof.convert.verify.errors import RuntimeFailed
from edgeproof.edge.bundle import Bundle
from edgeproof.edge.errors import RuntimeUnavailable
from edgeproof.edge.manifest import TensorSpec

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, Error

START_TIMEOUT_MS = 60_000


class PageRunning:
    """A server, a browser and one page, for one engine (`tfjs-cpu`, `litertjs-wasm`, ...).

    Raises:
        RuntimeUnavailable: the browser does not offer what the engine needs.
        RuntimeFailed: there is no browser, or it failed.
    """

    def __init__(self, bundle: Bundle, engine: str) -> None:
        from playwright.sync_api import Error, sync_playwright

        self._bundle = bundle
        self._engine = engine
        executable = find_chromium()
        if executable is None:
            raise RuntimeFailed("expected a Chromium, got none; install one or set CHROMIUM")
        self._inputs = _Inputs(bundle)
        self._server = _serve(self._inputs)
        self._playwright = sync_playwright().start()
        try:
            self._open_page(executable)
        except Error as error:
            self._playwright.stop()
            self._server.close()
            raise RuntimeFailed(
                f"expected a Chromium at {executable} that opens a page, got: "
                f"{_last_words(error)}; install another, or name one with CHROMIUM"
            ) from error
        self.ask("ready")
        try:
            _require_available(self.ask("start", engine))
        except BaseException:
            self.close()
            raise

    def _open_page(self, executable: str) -> None:
        self._browser = self._playwright.chromium.launch(
            executable_path=executable,
            args=chromium_flags(),
            headless=True,
            timeout=START_TIMEOUT_MS,
        )
        self._page = self._browser.new_page()
        # what the page says goes to this process's stderr: a crash's last words
        self._page.on("console", _say_message)
        self._page.on("pageerror", _say_error)
        url = f"http://127.0.0.1:{self._server.effective_port}/verify.html"
        self._page.goto(url, timeout=START_TIMEOUT_MS)
        self._page.wait_for_function("() => globalThis.edgeproofVerify", timeout=START_TIMEOUT_MS)

    def ask(self, function: str, *arguments: Any) -> Any:
        """Call a function of `edgeproofVerify` and wait for what it resolves to.

        Raises:
            RuntimeFailed: it was rejected, or the page or the browser is gone.
        """
        from playwright.sync_api import Error

        try:
            return self._page.evaluate(
                "([name, given]) => globalThis.edgeproofVerify[name](...given)",
                [function, list(arguments)],
            )
        except Error as error:
            said = error.message.partition("\n")[0].removeprefix("Page.evaluate: ")
            raise RuntimeFailed(f"{self._engine} failed during {function!r}: {said}") from error

    def offer(self, array: np.ndarray) -> dict[str, Any]:
        """What the page has to be told to fetch an array, once."""
        url = self._inputs.offer(np.ascontiguousarray(array).tobytes())
        return {"shape": list(array.shape), "dtype": array.dtype.name, "url": url}

    def open(self, variant_id: str) -> "PageSession":
        name = self._bundle.folder.resolve().name
        loaded = self.ask("load", {"bundle": name, "variant": variant_id, "engine": self._engine})
        _require_available(loaded)
        if loaded["engine"] != self._engine:
            raise RuntimeFailed(f"expected the engine {self._engine}, got {loaded['engine']}")
        version = f"{loaded['version']}, Chromium {self._browser.version}"
        return PageSession(self, self._bundle, version, float(loaded["loadMs"]))

    def close(self) -> None:
        self._browser.close()
        self._playwright.stop()
        self._server.close()


class PageSession:
    """One variant in the page."""

    def __init__(self, running: PageRunning, bundle: Bundle, version: str, load_ms: float) -> None:
        self._running = running
        self._has_contract = bundle.manifest.input is not None
        self.version = version
        self.load_ms = load_ms

    def run(self, inputs: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        offered = [self._running.offer(array) for array in inputs]
        if self._has_contract:
            answer = self._running.ask("runImages", offered[0])
        else:
            answer = self._running.ask("runTensors", offered)
        return _decoded(answer["outputs"])

    def run_file(self, path: str) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        answer = self._running.ask("runFile", path)
        image = np.frombuffer(base64.b64decode(answer["image"]), dtype=np.uint8)
        return image, _decoded(answer["outputs"])

    def latency_ms(self, inputs: Sequence[np.ndarray], n: int) -> list[float]:
        """The page times the first golden input itself, without the way through Playwright."""
        return [float(ms) for ms in self._running.ask("latency", {"n": n})["ms"]]

    def tensors(self) -> tuple[tuple[TensorSpec, ...], tuple[TensorSpec, ...]] | None:
        return None

    def gpu_calls(self) -> int | None:
        calls = self._running.ask("gpuCalls")
        return None if calls is None else int(calls)

    def close(self) -> None:
        self._running.ask("unload")


def _require_available(answer: dict[str, Any] | None) -> None:
    """Raise RuntimeUnavailable where the page answered with a reason."""
    if answer is not None and "unavailable" in answer:
        raise RuntimeUnavailable(answer["unavailable"])


def _last_words(error: "Error") -> str:
    """What Playwright says of it, and what the browser itself said last."""
    said = error.message.partition("\n")[0].removeprefix("BrowserType.launch: ")
    own = [line.partition("[err] ")[2] for line in error.message.splitlines() if "[err] " in line]
    return f"{said} ({own[-1]})" if own else said


def _say_message(message: "ConsoleMessage") -> None:
    sys.stderr.write(f"{message.text}\n")


def _say_error(error: "Error") -> None:
    sys.stderr.write(f"{error.message}\n")


class _Inputs:
    """The page's application, and beside it what is to be run."""

    def __init__(self, bundle: Bundle) -> None:
        from edgeproof.web.app import create_app

        self._app = create_app([bundle.folder])
        self._offered: dict[str, bytes] = {}
        self._numbers = itertools.count()

    def offer(self, content: bytes) -> str:
        """A path from which these bytes can be fetched once."""
        path = f"/inputs/{next(self._numbers)}"
        self._offered[path] = content
        return path

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        content = self._offered.pop(environ["PATH_INFO"], None)
        if content is None:
            return self._app(environ, start_response)
        kind, length = "application/octet-stream", str(len(content))
        start_response("200 OK", [("Content-Type", kind), ("Content-Length", length)])
        return [content]


def _serve(application: _Inputs) -> Any:
    from waitress.server import create_server

    server = create_server(application, host="127.0.0.1", port=0, threads=8)
    threading.Thread(target=server.run, daemon=True).start()
    return server


def _decoded(outputs: list[dict[str, Any]]) -> dict[str, np.ndarray]:
    return {
        output["name"]: np.frombuffer(base64.b64decode(output["base64"]), dtype="<f4").reshape(
            output["shape"]
        )
        for output in outputs
    }
