"""A LiteRT that goes wrong, found before the real one: what a board's runtime may be like."""

from __future__ import annotations

import importlib
from pathlib import Path

_SOURCE = '''
"""The real interpreter with a fault."""
import importlib.util
import os
import time

import numpy as np

_spec = importlib.util.spec_from_file_location("ai_edge_litert.real_interpreter", {real!r})
_real = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_real)
OpResolverType = _real.OpResolverType


class Interpreter(_real.Interpreter):
    def _is_faulty(self):
        return {faulty}(self.get_input_details()[0]["dtype"])

    def invoke(self):
        if self._is_faulty():
            {invoke}
        super().invoke()

    def get_tensor(self, index, subgraph_index=0):
        values = super().get_tensor(index, subgraph_index)
        if self._is_faulty():
            {get_tensor}
        return values
'''

INT8 = "(lambda dtype: dtype == np.int8)"
EVERY = "(lambda dtype: True)"

_FAULTS = {
    # the arithmetic of a kernel is wrong: all labels are moved by one
    "wrong": {"get_tensor": "values = np.roll(values, 1, axis=-1)"},
    "crash": {"invoke": "os.abort()"},
    "hang": {"invoke": "time.sleep(600)"},
    "slow": {"invoke": "time.sleep(0.02)"},
}


def faulty_runtime(folder: Path, fault: str, which: str = INT8) -> Path:
    """A folder to stand first on `sys.path`, with a LiteRT that has the fault for some models.

    Args:
        fault: "wrong", "crash", "hang" or "slow".
        which: `INT8`, or `EVERY` model.
    """
    # imported here first, so that this process keeps the real one whatever happens to its path
    real = Path(importlib.import_module("ai_edge_litert.interpreter").__file__ or "").parent
    package = folder / "ai_edge_litert"
    package.mkdir(parents=True)
    # native modules come from the real package, the interpreter from here
    (package / "__init__.py").write_text(f"__path__.append({str(real)!r})\n")
    code = _SOURCE.format(
        real=str(real / "interpreter.py"),
        faulty=which,
        **{"invoke": "pass", "get_tensor": "pass", **_FAULTS[fault]},
    )
    (package / "interpreter.py").write_text(code)
    return folder
