"""Entry points `edgeproof.test_sets`: a recipe's whole test set, for whoever verifies a bundle.

The split is made again from the run's own `config.json`, so the images are those that the model
never saw. `--limit` does not shrink it: its whole test set stays unseen by a limited run as well.
"""

import re
from pathlib import Path
from typing import Any

import numpy as np

from edgeproof.edge.contract import InputContract
from edgeproof.edge.schema import from_json
from edgeproof.train.data.source import Source
from edgeproof.train.errors import DataError
from edgeproof.train.parts import tell_left_out
from edgeproof.train.recipes import recipe_named
from edgeproof.train.run_config import RunConfig
from edgeproof.train.split import split_source


def test_set(
    data_dir: Path | None, contract: InputContract, config: dict[str, Any]
) -> tuple[np.ndarray, np.ndarray]:
    """All test images of a run's data set, through the contract.

    Args:
        data_dir: as `edgeproof train --data`.
        config: the decoded `config.json` of the run.

    Returns:
        uint8 images N x height x width x channels, and int64 labels N.

    Raises:
        DataError: the data set is not there, or is not the one that the run was trained on.
    """
    run = from_json(RunConfig, config)
    source = _source(run, data_dir)
    _check_same_data(run, source)
    loaded = source.load(split_source(source, run.split.plan).test, contract, "test images")
    tell_left_out(loaded.left_out)
    return loaded.images[:], source.labels[loaded.indices]


# pytest would collect a function of this name
test_set.__test__ = False  # type: ignore[attr-defined]


def _source(run: RunConfig, data_dir: Path | None) -> Source:
    if run.recipe == "folder":
        from edgeproof.train.recipes.folder import recipe_for

        group_by = run.data.group_by
        return recipe_for(None, None, re.compile(group_by) if group_by else None).source(data_dir)
    return recipe_named(run.recipe).source(data_dir)


def _check_same_data(run: RunConfig, source: Source) -> None:
    # other images would be split otherwise, and training images could pass for test images
    if len(source.labels) != run.data.images or source.label_names != run.deployment.labels:
        raise DataError(
            f"expected the data that the run was trained on ({run.data.images:,} images of "
            f"{len(run.deployment.labels)} classes), got {len(source.labels):,} of "
            f"{len(source.label_names)} in {source.origin}; give --data with the same folder"
        )
