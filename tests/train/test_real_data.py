"""One short epoch of each recipe on the published data, where it lies on this machine."""

import csv
import json
import os
from pathlib import Path

import pytest

from edgeproof.edge.main import main

pytestmark = pytest.mark.skipif(
    not os.environ.get("EDGEPROOF_DATA"),
    reason="EDGEPROOF_DATA does not name a folder with the published data sets",
)


@pytest.fixture
def real_data() -> Path:
    return Path(os.environ["EDGEPROOF_DATA"])


@pytest.mark.parametrize(
    ("recipe", "limit", "rate", "test_images", "figure", "better_than"),
    [
        # clearly better than guessing is all that so few images can show; of deep networks, whose
        # statistics of batch normalisation lag behind in thirty steps, only in training
        ("mnist", 6000, 0.004, (1000, 1100), "test", 0.4),
        ("cifar10", 4000, 0.004, (800, 900), "training", 0.15),
        ("malaria", 3000, 0.001, (550, 650), "training", 0.55),
    ],
)
def test_a_short_training(
    real_data: Path,
    tmp_path: Path,
    recipe: str,
    limit: int,
    rate: float,
    test_images: tuple[int, int],
    figure: str,
    better_than: float,
) -> None:
    run = tmp_path / "run"
    argv = ["train", recipe, "-o", str(run), "--data", str(real_data)]
    argv += ["--epochs", "1", "--limit", str(limit), "--learning-rate", str(rate)]
    assert main(argv) == 0
    test = json.loads((run / "metrics.json").read_text())["test"]
    assert test_images[0] <= test["n"] <= test_images[1]
    with (run / "history.csv").open(newline="") as file:
        (epoch,) = csv.DictReader(file)
    reached = {"test": test["accuracy"], "training": float(epoch["accuracy"])}[figure]
    assert reached > better_than
    assert len(list((run / "examples").iterdir())) == 12
