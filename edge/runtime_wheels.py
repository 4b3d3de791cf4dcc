"""Which runtime can be installed where: what to do on a machine that has none."""

from edgeproof.edge.board import Process

# the last Python that tflite-runtime has wheels for
_LAST_PYTHON_OF_TFLITE_RUNTIME = (3, 11)
_ARM_32 = ("armv7l", "armv8l")


def how_to_get_a_runtime(process: Process | None = None) -> str:
    """What to do, as a clause: a command, or which system to install where no wheel fits.

    Args:
        process: default: this one.
    """
    process = process or Process()
    if process.bits == 64:
        return "pip install 'edgeproof[edge]'"
    if process.machine == "armv6l":
        return (
            "no TFLite runtime is built for ARMv6 (Raspberry Pi 1, Zero, Zero W); "
            "take a Raspberry Pi Zero 2 W, 3 or newer"
        )
    python = tuple(int(part) for part in process.python.split(".")[:2])
    if python > _LAST_PYTHON_OF_TFLITE_RUNTIME:
        shown = ".".join(map(str, python))
        return (
            f"no TFLite runtime is built for 32-bit Python {shown}; install the 64-bit Raspberry "
            "Pi OS, or a 32-bit one with Python 3.11 (Bookworm)"
        )
    # without a processor in its markers: a 32-bit system on a 64-bit kernel looks like a 64-bit one
    extra = "edge" if process.machine in _ARM_32 else "tflite-runtime"
    return f"pip install 'edgeproof[{extra}]'"
