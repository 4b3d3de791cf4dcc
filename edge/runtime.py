"""TensorFlow Lite files, run. The only module that imports a TFLite runtime."""

import importlib
import importlib.util
import warnings
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Literal

import numpy as np

from edgeproof.edge.errors import (
    BundleError,
    ModelFailed,
    RuntimeUnavailable,
    UsageError,
    did_you_mean,
)
from edgeproof.edge.manifest import TensorSpec
from edgeproof.edge.quantisation import dequantise, quantise

RuntimeName = Literal["auto", "litert", "tflite-runtime"]

# name -> (module of the interpreter, distribution). LiteRT first: on int8 it is several times
# faster than tflite-runtime, whose last release is of 2023
_RUNTIMES = {
    "litert": ("ai_edge_litert.interpreter", "ai-edge-litert"),
    "tflite-runtime": ("tflite_runtime.interpreter", "tflite-runtime"),
}


def available_runtimes() -> dict[str, str]:
    """The runtimes installed here, best first, with their versions."""
    return {name: runtime_version(name) for name in _RUNTIMES if _is_installed(name)}


def runtime_version(name: str) -> str:
    """The version of a runtime that is installed here."""
    # imported here: with what it imports it takes as long as Pillow, and classifying needs none
    from importlib.metadata import version

    return version(_RUNTIMES[name][1])


