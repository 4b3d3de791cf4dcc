import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from edgeproof.convert.progress import Silent
from edgeproof.convert.verify import labelled as labelled_module
from edgeproof.convert.verify.errors import DataError
from edgeproof.convert.verify.labelled import evenly, read_labelled
from edgeproof.convert.verify.picture_tree import picture_tree
from edgeproof.convert.verify.scaleout import evaluate
from edgeproof.convert.verify.scaleout.local import LocalWorkers
from edgeproof.convert.verify.source import with_source
from edgeproof.edge.bundle import Bundle


@pytest.fixture
def bundle(digits_bundle: Path) -> Bundle:
    return Bundle.open(digits_bundle)


def test_without_data_the_bundle_brings_its_own(bundle: Bundle) -> None:
    labelled = read_labelled(bundle, None)
    assert labelled is not None
    assert bundle.manifest.heldout is not None
    assert labelled.total == bundle.manifest.heldout.total
    assert len(labelled.images) == len(labelled.labels) > 100


def test_a_limit_keeps_every_class(bundle: Bundle) -> None:
    labelled = read_labelled(bundle, None)
    assert labelled is not None
    order = np.argsort(labelled.labels, kind="stable")
    by_class = type(labelled)("x", labelled.images[order], labelled.labels[order], labelled.total)
    assert len(set(evenly(by_class, 50).labels.tolist())) == len(bundle.manifest.labels)


def test_an_npz(bundle: Bundle, tmp_path: Path) -> None:
    labelled = read_labelled(bundle, None)
    assert labelled is not None
    path = tmp_path / "some.npz"
    np.savez(path, images=labelled.images[:7], labels=labelled.labels[:7].astype(np.uint8))
    again = read_labelled(bundle, path)
    assert again is not None
    assert np.array_equal(again.images, labelled.images[:7])
    assert again.labels.dtype == np.int64


def test_a_folder_tree_goes_through_the_input_contract(bundle: Bundle, tmp_path: Path) -> None:
    for label in bundle.manifest.labels:
        (tmp_path / label).mkdir()
        Image.new("RGB", (31, 17), (9, 9, 9)).save(tmp_path / label / "a.png")
    labelled = read_labelled(bundle, tmp_path)
    assert labelled is not None
    assert bundle.manifest.input is not None
    assert labelled.images.shape[1:] == bundle.manifest.input.image_shape
    assert labelled.labels.tolist() == list(range(len(bundle.manifest.labels)))


def test_a_label_without_a_folder_and_a_folder_without_pictures(
    bundle: Bundle, tmp_path: Path
) -> None:
    first, *others = bundle.manifest.labels
    (tmp_path / first).mkdir()
    with pytest.raises(DataError, match="expected a folder for each label"):
        read_labelled(bundle, tmp_path)
    for label in others:
        (tmp_path / label).mkdir()
    with pytest.raises(DataError, match="expected pictures in"):
        read_labelled(bundle, tmp_path)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"images": np.zeros((2, 3, 3, 1), np.uint8)}, "expected the arrays images and labels"),
        ({"images": np.zeros((2, 3, 3, 1), np.uint8), "labels": np.zeros(2, int)}, "uint8 image"),
        ({"images": np.zeros((0, 8, 8, 1), np.uint8), "labels": np.zeros(0, int)}, "at least one"),
        ({"images": np.zeros((2, 8, 8, 1), np.uint8), "labels": np.zeros(3, int)}, "2 integer"),
        ({"images": np.zeros((2, 8, 8, 1), np.uint8), "labels": np.full(2, 99)}, "labels 0 to 9"),
        ({"images": np.zeros((2, 8, 8, 1), np.float32), "labels": np.zeros(2, int)}, "uint8"),
    ],
)
def test_arrays_that_do_not_fit(
    bundle: Bundle, tmp_path: Path, arrays: dict[str, np.ndarray], message: str
) -> None:
    assert bundle.manifest.input is not None
    path = tmp_path / "wrong.npz"
    height, width, channels = bundle.manifest.input.image_shape
    fitted = {
        name: np.zeros((len(a), height, width, channels), a.dtype)
        if a.ndim == 4 and a.shape[1] == 8
        else a
        for name, a in arrays.items()
    }
    np.savez(path, **fitted)
    with pytest.raises(DataError, match=message):
        read_labelled(bundle, path)


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut off"])
def test_an_npz_that_is_none(bundle: Bundle, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.npz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"expected an \.npz file, got .*, which is not one"):
        read_labelled(bundle, path)


