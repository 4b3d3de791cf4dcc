"""Controls that need more than a row of `mutants/`: other words, other data, another source."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from edgeproof.convert.verify.report import Report
from edgeproof.convert.verify.source import recorded_source, with_source
from edgeproof.edge.bundle import Bundle

Caught = Callable[[Report], set[str]]
FLOAT = "tflite-float32"


def test_labels_swapped_in_a_folder_tree(lab: Any, caught: Caught, tmp_path: Path) -> None:
    images = np.load(lab.bundle / "heldout" / "images.npy")
    labels = np.load(lab.bundle / "heldout" / "labels.npy")
    wrong = {3: 8, 8: 3}
    for index, (image, label) in enumerate(zip(images[:100], labels[:100], strict=True)):
        folder = tmp_path / "tree" / str(wrong.get(int(label), int(label)))
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image[..., 0]).save(folder / f"{index}.png")
    assert "label-order" in caught(lab.verify(FLOAT, data=tmp_path / "tree"))


def test_labels_swapped_in_the_heldout_data(lab: Any, caught: Caught) -> None:
    path = lab.bundle / "heldout" / "labels.npy"
    labels = np.load(path)
    swapped = np.where(labels == 3, 8, np.where(labels == 8, 3, labels))
    np.save(path, swapped)
    lab.rewrite("heldout/labels.npy", path.read_bytes())
    report = lab.verify(FLOAT)
    assert "label-order" in caught(report)
    assert any("3 and 8" in broken.subject for broken in report.broken)


def test_other_output_names(lab: Any, caught: Caught) -> None:
    class Renaming:
        """A session whose outputs have other names than the manifest's."""

        def __init__(self, session: Any) -> None:
            self._session = session

        def run(self, inputs: Any) -> dict[str, np.ndarray]:
            return {f"{name}x": array for name, array in self._session.run(inputs).items()}

    class Running:
        def __init__(self, running: Any) -> None:
            self._running = running

        def open(self, variant: str) -> Renaming:
            return Renaming(self._running.open(variant))

        def close(self) -> None:
            self._running.close()

    report = lab.verify(FLOAT, wrap=Running)
    assert caught(report) == {"runs"}
    assert "expected the outputs" in report.broken[0].got


def test_a_source_that_is_not_the_model_of_the_bundle(
    lab: Any, digits_run: Path, tmp_path: Path
) -> None:
    other = shutil.copytree(digits_run, tmp_path / "run")
    config = json.loads((other / "config.json").read_bytes())
    assert config["deployment"]["labels"]
    with (other / "model.keras").open("ab") as stream:
        stream.write(b"\0")
    source = recorded_source(with_source(Bundle.open(lab.bundle), other))
    assert source.model is None
    assert source.reason is not None
