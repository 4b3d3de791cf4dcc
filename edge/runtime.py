"""TensorFlow Lite files, run. The only module that imports a TFLite runtime."""

import importlib
import importlib.metadata
import importlib.util
import warnings
from collections.abc import Collection, Sequence
from typing import Any, Literal

import numpy as np

from edgeproof.edge.errors import BundleError, ModelFailed, RuntimeUnavailable
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
    found = {}
    for name, (module, distribution) in _RUNTIMES.items():
        if importlib.util.find_spec(module.split(".")[0]) is not None:
            found[name] = importlib.metadata.version(distribution)
    return found


class TfliteModel:
    """One interpreter with one model. Not for use from several threads at a time.

    Attributes:
        inputs, outputs: tensors in the file's own order, with their quantisation.
        runtime, version: name and version of the runtime that executes it.
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
        self.runtime, module, self.version = import_runtime(runtime)
        options: dict[str, Any] = {"model_content": content, "num_threads": threads}
        if reference_kernels:
            options["experimental_op_resolver_type"] = module.OpResolverType.BUILTIN_REF
        if keep_tensors:
            options["experimental_preserve_all_tensors"] = True
        try:
            with warnings.catch_warnings():
                # LiteRT says that keeping all tensors is for debugging, which it is for
                message = ".*experimental_preserve_all_tensors"
                warnings.filterwarnings("ignore", message, category=UserWarning)
                self._interpreter = module.Interpreter(**options)
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ModelFailed(f"{self.runtime} refuses the model: {error}") from error
        self._input_details = self._interpreter.get_input_details()
        self._output_details = self._interpreter.get_output_details()
        self.inputs = tuple(_spec(d) for d in self._input_details)
        self.outputs = tuple(_spec(d) for d in self._output_details)

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


def import_runtime(runtime: RuntimeName) -> tuple[str, Any, str]:
    """A runtime's name, the module of its interpreter, and its version.

    Raises:
        RuntimeUnavailable: it is not installed.
    """
    installed = available_runtimes()
    wanted = next(iter(installed), "litert") if runtime == "auto" else runtime
    if wanted not in installed:
        raise RuntimeUnavailable(
            f"expected the runtime {wanted}, got none installed; "
            f"pip install 'edgeproof[edge]' or pip install {_RUNTIMES[wanted][1]}"
        )
    return wanted, importlib.import_module(_RUNTIMES[wanted][0]), installed[wanted]


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
