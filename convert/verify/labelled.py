"""Labelled images that training never saw: from the bundle, a folder tree, an .npz or a recipe."""

import os
import zipfile
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import numpy as np

from edgeproof.convert.progress import Progress, Silent
from edgeproof.convert.verify.errors import DataError
from edgeproof.convert.verify.picture_tree import has_label_folders, picture_tree
from edgeproof.convert.verify.scaleout.evaluate import Workers
from edgeproof.convert.verify.source import recorded_source
from edgeproof.edge.bundle import Bundle
from edgeproof.edge.contract import InputContract
from edgeproof.edge.errors import EdgeproofError


@dataclass(frozen=True)
class Labelled:
    """Images after the input contract (uint8 N x H x W x C) and class indices (int64 N).

    `source` says where they come from, `total` how many there were to choose from. `rows` are their
    places in the data that was read, where `evenly` left some of it out.
    """

    source: str
    images: np.ndarray
    labels: np.ndarray
    total: int
    rows: np.ndarray | None = None


def read_labelled(
    bundle: Bundle,
    data: Path | None,
    workers: Workers | None = None,
    progress: Progress = Silent(),  # noqa: B008  has no state
) -> Labelled | None:
    """Labelled images to measure cost on; None where the task has no labels or there is no data.

    `data` (`--data`) is an .npz with `images` and `labels`, a folder with one folder per label, or
    the folder of a recipe's published data set. Without it, the bundle's own held-out images; where
    it has none and $EDGEPROOF_DATA is set, the recipe's test set. `workers` help to read pictures.

    Raises:
        DataError: the data cannot be read or does not fit the bundle.
        BundleError: the bundle's own images were altered.
    """
    manifest = bundle.manifest
    if manifest.input is None or manifest.output.scores == "values" or not manifest.labels:
        if data is not None:
            raise DataError(
                f"expected an image classifier for --data, got {bundle.folder}, which has no labels"
            )
        return None
    if data is None and manifest.heldout is not None:
        held = manifest.heldout
        images, labels = bundle.array(held.images), bundle.array(held.labels)
        return _fitting(Labelled(held.source, images, labels, held.total), bundle)
    if data is None:
        published = os.environ.get("EDGEPROOF_DATA")
        if not published or manifest.provenance.recipe not in _test_sets():
            return None
        data = Path(published)
    return _fitting(_from(data, bundle, manifest.input, workers, progress), bundle)


def evenly(labelled: Labelled, limit: int | None) -> Labelled:
    """At most `limit` images, evenly spaced, so that data sorted by class keeps every class."""
    rows = evenly_spaced(len(labelled.labels), limit)
    images, labels = labelled.images[rows], labelled.labels[rows]
    return Labelled(labelled.source, images, labels, labelled.total, rows)


def evenly_spaced(n: int, limit: int | None) -> np.ndarray:
    """At most `limit` distinct indices below n, ascending."""
    if limit is None or limit >= n:
        return np.arange(n)
    return np.arange(limit) * n // limit


def _from(
    data: Path,
    bundle: Bundle,
    contract: InputContract,
    workers: Workers | None,
    progress: Progress,
) -> Labelled:
    if data.suffix == ".npz":
        return _from_npz(data)
    if not data.is_dir():
        raise DataError(f"expected a folder or an .npz file for --data, got {data}, not found")
    if not has_label_folders(data, bundle.manifest.labels):
        return _from_recipe(data, bundle, contract)
    if bundle.manifest.provenance.recipe in _test_sets():
        if recorded_source(bundle).run_config is None:
            progress.note(
                f"{data} may hold pictures that the model was trained on; name the run that knows "
                "with --source RUN"
            )
        else:
            # training may have split this very folder: what the model has seen is no test
            try:
                return _from_recipe(data, bundle, contract)
            except EdgeproofError as error:
                progress.note(f"all pictures of {data} are used: {error}")
    images, indices = picture_tree(data, bundle, workers, progress)
    # the name alone: reports are published, and the path is this machine's
    return Labelled(data.resolve().name, images, indices, len(images))


def _from_npz(path: Path) -> Labelled:
    if not path.is_file():
        raise DataError(f"expected an .npz file at {path}, got none")
    arrays = _arrays(path)
    missing = [name for name in ("images", "labels") if name not in arrays]
    if missing:
        raise DataError(
            f"expected the arrays images and labels in {path}, got {', '.join(arrays) or 'none'}"
        )
    images, labels = arrays["images"], arrays["labels"]
    return Labelled(path.name, images, labels, len(images))


def _arrays(path: Path) -> dict[str, np.ndarray]:
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as opened:
            return {name: opened[name] for name in opened.files}
    except (ValueError, OSError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise DataError(f"expected an .npz file, got {path}, which is not one: {error}") from error


def _from_recipe(data: Path, bundle: Bundle, contract: InputContract) -> Labelled:
    recipe = bundle.manifest.provenance.recipe
    known = _test_sets()
    if recipe not in known:
        raise DataError(
            f"expected in {data} one folder for each label "
            f"({', '.join(bundle.manifest.labels[:5])}, ...), got none of them"
        )
    config = recorded_source(bundle).run_config
    if config is None:
        raise DataError(
            f"expected the run that {bundle.folder} was made from, to split {recipe} as training "
            "did, got none; name it with --source RUN"
        )
    images, labels = known[recipe].load()(data, contract, config)
    return Labelled(f"test set of {recipe}", images, labels, len(images))


def _test_sets() -> dict[str | None, EntryPoint]:
    """The recipes that offer a labelled test set."""
    return {point.name: point for point in entry_points(group="edgeproof.test_sets")}


def _fitting(labelled: Labelled, bundle: Bundle) -> Labelled:
    """The data, after it was found to fit the bundle's contract and labels."""
    contract, classes = bundle.manifest.input, len(bundle.manifest.labels)
    images, labels = labelled.images, labelled.labels
    assert contract is not None
    if images.dtype != np.uint8 or images.shape[1:] != contract.image_shape or not len(images):
        raise DataError(
            f"{labelled.source}: expected at least one uint8 image of "
            f"{' x '.join(map(str, contract.image_shape))}, got {images.dtype} {images.shape}"
        )
    if labels.shape != (len(images),) or not np.issubdtype(labels.dtype, np.integer):
        raise DataError(
            f"{labelled.source}: expected {len(images)} integer labels, "
            f"got {labels.dtype} {labels.shape}"
        )
    if labels.min() < 0 or labels.max() >= classes:
        raise DataError(
            f"{labelled.source}: expected labels 0 to {classes - 1}, "
            f"got {labels.min()} to {labels.max()}"
        )
    return Labelled(labelled.source, images, labels.astype(np.int64), labelled.total)
