"""`Classifier`: threads, streams, bundles that change or are wrong, and what it costs in memory."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from edgeproof.edge import classifier as classifier_module
from edgeproof.edge.bundle import Bundle
from edgeproof.edge.classifier import Classifier
from edgeproof.edge.errors import BundleError, ImageError, ModelFailed, UsageError
from edgeproof.edge.prediction import Prediction
from edgeproof.edge.runtime import TfliteModel

PROGRAM = """\
from pathlib import Path
from edgeproof.edge import Classifier

with Classifier("bundle") as classifier:
    print(classifier.classify(next(Path("pictures").iterdir())).label)
    pictures = sorted(Path("pictures").iterdir())
    for path, found in zip(pictures, classifier.classify_many(pictures)):
        print(path.name, found)
"""


@pytest.fixture(scope="module")
def images(digits_bundle: Path) -> np.ndarray:
    bundle = Bundle.open(digits_bundle)
    return bundle.array(bundle.manifest.golden.inputs[0])


@pytest.fixture(scope="module")
def labels(digits_bundle: Path, images: np.ndarray) -> list[str]:
    """What one thread answers, one picture after the other."""
    with Classifier(digits_bundle, "tflite-float32") as classifier:
        found = [classifier.classify(image).label for image in images]
    bundle = Bundle.open(digits_bundle)
    keras = bundle.array(bundle.manifest.golden.outputs[0]).argmax(axis=1)
    assert found == [bundle.manifest.labels[i] for i in keras]
    return found


def test_the_documented_program_runs(digits_bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "bundle").symlink_to(digits_bundle)
    (tmp_path / "pictures").symlink_to(digits_bundle / "golden" / "files")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 1 + len(list((tmp_path / "pictures").iterdir()))
    assert lines[1].startswith("01-rgb.png Prediction(label='")
    readme = (Classifier.__doc__ or "").replace("        ", "")
    assert len(PROGRAM.splitlines()) < 10
    assert "classify_many(pictures)" in readme


def test_threads_get_what_one_thread_gets(
    digits_bundle: Path, images: np.ndarray, labels: list[str]
) -> None:
    rounds = 30
    classifier = Classifier(digits_bundle, "tflite-float32", workers=3)
    with classifier, ThreadPoolExecutor(8) as threads:
        found = list(threads.map(classifier.classify, [*images] * rounds))
    assert [p.label for p in found] == labels * rounds


def test_inference_holds_no_lock(
    digits_bundle: Path, images: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = threading.Barrier(3)
    invoke = TfliteModel.invoke

    def waits_for_the_others(self: TfliteModel, arrays: list[np.ndarray]) -> list[np.ndarray]:
        together.wait(10)  # breaks, and fails the test, should one of three wait for another
        return invoke(self, arrays)

    monkeypatch.setattr(TfliteModel, "invoke", waits_for_the_others)
    with Classifier(digits_bundle, workers=3) as classifier, ThreadPoolExecutor(3) as threads:
        assert len(list(threads.map(classifier.classify, images[:3]))) == 3


def test_interpreters_are_made_when_needed_and_bounded(
    digits_bundle: Path, images: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []

    class Counted(TfliteModel):
        def __init__(self, content: bytes, **options: int) -> None:
            made.append(options["threads"])
            super().__init__(content, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(classifier_module, "TfliteModel", Counted)
    with Classifier(digits_bundle, workers=4, threads=2) as classifier:
        for image in images:
            classifier.classify(image)
        assert made == [2]
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(classifier.classify, [*images] * 20))
        assert set(made) == {2}
        assert len(made) <= 2  # four workers of two threads each


def test_a_stream_keeps_order_and_goes_on_after_a_bad_picture(
    digits_bundle: Path, images: np.ndarray, labels: list[str], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n")
    good = digits_bundle / "golden" / "files" / "01-rgb.png"
    pictures = [images[0], broken, good, good.read_bytes(), b"no picture", "gone.png", images[1]]
    with Classifier(digits_bundle, "tflite-float32") as classifier:
        results = list(classifier.classify_many(pictures, top_k=1))
    kinds = [type(r) for r in results]
    assert kinds == [Prediction, ImageError, *[Prediction] * 2, *[ImageError] * 2, Prediction]
    assert [results[0].label, results[6].label] == labels[:2]
    assert results[2] == results[3]
    assert str(broken) in str(results[1])
    assert "gone.png: expected a picture, got no such file" in str(results[5])
    assert all(len(r.scores) == 1 for r in results if isinstance(r, Prediction))


def test_an_endless_stream_is_read_as_it_is_wanted(digits_bundle: Path, images: np.ndarray) -> None:
    read = itertools.count()

    def camera() -> Iterator[np.ndarray]:
        while True:
            yield images[next(read) % len(images)]

    with Classifier(digits_bundle, workers=2) as classifier:
        for number, _ in enumerate(classifier.classify_many(camera())):
            if number == 50:
                break
    assert next(read) <= 50 + 1 + 4 * 2
    assert not [t for t in threading.enumerate() if t.name.startswith("edgeproof")]


def test_one_picture_is_no_stream(digits_bundle: Path) -> None:
    with Classifier(digits_bundle) as classifier:
        for one in ("picture.png", b"bytes", Path("picture.png")):
            with pytest.raises(UsageError, match="expected several pictures, got one"):
                classifier.classify_many(one)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((8, 8), np.float32),
        np.zeros((8, 8, 1), np.int64),
        np.zeros((8, 8, 2), np.uint8),
        np.zeros((8, 8, 5), np.uint8),
        np.zeros((2, 8, 8, 3), np.uint8),
        np.zeros((0, 8), np.uint8),
        np.zeros(64, np.uint8),
    ],
    ids=lambda p: f"{p.dtype}{p.shape}",
)
def test_pixels_of_another_kind_are_refused(digits_bundle: Path, pixels: np.ndarray) -> None:
    refusal = pytest.raises(ImageError, match=r"expected pixels.*got")
    with Classifier(digits_bundle) as classifier, refusal:
        classifier.classify(pixels)


def test_a_closed_classifier_says_so(digits_bundle: Path, images: np.ndarray) -> None:
    with Classifier(digits_bundle) as classifier:
        stream = classifier.classify_many(itertools.repeat(images[0]))
        assert isinstance(next(stream), Prediction)
    with pytest.raises(UsageError, match="expected an open classifier, got one that was closed"):
        classifier.classify(images[0])
    with pytest.raises(UsageError, match="that was closed"):
        list(itertools.islice(stream, 100))


def test_wrong_arguments(digits_bundle: Path) -> None:
    with pytest.raises(UsageError, match="expected threads and workers from 1, got 0 and None"):
        Classifier(digits_bundle, threads=0)
    with pytest.raises(UsageError, match="expected a TFLite variant, got tfjs-float32"):
        Classifier(digits_bundle, "tfjs-float32")


def test_a_bundle_altered_after_its_manifest_was_read_is_refused(bundle_copy: Path) -> None:
    opened = Bundle.open(bundle_copy)
    model = bundle_copy / "variants/tflite-int8/model.tflite"
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    model.write_bytes(content)
    with pytest.raises(BundleError, match="was altered: expected SHA-256"):
        Classifier(opened)
    model.write_bytes(content[:-1])
    with pytest.raises(BundleError, match=r"was altered: expected .* bytes, got"):
        Classifier(opened)


def test_a_bundle_replaced_under_a_running_classifier_changes_nothing(
    bundle_copy: Path, images: np.ndarray
) -> None:
    with Classifier(bundle_copy, workers=2) as classifier:
        before = [classifier.classify(image) for image in images[:4]]
        (bundle_copy / "variants/tflite-int8/model.tflite").write_bytes(b"TFL3" * 100)
        with ThreadPoolExecutor(4) as threads:  # makes the second interpreter
            after = list(threads.map(classifier.classify, [*images[:4]] * 50))
    assert after == before * 50


def changed_manifest(bundle: Path, change: Callable[[dict], None]) -> Path:
    document = json.loads((bundle / "bundle.json").read_bytes())
    change(document)
    (bundle / "bundle.json").write_text(json.dumps(document))
    return bundle


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m["labels"].pop(), "is no classifier: expected 9 scores, one per label, got 10"),
        (lambda m: m.update(output={"scores": "values"}), "got plain values"),
        (lambda m: m.update(input=None, task="other"), "does not take one picture"),
        (
            lambda m: [v["outputs"][0].update(name="y") for v in m["variants"]],
            "expected one input and the output y in variants/tflite-int8/model.tflite",
        ),
    ],
)
def test_a_manifest_that_does_not_fit_the_file(
    change: Callable[[dict], None], message: str, bundle_copy: Path
) -> None:
    with pytest.raises(BundleError, match=message):
        Classifier(changed_manifest(bundle_copy, change))


def test_an_image_size_that_is_not_the_model_s(bundle_copy: Path) -> None:
    changed_manifest(bundle_copy, lambda m: m["input"].update(height=9))
    refusal = pytest.raises(ModelFailed, match=r"cannot run the model: .*Got 9 but expected 8")
    with Classifier(bundle_copy) as classifier, refusal:
        classifier.classify(np.zeros((9, 8), np.uint8))


def test_100_000_classifications_leak_nothing(digits_bundle: Path) -> None:
    # in its own process: this one's memory grows with what other tests do
    program = """
