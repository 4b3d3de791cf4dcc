"""What training states about its model in `config.json`, so that conversion need not guess."""

from dataclasses import dataclass
from typing import Literal

from edgeproof.edge.contract import InputContract


@dataclass(frozen=True)
class Deployment:
    """How a trained model is to be fed and read; becomes part of the bundle's manifest.

    `notice` is what must be said wherever the model is shown, such as what it is not fit for.
    """

    name: str
    labels: tuple[str, ...]
    input: InputContract
    scores: Literal["softmax", "logits", "sigmoid"]
    notice: str | None = None
