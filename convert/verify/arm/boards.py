"""The emulated boards, as a table: which system, which wheels, which processor."""

import hashlib
from dataclasses import dataclass

from edgeproof.edge.runtime import RuntimeName

# Raspberry Pi OS is Debian; its Python 3.11 is the last that tflite-runtime has wheels for
SUITE = "bookworm"
PYTHON = "3.11"
# under qemu 7.2, which `bookworm` has, ai-edge-litert 2.2 and 2.3 crash when a model is loaded;
# qemu-user of `trixie` (10.0) is one static file for each processor and runs on any Linux
EMULATOR_SUITE = "trixie"
EMULATOR_PACKAGE = "qemu-user"


@dataclass(frozen=True)
class Board:
    """A 64-bit or 32-bit Raspberry Pi: Debian's packages, and the wheels from PyPI.

    Attributes:
        runtime: the verified runtime's name.
        library: what `edgeproof.edge.runtime` calls it on the board.
        architecture: Debian's name.
        machine: what Python's `platform.machine()` says there.
        emulator: the program of `EMULATOR_PACKAGE`.
        processor: what that emulates; decides which kernels the runtime chooses.
        packages: Debian packages beside their dependencies.
        wheels: from PyPI, pinned.
        platforms: wheel tags that pip accepts there, newest glibc first.
        libraries: folders with shared libraries that Debian would link on installation.
        python_path: folders beside `wheels/` with Python packages.
    """

    runtime: str
    library: RuntimeName
    architecture: str
    machine: str
    emulator: str
    processor: str
    packages: tuple[str, ...]
    wheels: tuple[str, ...]
    platforms: tuple[str, ...]
    libraries: tuple[str, ...] = ()
    python_path: tuple[str, ...] = ()

    @property
    def recipe(self) -> str:
        """Changes whenever what is installed does: an older root is then made again."""
        return hashlib.sha256(repr((self, SUITE, PYTHON, EMULATOR_SUITE)).encode()).hexdigest()


_PYTHON_PACKAGES = (f"python{PYTHON}-minimal", f"libpython{PYTHON}-stdlib", "libstdc++6")

BOARDS = {
    board.runtime: board
    for board in (
        Board(
            runtime="litert-arm64",
            library="litert",
            architecture="arm64",
            machine="aarch64",
            emulator="qemu-aarch64",
            processor="cortex-a72",  # Raspberry Pi 4
            packages=_PYTHON_PACKAGES,
            wheels=("ai-edge-litert==2.3.0", "numpy==2.4.6", "pillow==13.0.0", "click==8.4.2"),
            platforms=tuple(f"manylinux_2_{n}_aarch64" for n in (36, 34, 31, 28, 27, 17)),
        ),
        Board(
            runtime="tflite-runtime-armv7",
            library="tflite-runtime",
            architecture="armhf",
            machine="armv7l",
            emulator="qemu-arm",
            processor="cortex-a7",  # Raspberry Pi 2; its instructions are those of all later ones
            # PyPI has neither for 32-bit ARM; on a board they come from the system as well
            packages=(*_PYTHON_PACKAGES, "python3-numpy", "python3-pil"),
            wheels=("tflite-runtime==2.14.0", "click==8.4.2"),
            platforms=tuple(f"manylinux_2_{n}_armv7l" for n in (36, 34, 31)),
            libraries=(
                "usr/lib/arm-linux-gnueabihf/blas",
                "usr/lib/arm-linux-gnueabihf/lapack",
            ),
            python_path=("usr/lib/python3/dist-packages",),
        ),
    )
}