import json, os, resource, sys
import numpy as np
from edgeproof.edge import Classifier

def now():
    pages = int(open("/proc/self/statm").read().split()[1])
    return pages * resource.getpagesize(), len(os.listdir("/proc/self/fd"))

image = np.random.default_rng(0).integers(0, 256, (8, 8, 1), dtype=np.uint8)
with Classifier(sys.argv[1]) as classifier:
    seen = []
    for count in (1_000, 99_000):
        for _ in range(count):
            classifier.classify(image)
        seen.append(now())
print(json.dumps(seen))
"""
    done = subprocess.run(
        [sys.executable, "-c", program, digits_bundle], capture_output=True, text=True, check=True
    )
    (early_bytes, early_files), (late_bytes, late_files) = json.loads(done.stdout)
    assert late_bytes - early_bytes < 2**20
    assert late_files == early_files


def test_streams_leak_no_threads_or_descriptors(digits_bundle: Path) -> None:
    files = sorted((digits_bundle / "golden" / "files").iterdir())
    with Classifier(digits_bundle, workers=2) as classifier:
        list(classifier.classify_many(files))
        before = len(os.listdir("/proc/self/fd")), threading.active_count()
        for _ in range(20):
            list(classifier.classify_many(files))
        assert (len(os.listdir("/proc/self/fd")), threading.active_count()) == before


def test_ctrl_c_ends_a_stream_and_its_threads(digits_bundle: Path) -> None:
    program = """
import itertools, sys
import numpy as np
from edgeproof.edge import Classifier

image = np.zeros((8, 8), np.uint8)
with Classifier(sys.argv[1]) as classifier:
    for prediction in classifier.classify_many(itertools.repeat(image)):
        print(prediction.label, flush=True)
"""
    with subprocess.Popen(
        [sys.executable, "-c", program, digits_bundle],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, talk = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGINT
    assert talk.splitlines()[-1] == "KeyboardInterrupt"
