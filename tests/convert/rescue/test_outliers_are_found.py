"""A channel that int8 cannot hold, in whichever layer, is found there, and nothing else is."""

from pathlib import Path

import keras
import numpy as np
import pytest

from edgeproof.convert.api import convert_model
from edgeproof.convert.options import ConvertOptions
from edgeproof.edge.bundle import Bundle
from edgeproof.edge.manifest import Manifest
from tests.convert.rescue.outliers import PLACES, blow_up, run_with_outliers, unbounded

# an outlier costs 50 points and more. Of some 180 images that choose, 0.5 points are less than one,
# and a sound model of 8 bits may turn one over
GATES = ("accuracy-drop=2",)


def rescued(run: Path, bundle: Path, variants: str = "tflite-int8") -> Manifest:
    options = ConvertOptions(variants=variants, keep_float="auto", gates=GATES)
    return convert_model(run, bundle, options=options)


def kept(manifest: Manifest) -> dict[str, set[str]]:
    """Layers that end operations: what is fused into them comes along."""
    ends = {*PLACES, "average", "logits", "scores"}
    rows = manifest.provenance.kept_float
    return {row.variant: set(row.layers) & ends for row in rows}


# the other four are in the tests below and in test_keep_float_cli.py
@pytest.mark.parametrize("place", ["re_lu_3", "re_lu_4"])
def test_the_layers_at_the_outlier_are_kept_and_no_others(
    digits_run: Path, tmp_path: Path, place: str
) -> None:
    run = run_with_outliers(digits_run, tmp_path / "run", [place])

    manifest = rescued(run, tmp_path / "bundle")

    assert kept(manifest) == {"tflite-int8": set(PLACES[place])}


def test_two_outliers_far_apart(digits_run: Path, tmp_path: Path) -> None:
    run = run_with_outliers(digits_run, tmp_path / "run", ["re_lu", "re_lu_5"])

    manifest = rescued(run, tmp_path / "bundle")

    assert kept(manifest) == {"tflite-int8": {*PLACES["re_lu"], *PLACES["re_lu_5"]}}


def test_each_precision_keeps_what_ruins_it(digits_run: Path, tmp_path: Path) -> None:
    """16 bits and ranges of the moment hold the channel; weights of 8 bits that read it do not."""
    run = run_with_outliers(digits_run, tmp_path / "run", ["re_lu_2"])

    manifest = rescued(run, tmp_path / "bundle", "tflite-dynamic-int8,tflite-int8,tflite-int16x8")

    assert kept(manifest) == {
        "tflite-dynamic-int8": {"re_lu_3"},
        "tflite-int8": {"re_lu_2", "re_lu_3"},
        "tflite-int16x8": {"re_lu_3"},
    }


def test_a_sound_model_keeps_nothing(digits_run: Path, tmp_path: Path) -> None:
    run = run_with_outliers(digits_run, tmp_path / "run", [])

    manifest = rescued(run, tmp_path / "bundle")

    assert manifest.provenance.kept_float == ()
    # nothing was chosen: the bundle carries all of the run's held-out images
    assert manifest.heldout is not None
    with np.load(run / "test.npz") as archive:
        assert len(Bundle.open(tmp_path / "bundle").array(manifest.heldout.labels)) == len(
            archive["labels"]
        )


def test_the_outlier_changes_nothing_in_float(digits_run: Path) -> None:
    """Else the tests above would prove that a broken model is rescued."""
    model = unbounded(keras.models.load_model(digits_run / "model.keras", compile=False))
    with np.load(digits_run / "test.npz") as archive:
        images = archive["images"][:50].astype(np.float32)
    before = model.predict(images, verbose=0)
    for place in PLACES:
        blow_up(model, place)
    np.testing.assert_allclose(model.predict(images, verbose=0), before, atol=1e-4)
