"""Every check must be able to fail: a known fault each, and the gate that has to catch it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from edgeproof.convert.verify.errors import VerifyError
from edgeproof.convert.verify.report import Report
from edgeproof.convert.verify.source import recorded_source, with_source
from edgeproof.edge.bundle import Bundle
from edgeproof.edge.runtime import TfliteModel
from edgeproof.web import routes

Caught = Callable[[Report], set[str]]
FLOAT = "tflite-float32"


def test_the_intact_bundle_breaks_nothing(lab: Any, caught: Caught) -> None:
    assert caught(lab.verify(FLOAT)) == set()
    assert caught(lab.verify("tflite-int8")) == set()


@pytest.mark.parametrize(
    ("variant", "gate"),
    [
        (FLOAT, "relative"),
        ("tflite-float16", "noise"),
        ("tflite-dynamic-int8", "noise"),
        ("tflite-int8", "noise"),
        ("tflite-int16x8", "noise"),
    ],
)
def test_corrupt_weights_with_a_repaired_hash(
    lab: Any, caught: Caught, variant: str, gate: str
) -> None:
    name = f"variants/{variant}/model.tflite"
    lab.rewrite(name, with_corrupt_weights((lab.bundle / name).read_bytes()))
    assert gate in caught(lab.verify(variant))


def with_corrupt_weights(content: bytes) -> bytes:
    """The largest constant of the file, a quarter of it taken from elsewhere in itself."""
    interpreter = TfliteModel(content, runtime="litert")._interpreter
    constants = []
    for detail in interpreter.get_tensor_details():
        try:
            constants.append(interpreter.get_tensor(detail["index"]).tobytes())
        except ValueError:
            continue  # an activation, which holds nothing before a run
    weights = max((c for c in constants if content.count(c) == 1), key=len)
    quarter = len(weights) // 8 * 2
    wrong = weights[quarter : 2 * quarter] + weights[quarter:]
    assert wrong != weights
    return content.replace(weights, wrong)


def test_a_single_corrupt_float_weight(lab: Any, caught: Caught) -> None:
    name = f"variants/{FLOAT}/model.tflite"
    content = (lab.bundle / name).read_bytes()
    model = TfliteModel(content, runtime="litert")._interpreter
    weights = next(
        model.get_tensor(d["index"])
        for d in model.get_tensor_details()
        if d["dtype"] is np.float32 and len(d["shape"]) == 4 and d["shape"][0] > 1
    )
    wrong = weights.copy()
    wrong.flat[int(np.abs(wrong).argmax())] *= -1
    assert content.count(weights.tobytes()) == 1
    lab.rewrite(name, content.replace(weights.tobytes(), wrong.tobytes()))
    assert "relative" in caught(lab.verify(FLOAT))


def test_corrupt_weights_of_a_tfjs_model(lab: Any, caught: Caught) -> None:
    shard = next((lab.bundle / "variants" / "tfjs-float32").glob("*.bin"))
    weights = np.frombuffer(shard.read_bytes(), dtype=np.float32).copy()
    weights[int(np.abs(weights).argmax())] *= -1
    lab.rewrite(shard.relative_to(lab.bundle).as_posix(), weights.tobytes())
    assert "relative" in caught(lab.verify("tfjs-float32", runtime="tfjs-reference"))


def test_mean_shifted_by_one_step(lab: Any, caught: Caught) -> None:
    lab.change_manifest(lambda manifest: manifest["input"].update(offset=[1.0]))
    assert {"relative", "presoftmax"} <= caught(lab.verify(FLOAT))


def test_labels_swapped_in_the_manifest(lab: Any, caught: Caught, digits_run: Path) -> None:
    def swap(manifest: dict[str, Any]) -> None:
        labels = manifest["labels"]
        labels[3], labels[8] = labels[8], labels[3]

    lab.change_manifest(swap)
    assert "labels" in caught(lab.verify(FLOAT, source=digits_run))


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


def test_resize_without_antialias(
    lab: Any, caught: Caught, monkeypatch: pytest.MonkeyPatch
) -> None:
    resize = Image.Image.resize

    def nearest(picture: Image.Image, size: tuple[int, int], *_: object) -> Image.Image:
        return resize(picture, size, Image.Resampling.NEAREST)

    monkeypatch.setattr(Image.Image, "resize", nearest)
    assert "file-images" in caught(lab.verify(FLOAT))


@pytest.mark.parametrize("variant", [FLOAT, "tflite-int8"])
@pytest.mark.parametrize(
    "fault",
    [
        np.zeros_like,
        lambda a: np.full_like(a, np.nan),
        lambda a: a * 2,
        lambda a: a[:, ::-1],
        lambda a: a[:0],
        lambda a: np.full_like(a, 0.1),
    ],
    ids=["zeros", "nan", "wrong scale", "reversed", "no rows", "constant"],
)
def test_wrong_outputs(lab: Any, caught: Caught, variant: str, fault: Any) -> None:
    report = lab.verify(variant, alter=lambda o, _: {n: fault(a) for n, a in o.items()})
    assert ("relative" if variant == FLOAT else "steps") in caught(report)


@pytest.mark.parametrize("variant", [FLOAT, "tflite-int8"])
def test_one_wrong_value_among_all(lab: Any, caught: Caught, variant: str) -> None:
    def fault(outputs: dict[str, np.ndarray], _: int) -> dict[str, np.ndarray]:
        wrong = {name: array.copy() for name, array in outputs.items()}
        next(iter(wrong.values()))[-1, -1] += 0.1
        return wrong

    gate = "relative" if variant == FLOAT else "steps"
    assert gate in caught(lab.verify(variant, alter=fault))


def test_right_once_wrong_later(lab: Any, caught: Caught) -> None:
    def fault(outputs: dict[str, np.ndarray], call: int) -> dict[str, np.ndarray]:
        return outputs if call == 1 else {n: a + 0.01 for n, a in outputs.items()}

    assert {"repeat", "relative"} <= caught(lab.verify(FLOAT, alter=fault))


def test_other_output_names(lab: Any, caught: Caught) -> None:
    report = lab.verify(FLOAT, alter=lambda o, _: {f"{n}x": a for n, a in o.items()})
    assert caught(report) == {"runs"}
    assert "expected the outputs" in report.broken[0].got


def test_manifest_with_another_scale_than_the_file(lab: Any, caught: Caught) -> None:
    def change(manifest: dict[str, Any]) -> None:
        for variant in manifest["variants"]:
            if variant["id"] == "tflite-int8":
                variant["outputs"][0]["scale"] *= 2

    lab.change_manifest(change)
    assert "tensors" in caught(lab.verify("tflite-int8"))


def test_nothing_to_compare(lab: Any) -> None:
    for name in ("inputs", "outputs"):
        path = lab.bundle / "golden" / f"{name}.npy"
        np.save(path, np.load(path)[:0])
        lab.rewrite(f"golden/{name}.npy", path.read_bytes())
    with pytest.raises(VerifyError, match="expected golden inputs and outputs of one length"):
        lab.verify(FLOAT)


def test_a_dead_reference(lab: Any, caught: Caught) -> None:
    path = lab.bundle / "golden" / "outputs.npy"
    np.save(path, np.full_like(np.load(path), 0.1))
    lab.rewrite("golden/outputs.npy", path.read_bytes())
    report = lab.verify(FLOAT, alter=lambda o, _: {n: np.full_like(a, 0.1) for n, a in o.items()})
    assert "golden-variety" in caught(report)


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


def test_the_page_with_a_broken_resize(
    lab: Any, caught: Caught, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    static = shutil.copytree(routes.STATIC, tmp_path / "static")
    code = (static / "js" / "resize.js").read_text()
    antialiased = "const support = Math.max(scale, 1);"
    assert antialiased in code
    (static / "js" / "resize.js").write_text(code.replace(antialiased, "const support = 1;"))
    monkeypatch.setattr(routes, "STATIC", static)
    report = lab.verify("tfjs-float32", runtime="tfjs-wasm")
    assert caught(report) == {"file-images", "relative", "absolute", "presoftmax"}


def test_the_page_with_a_corrupt_weight(lab: Any, caught: Caught) -> None:
    shard = next((lab.bundle / "variants" / "tfjs-float32").glob("*.bin"))
    weights = np.frombuffer(shard.read_bytes(), dtype=np.float32).copy()
    weights[int(np.abs(weights).argmax())] *= -1
    lab.rewrite(shard.relative_to(lab.bundle).as_posix(), weights.tobytes())
    assert "relative" in caught(lab.verify("tfjs-float32", runtime="tfjs-wasm"))


def test_the_page_refuses_a_file_that_was_altered_on_the_way(
    lab: Any, caught: Caught, monkeypatch: pytest.MonkeyPatch
) -> None:
    shard = next((lab.bundle / "variants" / "tfjs-float32").glob("*.bin"))
    monkeypatch.setattr(Bundle, "check_all", lambda self: None)
    content = bytearray(shard.read_bytes())
    content[100] ^= 1
    shard.write_bytes(content)
    report = lab.verify("tfjs-float32", runtime="tfjs-wasm")
    assert caught(report) == {"runs"}
    assert "was altered: expected SHA-256" in report.broken[0].got
