"""What a run says of its model reaches the bundle; what is not a run's is refused."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from edgeproof.convert.card import CardContent, card_of
from edgeproof.convert.errors import ConvertError
from edgeproof.convert.source import find_source
from edgeproof.edge.manifest import TrainedAccuracy

TEST = {"accuracy": 0.9, "interval_95": [0.85, 0.94], "n": 200}


@pytest.fixture
def run(tiny_run: Path, tmp_path: Path) -> Path:
    """A run of nothing but a model, its configuration and its pictures."""
    return Path(shutil.copytree(tiny_run, tmp_path / "run"))


def metrics(run: Path, document: Any) -> None:
    (run / "metrics.json").write_text(json.dumps(document))


def test_nothing_said_is_no_card(run: Path, tiny_keras: Path) -> None:
    (run / "metrics.json").unlink(missing_ok=True)
    assert card_of(find_source(run)) is None
    assert card_of(find_source(tiny_keras)) is None


def test_accuracy_notice_and_card(run: Path) -> None:
    metrics(run, {"test": TEST, "parameters": 5})
    config = json.loads((run / "config.json").read_text())
    config["deployment"]["notice"] = "For trying out."
    (run / "config.json").write_text(json.dumps(config))
    (run / "MODEL_CARD.md").write_text("# tiny")
    assert card_of(find_source(run)) == CardContent(
        TrainedAccuracy(0.9, 0.85, 0.94, 200), "For trying out.", b"# tiny"
    )


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "top level: expected an object"),
        ({"test": None}, "test: expected an object"),
        ({"test": {**TEST, "accuracy": "0.9"}}, "test.accuracy: expected a number"),
        ({"test": {**TEST, "accuracy": float("nan")}}, "within its interval"),
        ({"test": {**TEST, "accuracy": 0.95}}, "within its interval"),
        ({"test": {**TEST, "interval_95": [0.9]}}, "metrics"),
        ({"test": {**TEST, "n": 0}}, "at least one image"),
    ],
)
def test_other_metrics_are_refused(run: Path, document: Any, message: str) -> None:
    metrics(run, document)
    with pytest.raises(ConvertError, match=message):
        card_of(find_source(run))


def test_a_card_has_an_end(run: Path) -> None:
    (run / "MODEL_CARD.md").write_bytes(b"x" * (2**20 + 1))
    with pytest.raises(ConvertError, match="to be under"):
        card_of(find_source(run))
