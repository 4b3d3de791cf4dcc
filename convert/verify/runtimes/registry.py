"""The runtimes, as a table. Adding one is a row here and a file beside it."""

import importlib.util
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from edgeproof.convert.verify.arm.boards import BOARDS
from edgeproof.convert.verify.arm.prepared import why_not_prepared
from edgeproof.convert.verify.browser import find_chromium
from edgeproof.convert.verify.runtimes.protocol import Running
from edgeproof.convert.verify.source import recorded_source
from edgeproof.edge.bundle import Bundle
from edgeproof.edge.errors import UsageError, did_you_mean
from edgeproof.edge.manifest import Variant
from edgeproof.web.served import LITERTJS_DTYPES

SOURCE_VARIANT = "source"  # what the `keras` runtime runs in place of a variant


@dataclass(frozen=True)
class Runtime:
    """What can execute variants.

    Attributes:
        formats: the variants' formats (`Variant.format`) that it runs; "source" is the Keras model.
        heldout_limit: most held-out images to run on it; None for all.
        modules: Python packages that it needs.
        typical_s: seconds for all variants of the digits bundle, on one core; only their order
            counts, for which runtime is started first.
        emulated: run by qemu (`verify/arm/`): its answers count, its times say nothing.
        dtypes: what its inputs and outputs can hold; None for everything.
        shared: where several processes may share its labelled images. One of Keras computes on all
            cores already, and a browser's page is this machine's.
    """

    name: str
    formats: tuple[str, ...]
    heldout_limit: int | None
    modules: tuple[str, ...]
    typical_s: float
    dtypes: frozenset[str] | None = None
    emulated: bool = False
    shared: Literal["nowhere", "on clusters", "anywhere"] = "nowhere"

    def takes(self, variant: Variant) -> bool:
        """Whether it can run the variant."""
        tensors = (*variant.inputs, *variant.outputs)
        fits = self.dtypes is None or all(t.dtype in self.dtypes for t in tensors)
        return variant.format in self.formats and fits


# 96 images on the slow ones: enough to see a broken model, and they stay under half a minute; 32
# where SwiftShader plays the graphics card. In calls of 16: another size would be compiled anew.
# Their arithmetic is judged on the golden inputs, which all of them run in full.
_SLOW = 96
_GPU = 32
_EMULATED = 32  # a MobileNet takes 1 to 5 s an image there
_BROWSER = ("flask", "waitress", "playwright")
_TFJS = ("tfjs", "tfjs-layers")

RUNTIMES = (
    Runtime("keras", ("source",), None, ("tensorflow", "keras"), 7, shared="on clusters"),
    Runtime("litert-reference", ("tflite",), _SLOW, ("ai_edge_litert",), 1, shared="anywhere"),
    Runtime("litert", ("tflite",), None, ("ai_edge_litert",), 1, shared="anywhere"),
    Runtime("tflite-runtime", ("tflite",), None, ("tflite_runtime",), 1, shared="anywhere"),
    *(Runtime(name, ("tflite",), _EMULATED, (), 8, emulated=True) for name in BOARDS),
    Runtime("tfjs-reference", ("tfjs",), _SLOW, ("tensorflow",), 6),
    Runtime("tfjs-cpu", _TFJS, _SLOW, _BROWSER, 4),
    Runtime("tfjs-wasm", _TFJS, None, _BROWSER, 3),
    Runtime("tfjs-wasm-threads", _TFJS, _SLOW, _BROWSER, 3),
    Runtime("tfjs-webgl", _TFJS, _GPU, _BROWSER, 10),
    Runtime("tfjs-webgl-f16", _TFJS, _GPU, _BROWSER, 10),
    Runtime("tfjs-webgpu", _TFJS, _GPU, _BROWSER, 20),
    Runtime("litertjs-wasm", ("tflite",), _SLOW, _BROWSER, 3, LITERTJS_DTYPES),
    Runtime("litertjs-webgpu", ("tflite",), _GPU, _BROWSER, 8, LITERTJS_DTYPES),
)


def named_runtimes(names: Sequence[str]) -> tuple[Runtime, ...]:
    """The runtimes of these names, in the table's order.

    Raises:
        UsageError: an unknown name; the nearest is suggested.
    """
    known = [runtime.name for runtime in RUNTIMES]
    for name in names:
        if name not in known:
            raise UsageError(
                f"expected runtimes out of {', '.join(known)}, got {name!r}"
                f"{did_you_mean(name, known)}"
            )
    return tuple(runtime for runtime in RUNTIMES if runtime.name in names)


def why_unavailable(runtime: Runtime, bundle: Bundle) -> str | None:
    """Why the runtime cannot run here, as a clause; None when it can."""
    missing = [name for name in runtime.modules if importlib.util.find_spec(name) is None]
    if missing:
        return f"needs {', '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} missing"
    if runtime.emulated:
        return why_not_prepared(BOARDS[runtime.name])
    if runtime.name == "keras":
        return recorded_source(bundle).reason
    if "playwright" in runtime.modules and find_chromium() is None:
        named = os.environ.get("CHROMIUM")
        return (
            f"expected a browser at CHROMIUM={named}, got no such file"
            if named
            else "no Chromium found; python -m edgeproof.convert.verify.install_browser"
        )
    return None


def start(name: str, bundle: Bundle) -> Running:
    """Start a runtime in this process (`isolation.py` does so in a process of its own).

    An emulated board is never this process: it is isolated in any case.
    """
    if name in BOARDS:
        from edgeproof.convert.verify.isolation import IsolatedRunning

        return IsolatedRunning(name, bundle)
    if name == "keras":
        from edgeproof.convert.verify.runtimes.keras_source import KerasRunning

        return KerasRunning(bundle)
    if name == "tfjs-reference":
        from edgeproof.convert.verify.runtimes.tfjs_reference import ReaderRunning

        return ReaderRunning(bundle)
    if name.startswith(("tfjs-", "litertjs-")):
        from edgeproof.convert.verify.runtimes.tfjs_page import PageRunning

        return PageRunning(bundle, name)
    from edgeproof.convert.verify.runtimes.tflite import TfliteRunning

    return TfliteRunning(bundle, name)