class TfliteModel:
    """One interpreter with one model. Not for use from several threads at a time.

    Attributes:
        inputs, outputs: tensors in the file's own order, with their quantisation.
        runtime: name of the runtime that executes it.
    """

    def __init__(
        self,
        content: bytes,
        *,
        runtime: RuntimeName = "auto",
        threads: int = 1,
        reference_kernels: bool = False,
        keep_tensors: bool = False,
    ) -> None:
        """Load a model from the bytes of its file.

        Args:
            reference_kernels: run TensorFlow Lite's plain reference kernels instead of the
                optimised ones and XNNPACK; slow, and what quantised results are judged against.
            keep_tensors: keep what every operation writes, for `kept`, instead of reusing memory.

        Raises:
            RuntimeUnavailable: the runtime is not installed.
            BundleError: it is no TensorFlow Lite file.
            ModelFailed: the runtime refuses the file.
        """
        if content[4:8] != b"TFL3":
            raise BundleError(
                f"expected a TensorFlow Lite file (identifier TFL3), got {content[4:8]!r}"
            )
        self.runtime, module = import_runtime(runtime)
        options: dict[str, Any] = {"model_content": content, "num_threads": threads}
        if reference_kernels:
            options["experimental_op_resolver_type"] = module.OpResolverType.BUILTIN_REF
        if keep_tensors:
            options["experimental_preserve_all_tensors"] = True
        try:
            self._interpreter = _interpreter(module, options)
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ModelFailed(f"{self.runtime} refuses the model: {error}") from error
        self._input_details = self._interpreter.get_input_details()
        self._output_details = self._interpreter.get_output_details()
        self.inputs = tuple(_spec(d) for d in self._input_details)
        self.outputs = tuple(_spec(d) for d in self._output_details)

    @property
    def version(self) -> str:
        """The runtime's version."""
        return runtime_version(self.runtime)

    def invoke(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Run once on tensors of the file's own dtypes, shapes and order; returns the same.

        Raises:
            ModelFailed: the runtime takes no such tensors, or fails.
        """
        try:
            for detail, array in zip(self._input_details, arrays, strict=True):
                self._interpreter.set_tensor(detail["index"], array)
            self._interpreter.invoke()
        except (ValueError, RuntimeError) as error:
            raise ModelFailed(f"{self.runtime} cannot run the model: {error}") from error
        return [self._interpreter.get_tensor(d["index"]) for d in self._output_details]

    def run(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Run on real values: quantises the inputs, dequantises the outputs. Keys: tensor names."""
        arrays = [quantise(inputs[spec.name], spec) for spec in self.inputs]
        raw = self.invoke(arrays)
        return {s.name: dequantise(a, s) for s, a in zip(self.outputs, raw, strict=True)}

    def kept(self, indices: Collection[int]) -> dict[str, np.ndarray]:
        """Real values of tensors of the last run, by name; needs `keep_tensors`.

        Only floats and what one scale turns into real numbers: no indices, masks or strings.

        Args:
            indices: positions in the file's main graph.
        """
        values = {}
        for detail in self._interpreter.get_tensor_details():
            is_float = np.issubdtype(detail["dtype"], np.floating)
            scaled = len(detail["quantization_parameters"]["scales"]) == 1
            if detail["index"] in indices and (is_float or scaled):
                try:
                    array = self._interpreter.get_tensor(detail["index"])
                except ValueError:  # a loop's result that nobody reads has no memory: not kept
                    continue
                values[detail["name"]] = dequantise(array, _spec(detail))
        return values


def batch_rows(count: int, size: int | None) -> Iterator[np.ndarray]:
    """Positions of `count` samples for each run of a file with a fixed batch of `size`.

    The last run is filled up by repeating the last sample.
    """
    for start in range(0, count, size or 1):
        yield np.minimum(np.arange(start, start + (size or 1)), count - 1)


def import_runtime(runtime: RuntimeName) -> tuple[str, Any]:
    """A runtime's name and the module of its interpreter; with "auto" the best one installed.

    Raises:
        UsageError: there is no runtime of that name.
        RuntimeUnavailable: it is not installed, or is broken.
    """
    if runtime != "auto" and runtime not in _RUNTIMES:
        known = ["auto", *_RUNTIMES]
        raise UsageError(
            f"expected a runtime ({', '.join(known)}), got {runtime!r}"
            f"{did_you_mean(runtime, known)}"
        )
    names = list(_RUNTIMES) if runtime == "auto" else [runtime]
    name = next((name for name in names if _is_installed(name)), None)
    if name is None:
        from edgeproof.edge.runtime_wheels import how_to_get_a_runtime

        asked = "a TFLite runtime" if runtime == "auto" else f"the runtime {runtime}"
        how = how_to_get_a_runtime()
        if runtime != "auto":
            how = f"{how} or pip install {_RUNTIMES[runtime][1]}"
        raise RuntimeUnavailable(f"expected {asked}, got none installed; {how}")
    if name == "tflite-runtime" and not np.__version__.startswith("1."):
        raise RuntimeUnavailable(
            f"expected NumPy 1 for tflite-runtime, got {np.__version__}; pip install 'numpy<2'"
        )
    try:
        return name, importlib.import_module(_RUNTIMES[name][0])
    except ImportError as error:
        raise RuntimeUnavailable(
            f"expected the runtime {name} to start, got: {error}; "
            f"pip install --force-reinstall {_RUNTIMES[name][1]}"
        ) from error


def _interpreter(module: Any, options: dict[str, Any]) -> Any:
    if "experimental_preserve_all_tensors" not in options:
        return module.Interpreter(**options)
    # LiteRT says that this is for debugging, which it is for. Filters belong to the whole process,
    # and interpreters for classifying are made by several threads: only here
    with warnings.catch_warnings():
        message = ".*experimental_preserve_all_tensors"
        warnings.filterwarnings("ignore", message, category=UserWarning)
        return module.Interpreter(**options)


def _is_installed(name: str) -> bool:
    return importlib.util.find_spec(_RUNTIMES[name][0].split(".")[0]) is not None


def _spec(detail: dict[str, Any]) -> TensorSpec:
    scales = detail["quantization_parameters"]["scales"]
    zero_points = detail["quantization_parameters"]["zero_points"]
    quantised = len(scales) == 1
    return TensorSpec(
        name=detail["name"],
        dtype=np.dtype(detail["dtype"]).name,
        shape=tuple(None if n < 0 else int(n) for n in detail["shape_signature"]),
        scale=float(scales[0]) if quantised else None,
        zero_point=int(zero_points[0]) if quantised else None,
    )
