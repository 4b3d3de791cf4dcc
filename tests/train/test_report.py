"""`report.html` and the plots: self-contained, without a script, and true to the figures."""

import re
from pathlib import Path

import numpy as np
import pytest

from edgeproof.edge.deployment import Deployment
from edgeproof.edge.schema import from_json, to_json
from edgeproof.train.measure import measured
from edgeproof.train.metrics import Metrics, ValidationFigures
from edgeproof.train.parts import TestSet
from edgeproof.train.plots import draw_curves
from edgeproof.train.recipes import recipe_named
from edgeproof.train.report import write_report
from edgeproof.train.run_config import DataRecord, RunConfig, SplitRecord

# an attack in a label, and what matplotlib would read as a formula that is none
LABELS = ("<script>alert(1)</script>", r"$\frac$ & co")


class _Guesses:
    """A stand-in for a model: right for three images in four."""

    def predict_on_batch(self, batch: np.ndarray) -> np.ndarray:
        wrong = np.arange(len(batch)) % 4 == 0
        share = np.where(batch[:, 0, 0, 0] > 99, 0.8, 0.1) * np.where(wrong, -1, 1) + wrong
        return np.stack([share, 1 - share], axis=1).astype(np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of a malaria-like recipe with hostile names and an interrupted training."""
    import dataclasses

    folder = tmp_path_factory.mktemp("report")
    recipe = dataclasses.replace(recipe_named("malaria"), positive=LABELS[0])
    labels = np.arange(80) % 2
    images = np.full((80, 64, 64, 3), 30, dtype=np.uint8)
    images[labels == 0] += 100
    groups = np.array([f"<b>slide {i // 16}" for i in range(80)])
    test = TestSet(images, labels, np.arange(80))
    figures = measured(_Guesses(), recipe, test, groups, LABELS, folder)  # type: ignore[arg-type]
    draw_curves([], 1, folder / "curves.png", "malaria")
    metrics = Metrics(
        schema_version=1,
        recipe="malaria",
        test=figures.test,
        detection=figures.detection,
        spread=figures.spread,
        robustness=None,
        validation=ValidationFigures(50, 0.9, 0.3, 3),
        parameters=97_610,
        epochs=4,
        interrupted=True,
        training_s=400.0,
        wall_s=500.0,
        machine={"cores": 2},
        versions={"python": "3.11"},
    )
    config = RunConfig(
        schema_version=1,
        recipe="malaria",
        seed=0,
        epochs=9,
        limit=None,
        command="edgeproof train malaria -o '<run>'",
        versions={},
        data=DataRecord("cells", 80, tuple(f"<i>{n}.png" for n in range(103))),
        split=SplitRecord(recipe.split, 1, 2, 3, 80, 5),
        schedule=recipe.schedule,
        augmentation=recipe.augmentation,
        deployment=Deployment("malaria", LABELS, recipe.contract, "softmax"),
    )
    assert from_json(RunConfig, to_json(config)) == config
    write_report(folder, config, metrics, figures.mistakes)
    return folder


def test_names_are_text_and_nothing_is_fetched(folder: Path) -> None:
    page = (folder / "report.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<b>" not in page
    assert "&lt;run&gt;" in page
    sources = re.findall(r'(?:src|href)="(?!#)([^"]{0,22})', page)
    assert len(sources) == 5 + 20
    assert set(sources) == {"data:image/png;base64,"}
    assert "url(" not in page


def test_the_page_says_the_figures(folder: Path) -> None:
    page = (folder / "report.html").read_text()
    assert "<dd>75.00%</dd>" in page
    assert "interrupted after epoch 4 of 9" in page
    assert "weights of epoch 3" in page
    assert page.count('<th scope="row"><bdi>&lt;b&gt;slide') == 5
    assert "103 pictures that could not be read" in page
    assert page.count("<li>&lt;i&gt;") == 100
    assert "and 3 more" in page


def test_every_picture_has_words_and_every_link_a_place(folder: Path) -> None:
    page = (folder / "report.html").read_text()
    images = re.findall(r"<img [^>]*>", page)
    plots = [image for image in images if 'alt=""' not in image]
    assert len(plots) == 5
    assert all(re.search(r'alt="[^"]{20,}" width="\d+" height="\d+"', plot) for plot in plots)
    # a mistake's words stand below it
    assert len(images) - len(plots) == 20
    assert page.count("</bdi> called <bdi>$\\frac$ &amp; co</bdi>") == 20
    places = re.findall(r'href="#([a-z]+)"', page)
    assert len(places) == 7
    assert all(f'id="{place}"' in page for place in places)


@pytest.mark.parametrize(
    "name",
    ["confusion.png", "reliability.png", "detection.png", "groups.png", "mistakes.png"],
)
def test_plots_have_something_in_them(folder: Path, name: str) -> None:
    from PIL import Image

    with Image.open(folder / name) as picture:
        assert min(picture.size) > 300
        assert np.asarray(picture.convert("L")).std() > 5


def test_a_model_without_mistakes_and_with_many_classes(tmp_path: Path) -> None:
    import dataclasses

    class Right:
        def predict_on_batch(self, batch: np.ndarray) -> np.ndarray:
            return np.eye(120, dtype=np.float32)[batch[:, 0, 0, 0].astype(int)]

    labels = np.arange(120)
    images = np.zeros((120, 8, 8, 3), dtype=np.uint8)
    images[:, 0, 0, 0] = labels
    recipe = dataclasses.replace(recipe_named("malaria"), positive=None)
    test = TestSet(images, labels, labels)
    names = tuple(f"class {n}" for n in labels)
    figures = measured(Right(), recipe, test, None, names, tmp_path)  # type: ignore[arg-type]
    assert figures.test.accuracy == 1
    assert figures.test.confused == ()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mistakes.png", "reliability.png"]