@pytest.fixture
def tree(bundle: Bundle, tmp_path: Path) -> Path:
    """Three pictures of each label, none like another."""
    for index, label in enumerate(bundle.manifest.labels):
        (tmp_path / label).mkdir()
        for number in range(3):
            Image.new("L", (8, 8), 20 * index + number).save(tmp_path / label / f"{number}.png")
    return tmp_path


def test_pictures_keep_their_order_whoever_reads_them(
    bundle: Bundle, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = read_labelled(bundle, tree)
    monkeypatch.setattr(evaluate, "WORTH_SHARING_S", 0.0)
    progress = Parts()
    with LocalWorkers(2) as workers:
        shared = read_labelled(bundle, tree, workers, progress)
    assert alone is not None
    assert shared is not None
    assert alone.images.max(axis=(1, 2, 3)).tolist() == [
        20 * i + n for i in range(10) for n in range(3)
    ]
    assert alone.labels.tolist() == [i for i in range(10) for _ in range(3)]
    assert np.array_equal(shared.images, alone.images)
    assert np.array_equal(shared.labels, alone.labels)
    assert progress.parts == [("reading pictures", 16, 30), ("reading pictures", 30, 30)]


class Parts(Silent):
    def __init__(self) -> None:
        self.parts: list[tuple[str, int, int]] = []

    def part(self, text: str, done: int, total: int) -> None:
        self.parts.append((text, done, total))


def test_pictures_of_a_class_that_the_model_does_not_know(bundle: Bundle, tree: Path) -> None:
    (tree / "notes").mkdir()
    (tree / "notes" / "read.txt").write_text("no picture")
    assert read_labelled(bundle, tree) is not None
    (tree / "ten").mkdir()
    shutil.copy(tree / "1" / "0.png", tree / "ten" / "0.png")
    with pytest.raises(DataError, match="labels alone, got also the folders ten; move them"):
        read_labelled(bundle, tree)


class Notes(Silent):
    def __init__(self) -> None:
        self.said: list[str] = []

    def note(self, text: str) -> None:
        self.said.append(text)


def test_the_folder_that_was_trained_on_gives_its_test_set_alone(
    bundle: Bundle, tree: Path, digits_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = with_source(bundle, digits_run)
    seen: list[Any] = []

    def test_set(data: Path, contract: Any, config: dict[str, Any]) -> Any:
        seen.append((data, config["recipe"]))
        if len(seen) > 1:
            raise DataError("expected the data that the run was trained on, got other")
        return np.zeros((4, *contract.image_shape), np.uint8), np.arange(4)

    known = {"digits": SimpleNamespace(load=lambda: test_set)}
    monkeypatch.setattr(labelled_module, "_test_sets", lambda: known)
    notes = Notes()
    first = read_labelled(bundle, tree, progress=notes)
    assert first is not None
    assert (first.source, len(first.labels)) == ("test set of digits", 4)
    assert seen == [(tree, "digits")]
    assert notes.said == []
    # another folder of the same layout is data of its own
    second = read_labelled(bundle, tree, progress=notes)
    assert second is not None
    assert (second.source, len(second.labels)) == (tree.name, 30)
    assert "all pictures of" in notes.said[0]
    # without the run nobody knows
    third = read_labelled(with_source(bundle, tree / "nowhere"), tree, progress=notes)
    assert third is not None
    assert len(third.labels) == 30
    assert "may hold pictures that the model was trained on; name the run" in notes.said[1]


def test_every_corrupt_picture_is_counted_and_the_first_are_named(
    bundle: Bundle, tree: Path
) -> None:
    (tree / "4" / "1.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"expected 30 .*, got 1 .*: .*/4/1\.png: expected a pict"):
        read_labelled(bundle, tree)
    for label in bundle.manifest.labels:
        (tree / label / "2.png").write_bytes((tree / label / "0.png").read_bytes()[:-30])
    with pytest.raises(DataError) as error:
        read_labelled(bundle, tree)
    said = str(error.value)
    assert "expected 30 pictures, got 11 that cannot be read" in said
    assert said.count(".png: ") == 5
    assert said.endswith("; and 6 more; repair or remove them")


def test_a_picture_that_may_not_be_read(
    bundle: Bundle, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the answer of the system is given here, because root may read everything
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(
        DataError, match=r"expected a picture at .*/0/0\.png, got an error: .*denie"
    ):
        picture_tree(tree, bundle, None, Silent())
