"""What training says of a model reaches visitors: its accuracy, its notice, its card."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from edgeproof.edge.bundle import Bundle
from edgeproof.edge.deploy.pack import reduced_manifest
from edgeproof.edge.errors import BundleError
from edgeproof.web.app import create_app
from edgeproof.web.offers import offer_of
from edgeproof.web.served import served_bundle
from edgeproof.web.site import write_site

CARD = "# digits: größer\n"
ACCURACY = {"value": 0.9, "low": 0.85, "high": 0.94, "n": 5000}


def change(bundle: Path, card: dict[str, Any] | None) -> None:
    path = bundle / "bundle.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "card": card}))


@pytest.fixture
def carded(bundle_copy: Path) -> Path:
    content = CARD.encode()
    (bundle_copy / "MODEL_CARD.md").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    file = {"path": "MODEL_CARD.md", "bytes": len(content), "sha256": digest}
    change(bundle_copy, {"accuracy": ACCURACY, "notice": "Not for use.", "file": file})
    return bundle_copy


def test_offer_says_it(carded: Path) -> None:
    offer = offer_of(served_bundle(carded, "digits"))
    assert offer["trained"] == ACCURACY
    assert (offer["notice"], offer["card"]) == ("Not for use.", "MODEL_CARD.md")
    change(carded, None)
    offer = offer_of(served_bundle(carded, "digits"))
    assert (offer["trained"], offer["notice"], offer["card"]) == (None, None, None)


def test_a_run_without_a_card_still_tells_its_accuracy(digits_bundle: Path) -> None:
    card = Bundle.open(digits_bundle).manifest.card
    assert card is not None
    assert (card.notice, card.file) == (None, None)
    assert card.accuracy is not None
    assert 0.9 < card.accuracy.low < card.accuracy.value < card.accuracy.high


def test_card_is_served_as_text_where_the_manifest_lists_it(carded: Path) -> None:
    client = create_app([carded]).test_client()
    (offer,) = client.get("/bundles.json").get_json()
    with client.get(f"/bundles/digits/{offer['version']}/MODEL_CARD.md") as response:
        assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert response.text == CARD
    change(carded, None)
    (offer,) = client.get("/bundles.json").get_json()
    assert client.get(f"/bundles/digits/{offer['version']}/MODEL_CARD.md").status_code == 404


def test_card_goes_along_to_web_hosts_and_devices(carded: Path, tmp_path: Path) -> None:
    write_site([carded], tmp_path / "site")
    (found,) = (tmp_path / "site").rglob("MODEL_CARD.md")
    assert found.read_text() == CARD
    bundle = Bundle.open(carded)
    manifest = reduced_manifest(bundle, ["tflite-int8"], "0" * 64)
    assert manifest.card == bundle.manifest.card
    assert "MODEL_CARD.md" in [entry.path for entry in manifest.all_files()]


def test_an_altered_card_is_noticed(carded: Path) -> None:
    (carded / "MODEL_CARD.md").write_bytes(CARD.encode().replace(b"gr", b"kl"))
    with pytest.raises(BundleError, match=r"MODEL_CARD\.md was altered"):
        Bundle.open(carded).check_all()


def test_an_impossible_accuracy_is_refused(carded: Path) -> None:
    change(carded, {"accuracy": {**ACCURACY, "value": 0.99}})
    with pytest.raises(BundleError, match="within its interval"):
        Bundle.open(carded)
