"""One short epoch of each recipe on the published data, where it lies on this machine."""

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
    ("recipe", "limit", "rate", "test_images", "better_than"),
    [
        # clearly better than guessing is all that so few images can show. A lower learning rate
        # than the recipe's where the network is deep: its statistics settle in thirty steps then
        ("mnist", 6000, 0.004, (1000, 1100), 0.4),
        ("cifar10", 4000, 0.001, (800, 900), 0.15),
        # 43 steps do not find a parasite a few pixels wide: here only that all of it runs
        ("malaria", 3000, 0.001, (550, 650), 0.4),
    ],
)
def test_a_short_training(
    real_data: Path,
    tmp_path: Path,
    recipe: str,
    limit: int,
    rate: float,
    test_images: tuple[int, int],
    better_than: float,
) -> None:
    run = tmp_path / "run"
    argv = ["train", recipe, "-o", str(run), "--data", str(real_data)]
    argv += ["--epochs", "1", "--limit", str(limit), "--learning-rate", str(rate)]
    assert main(argv) == 0
    test = json.loads((run / "metrics.json").read_text())["test"]
    assert test_images[0] <= test["n"] <= test_images[1]
    assert test["accuracy"] > better_than
    assert len(list((run / "examples").iterdir())) == 12
