"""Which workers to use: this machine's, or a cluster's."""

from edgeproof.convert.verify.scaleout.cluster import ClusterWorkers
from edgeproof.convert.verify.scaleout.local import LocalWorkers
from edgeproof.edge.extras import require


def opened_workers(scheduler: str | None, jobs: int) -> LocalWorkers | ClusterWorkers:
    """Workers to be used as a context: processes of this machine, or those of a scheduler.

    Raises:
        MissingExtra: a scheduler was named, and Dask is not installed.
        VerifyError: nobody answers there, it has no workers, or one has another edgeproof.
    """
    if scheduler is None:
        return LocalWorkers(jobs)
    require("verify --scheduler", "cluster", "distributed")
    return ClusterWorkers(scheduler)
