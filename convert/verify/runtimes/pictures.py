"""Encoded pictures to images, in a process of its own: not a runtime, but run like one."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgeproof.convert.verify.errors import VerifyError
from edgeproof.edge.bundle import Bundle
from edgeproof.edge.contract import InputContract
from edgeproof.edge.errors import ImageError
from edgeproof.edge.image import image_from_file


class PictureRunning:
    """`edge.image` in this process."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle

    def open(self, variant_id: str) -> "PictureSession":
        """Ready to read pictures; `variant_id` does not matter."""
        contract = self._bundle.manifest.input
        if contract is None:
            raise VerifyError(f"expected a model of pictures, got {self._bundle.folder}")
        return PictureSession(contract)

    def close(self) -> None:
        """Nothing to stop."""


class PictureSession:
    """The input contract of a bundle."""

    load_ms = 0.0

    def __init__(self, contract: InputContract) -> None:
        import PIL

        self._contract = contract
        self.image_shape = contract.image_shape
        self.version = f"Pillow {PIL.__version__}"

    def run(self, inputs: Sequence[Sequence[Any]]) -> dict[str, Any]:
        """Read pictures.

        Args:
            inputs: names, and the files' bytes.

        Returns:
            `images`, uint8 N x height x width x channels, and `unreadable`: a sentence for each
            picture that cannot be read, whose image is then black.
        """
        names, contents = inputs
        images = np.zeros((len(names), *self.image_shape), dtype=np.uint8)
        unreadable = []
        for position, (name, content) in enumerate(zip(names, contents, strict=True)):
            try:
                images[position] = image_from_file(content, self._contract)
            except ImageError as error:
                unreadable.append(f"{name}: {str(error).removeprefix('the picture: ')}")
        return {"images": images, "unreadable": unreadable}
