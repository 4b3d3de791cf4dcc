"""bundle.json: what is accepted, and errors that name the field."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgeproof.edge.bundle import Bundle
from edgeproof.edge.errors import BundleError, UsageError
from edgeproof.edge.manifest import Manifest
from edgeproof.edge.schema import SchemaError, from_json, to_json

FILE = {"path": "variants/tflite-int8/model.tflite", "bytes": 3, "sha256": "a" * 64}
TENSOR = {"name": "x", "dtype": "float32", "shape": [None, 8, 8, 1]}
DOCUMENT: dict[str, Any] = {
    "schema_version": 1,
    "name": "toy",
    "task": "image-classification",
    "labels": ["no", "yes"],
    "input": {"height": 8, "width": 8, "color": "gray"},
    "output": {"scores": "softmax"},
    "model_inputs": [TENSOR],
    "model_outputs": [TENSOR],
    "variants": [
        {
            "id": "tflite-int8",
            "entry": FILE["path"],
            "files": [FILE],
            "inputs": [TENSOR],
            "outputs": [TENSOR],
        }
    ],
    "skipped": [],
    "golden": {"source": "synthetic", "inputs": [], "outputs": []},
    "provenance": {
        "source": "toy.keras",
        "source_sha256": "b" * 64,
        "command": "edgeproof convert",
        "created": "2026-01-01T00:00:00Z",
        "seed": 0,
        "versions": {"tensorflow": "2"},
    },
}


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    document = copy.deepcopy(DOCUMENT)
    change(document)
    return document


def test_manifest_survives_the_round_trip() -> None:
    manifest = from_json(Manifest, DOCUMENT)
    assert from_json(Manifest, json.loads(json.dumps(to_json(manifest)))) == manifest


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.pop("labels"), "labels: missing"),
        (lambda d: d.update(surprise=1), "surprise: unknown field"),
        (lambda d: d.update(labels="ab"), "labels: expected a list, got 'ab'"),
        (lambda d: d.update(labels=[1]), r"labels\[0\]: expected a string, got 1"),
        (lambda d: d["input"].update(height="8"), r"input\.height: expected an integer"),
        (lambda d: d["input"].update(height=True), r"input\.height: expected an integer"),
        (lambda d: d["input"].update(height=0), r"input\.height: expected 1 to 8192"),
        (lambda d: d["input"].update(color="cmyk"), r"input\.color: expected 'gray' or 'rgb'"),
        (lambda d: d.update(input=None), "input: expected an input contract"),
        (lambda d: d.update(variants=[]), "variants: expected at least one"),
        (lambda d: d["variants"].append(d["variants"][0]), "expected distinct ids"),
        (lambda d: d["variants"][0].update(id="nonsense"), r"variants\[0\]\.id: expected <format>"),
        (lambda d: d["variants"][0].update(entry="other"), r"variants\[0\]\.entry: expected one"),
        (
            lambda d: d["variants"][0]["files"][0].update(path="../../etc/passwd"),
            r"variants\[0\]\.files\[0\]\.path: expected a path inside",
        ),
        (
            lambda d: d["variants"][0]["files"][0].update(path="/etc/passwd"),
            "expected a path inside the bundle",
        ),
        (
            lambda d: d["variants"][0]["files"][0].update(sha256="short"),
            "sha256: expected 64 hexadecimal digits",
        ),
    ],
)
def test_errors_name_the_field(change: Callable[[dict], object], message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        from_json(Manifest, changed(change))


def written(folder: Path, document: object) -> Path:
    folder.mkdir()
    (folder / "bundle.json").write_text(json.dumps(document))
    return folder


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], r"schema_version: expected 1, got None"),
        ({"schema_version": 99}, r"schema_version: expected 1, got 99; convert the model again"),
        (changed(lambda d: d.pop("labels")), r"bundle\.json is not a valid manifest: labels"),
    ],
)
def test_bundle_with_a_bad_manifest_is_refused(
    tmp_path: Path, document: object, message: str
) -> None:
    with pytest.raises(BundleError, match=message):
        Bundle.open(written(tmp_path / "bundle", document))


def test_folders_that_are_no_bundles_are_named(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="which does not exist"):
        Bundle.open(tmp_path / "nothing")
    with pytest.raises(BundleError, match=r"expected bundle\.json in .*, got none"):
        Bundle.open(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(BundleError, match="got the file"):
        Bundle.open(tmp_path / "file")


def test_files_are_hashed_before_use(tmp_path: Path) -> None:
    bundle = Bundle.open(written(tmp_path / "bundle", DOCUMENT))
    entry = bundle.manifest.variants[0].entry_file
    path = bundle.folder / entry.path
    with pytest.raises(BundleError, match=r"model\.tflite, got no such file"):
        bundle.read(entry)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"four")
    with pytest.raises(BundleError, match="was altered: expected 3 bytes, got 4"):
        bundle.read(entry)
    path.write_bytes(b"abc")
    with pytest.raises(BundleError, match=r"expected SHA-256 aaaa.*, got ba7816bf"):
        bundle.read(entry)


def test_links_out_of_the_bundle_are_refused(tmp_path: Path) -> None:
    bundle = Bundle.open(written(tmp_path / "bundle", DOCUMENT))
    entry = bundle.manifest.variants[0].entry_file
    path = bundle.folder / entry.path
    path.parent.mkdir(parents=True)
    (tmp_path / "secret").write_bytes(b"abc")
    path.symlink_to(tmp_path / "secret")
    with pytest.raises(BundleError, match="got a link to"):
        bundle.read(entry)


def test_unknown_variant_suggests_the_nearest(tmp_path: Path) -> None:
    document = changed(
        lambda d: d.update(skipped=[{"id": "tfjs-layers-float32", "reason": "no such layer"}])
    )
    bundle = Bundle.open(written(tmp_path / "bundle", document))
    with pytest.raises(UsageError, match="did you mean tflite-int8"):
        bundle.variant("tflite-int")
    with pytest.raises(UsageError, match="no such layer"):
        bundle.variant("tfjs-layers-float32")
