"""On what a run was made: machine and versions, for `metrics.json` and `config.json`."""

import os
import platform
from importlib.metadata import version

from edgeproof.train.quiet_keras import Backend

_PACKAGES = ("edgeproof", "keras", "numpy", "Pillow")
_OF_BACKEND = {"tensorflow": ("tensorflow",), "jax": ("jax", "jaxlib"), "torch": ("torch",)}


def versions(backend: Backend) -> dict[str, str]:
    """Versions of Python and of the packages that a result depends on."""
    packages = (*_PACKAGES, *_OF_BACKEND[backend])
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}


def machine(backend: Backend) -> dict[str, str | int]:
    """Processor, cores, accelerator if the backend sees one, and system: enough to judge a wall
    time by, nothing that names the host."""
    accelerator = _accelerator(backend)
    return {
        **({} if accelerator is None else {"accelerator": accelerator}),
        "processor": _processor(),
        "architecture": platform.machine(),
        "cores": os.cpu_count() or 1,
        "system": f"{platform.system()} {platform.release()}",
    }


def _accelerator(backend: Backend) -> str | None:
    if backend == "jax":
        import jax

        first = jax.devices()[0]
        return None if first.platform == "cpu" else str(first.device_kind)
    if backend == "torch":
        import torch

        return torch.cuda.get_device_name() if torch.cuda.is_available() else None
    import tensorflow as tf

    found = tf.config.list_physical_devices("GPU")
    return tf.config.experimental.get_device_details(found[0])["device_name"] if found else None


def _processor() -> str:
    cpuinfo = "/proc/cpuinfo"
    if os.path.isfile(cpuinfo):
        with open(cpuinfo, encoding="utf-8", errors="replace") as file:
            for line in file:
                # "Model" on a Raspberry Pi; "model" on a PC is a number of the processor's family
                if line.startswith(("model name", "Model\t")):
                    return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
