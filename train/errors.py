"""The exceptions of `edgeproof.train`. Each message is one sentence: expected, got, do this."""

from edgeproof.edge.errors import EdgeproofError, UsageError, did_you_mean


class TrainError(EdgeproofError):
    """Training could not be done."""


class DataError(TrainError):
    """The data set is missing, incomplete or damaged."""


class DownloadError(DataError):
    """The publisher's files could not be fetched, or are not what was published."""


class UnknownRecipe(UsageError):
    """No recipe of that name."""

    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(
            f"expected a recipe ({', '.join(known)}), got {name!r}{did_you_mean(name, known)}"
        )


class OtherTraining(TrainError):
    """An unfinished training lies where this one would keep its checkpoints."""

    def __init__(self, folder: object, name: str, there: object, here: object) -> None:
        super().__init__(
            f"expected the configuration of the unfinished training in {folder} ({name}: {there}), "
            f"got {here}; give the same options to go on with it, or --restart to begin anew"
        )
