"""Several processes, on one machine or many, that train one model: each a share of every batch.

Data parallel by Keras on JAX (`keras.distribution.DataParallel`): weights are the same everywhere,
gradients and the statistics of batch normalisation are of the whole batch, so the result is that of
one process but for the order in which floats are added.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeproof.edge.errors import UsageError
from edgeproof.train.errors import TrainError

if TYPE_CHECKING:
    from edgeproof.train.recipe import Schedule


@dataclass(frozen=True)
class Workers:
    """One of `of` processes.

    Attributes:
        coordinator: HOST:PORT on which the process of rank 0 listens, the same for all.
        rank: which of them this is, from 0; 0 writes the run.
    """

    coordinator: str
    rank: int
    of: int

    def __post_init__(self) -> None:
        if not 0 <= self.rank < self.of:
            raise UsageError(
                f"expected --rank from 0 to {self.of - 1} with --of {self.of}, got {self.rank}"
            )
        host, colon, port = self.coordinator.rpartition(":")
        if not (host and colon and port.isdigit()):
            raise UsageError(f"expected --workers HOST:PORT, got {self.coordinator!r}")

    def check(self, schedule: "Schedule") -> None:
        """A batch must be cut into equal shares.

        Raises:
            UsageError: it cannot be.
        """
        if schedule.batch_size % self.of:
            raise UsageError(
                f"expected a batch size that {self.of} workers can share equally, got "
                f"{schedule.batch_size}; give another --of"
            )

    def shared(self, count: int) -> int:
        """The most of `count` images that can be shared equally: up to `of` - 1 are left out."""
        return count - count % self.of

    def rows(self, count: int) -> slice:
        """This one's share of a batch of `count` images."""
        share = count // self.of
        return slice(self.rank * share, (self.rank + 1) * share)


def join(workers: Workers) -> None:
    """Meet the others, and share every batch with them from here on. Once in a process.

    Raises:
        RuntimeError: JAX's; they did not come within five minutes.
    """
    import jax
    import keras

    # it would take SIGTERM for itself
    jax.config.update("jax_enable_preemption_service", False)
    keras.distribution.initialize(workers.coordinator, workers.of, workers.rank)
    # the batches are shared already, by `Workers.rows`
    keras.distribution.set_distribution(keras.distribution.DataParallel(auto_shard_dataset=False))


def part() -> None:
    """What follows is done by this process alone."""
    import keras

    keras.distribution.set_distribution(None)


def asked_of_any(here: bool) -> bool:
    """Whether any of the workers says so, told to all."""
    import numpy as np
    from jax.experimental.multihost_utils import process_allgather

    return bool(np.any(process_allgather(np.int32(here))))


def check_same_start(epochs: int) -> None:
    """All workers go on after the same epoch.

    Raises:
        TrainError: some see other checkpoints than others.
    """
    import numpy as np
    from jax.experimental.multihost_utils import process_allgather

    seen = np.unique(process_allgather(np.int32(epochs)))
    if len(seen) > 1:
        raise TrainError(
            f"expected every worker to go on after the same epoch, got {seen.tolist()}; "
            "put RUN on a file system that all share, or give --restart"
        )
