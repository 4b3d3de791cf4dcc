"""The gallery: what it says of each bundle, and that it says nothing that is not known."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from edgeproof.edge.bundle import Bundle
from edgeproof.web import offers
from edgeproof.web.app import create_app
from edgeproof.web.offers import offer_of
from edgeproof.web.served import served_bundle
from edgeproof.web.verdict import verdict_of

Serve = Callable[..., str]

HOSTILE = "<img src=x onerror=\"document.title='taken'\"></script>"


def report_on(folder: Path, **changes: Any) -> dict[str, Any]:
    """Writes a report like that of verification, about this bundle, and returns it."""
    manifest = hashlib.sha256((folder / "bundle.json").read_bytes()).hexdigest()
    accuracies = {
        ("tfjs-float32", "tfjs-webgl"): (0.5, 0.4, 0.6),
        ("tfjs-float32", "tfjs-wasm"): (0.975, 0.95, 0.9876),
        ("tfjs-float32", "tfjs-reference"): (0.1, 0.0, 0.2),
        ("tflite-float32", "litert"): (1, 0.99, 1),
        ("tflite-int8", "litert"): (0.3, 0.2, 0.4),
    }
    rows = [
        {
            "variant": variant,
            "runtime": runtime,
            "cost": {"accuracy": {"value": value, "low": low, "high": high, "n": 1234}},
        }
        for (variant, runtime), (value, low, high) in accuracies.items()
    ]
    rows.append({"variant": "tfjs-uint8", "runtime": "tfjs-wasm", "cost": {"accuracy": None}})
    report = {
        "passed": True,
        "bundle": {"manifest_sha256": manifest},
        "data": {"source": "digits test set"},
        "rows": rows,
    } | changes
    (folder / "report.json").write_text(json.dumps(report))
    (folder / "report.html").write_text("<h1>Parity</h1>")
    return report


def offered(bundle: Path) -> dict[str, Any]:
    return offer_of(served_bundle(bundle, "digits"))


def test_offer_has_the_accuracy_of_what_visitors_run(bundle_copy: Path) -> None:
    report_on(bundle_copy)
    offer = offered(bundle_copy)
    accuracy = {v["id"]: v["accuracy"] for v in offer["variants"]}
    measured = {"value": 0.975, "low": 0.95, "high": 0.9876, "n": 1234, "runtime": "tfjs-wasm"}
    assert accuracy["tfjs-float32"] == measured
    assert accuracy["tflite-float32"]["runtime"] == "litert"
    assert accuracy["tfjs-uint8"] is None
    assert "tflite-int8" not in accuracy  # no engine of the page takes it
    assert offer["verdict"] == {"state": "passed", "images": "digits test set"}
    report_on(bundle_copy, passed=False, data=None)
    assert offered(bundle_copy)["verdict"] == {"state": "failed", "images": None}


@pytest.mark.parametrize(
    ("changes", "default"),
    [
        ({}, "tfjs-uint8"),
        ({"value": 0.9749}, "tfjs-float16"),  # one image fewer
        ({"n": 999}, "tfjs-float16"),  # of other images
        ({"passed": False}, "tfjs-float32"),
        ({"worth": 1_000_000}, "tfjs-float32"),
    ],
    ids=["as accurate", "less accurate", "other images", "a gate broke", "saves little"],
)
def test_visitors_get_the_smallest_variant_that_is_as_accurate(
    bundle_copy: Path, changes: dict[str, Any], default: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offers, "_WORTH_BYTES", changes.pop("worth", 1))
    same = {"value": 0.975, "low": 0.95, "high": 0.9876, "n": 1234}
    report = report_on(bundle_copy, passed=changes.get("passed", True))
    of_uint8 = same | {name: value for name, value in changes.items() if name != "passed"}
    for variant, accuracy in (("tfjs-float16", same), ("tfjs-uint8", of_uint8)):
        cost = {"accuracy": accuracy}
        report["rows"].append({"variant": variant, "runtime": "tfjs-wasm", "cost": cost})
    (bundle_copy / "report.json").write_text(json.dumps(report))
    ids = [v["id"] for v in offered(bundle_copy)["variants"]]
    assert ids[0] == default
    assert sorted(ids) == sorted(v.id for v in served_bundle(bundle_copy, "x").page_variants)


def test_without_a_report_nothing_is_said(digits_bundle: Path) -> None:
    offer = offered(digits_bundle)
    assert offer["verdict"] == {"state": "none", "images": None}
    assert [v["accuracy"] for v in offer["variants"]] == [None] * len(offer["variants"])
    assert offer["report"] is False


def test_report_of_another_version_says_nothing_of_this_one(bundle_copy: Path) -> None:
    report_on(bundle_copy, bundle={"manifest_sha256": "0" * 64})
    offer = offered(bundle_copy)
    assert offer["verdict"]["state"] == "outdated"
    assert offer["variants"][0]["accuracy"] is None


def misfits() -> dict[str, Callable[[dict[str, Any]], object]]:
    def accuracy(**changes: Any) -> Callable[[dict[str, Any]], object]:
        return lambda report: report["rows"][0]["cost"]["accuracy"].update(changes)

    return {
        "no rows": lambda report: report.pop("rows"),
        "rows are none": lambda report: report.update(rows={}),
        "a row is text": lambda report: report["rows"].append("row"),
        "no verdict": lambda report: report.update(passed="yes"),
        "a share over 1": accuracy(value=1.5, high=2),
        "a share that is text": accuracy(value=HOSTILE),
        "a share that is true": accuracy(value=True),
        "a share that is no number": accuracy(value=float("nan")),
        "outside its interval": accuracy(low=0.55),
        "of no images": accuracy(n=0),
        "no bundle": lambda report: report.pop("bundle"),
        "source is a list": lambda report: report.update(data={"source": []}),
    }


@pytest.mark.parametrize("fault", misfits())
def test_report_that_is_not_one_is_said_and_gives_no_figure(bundle_copy: Path, fault: str) -> None:
    report = report_on(bundle_copy)
    misfits()[fault](report)
    (bundle_copy / "report.json").write_text(json.dumps(report))
    offer = offered(bundle_copy)
    assert offer["verdict"]["state"] == "unreadable"
    assert {v["accuracy"] for v in offer["variants"]} == {None}


@pytest.mark.parametrize("content", [b"", b"[1]", b"\xff\xfe", b"[" * 200_000], ids=repr)
def test_report_that_is_no_json_object(bundle_copy: Path, content: bytes) -> None:
    (bundle_copy / "report.json").write_bytes(content)
    assert offered(bundle_copy)["verdict"]["state"] == "unreadable"


def test_report_that_is_a_link_to_elsewhere_is_none(bundle_copy: Path, tmp_path: Path) -> None:
    report_on(bundle_copy)
    (bundle_copy / "report.json").rename(tmp_path / "elsewhere.json")
    (bundle_copy / "report.json").symlink_to(tmp_path / "elsewhere.json")
    served = served_bundle(bundle_copy, "digits")
    assert verdict_of(bundle_copy, served.version, served.page_variants).state == "none"


def test_real_report_is_read(bundle_copy: Path, cli: Callable[..., Any]) -> None:
    done = cli("verify", bundle_copy, "--runtimes", "litert", "--no-layers")
    assert done.returncode == 0, done.stderr
    offer = offered(bundle_copy)
    report = json.loads((bundle_copy / "report.json").read_text())
    accuracy = next(v["accuracy"] for v in offer["variants"] if v["id"] == "tflite-float32")
    row = next(r for r in report["rows"] if r["variant"] == "tflite-float32")
    assert accuracy["value"] == round(row["cost"]["accuracy"]["value"], 5)
    assert offer["verdict"] == {"state": "passed", "images": report["data"]["source"]}


def test_ten_thousand_labels_are_a_few(bundle_copy: Path) -> None:
    path = bundle_copy / "bundle.json"
    manifest = json.loads(path.read_text())
    manifest["labels"] = [f"{i} {'long ' * 40}" for i in range(10_000)]
    path.write_text(json.dumps(manifest))
    offer = offered(bundle_copy)
    assert offer["labels"] == 10_000
    assert len(json.dumps(offer)) < 3000


def test_new_report_and_new_bundle_are_picked_up(bundle_copy: Path) -> None:
    client = create_app([bundle_copy]).test_client()

    def offer() -> dict[str, Any]:
        (one,) = client.get("/bundles.json").get_json()
        return dict(one)

    first = offer()
    with client.get("/", headers={"Accept-Encoding": "br"}) as response:
        before = response.data
    report_on(bundle_copy)
    assert offer()["verdict"]["state"] == "passed"
    with client.get("/", headers={"Accept-Encoding": "br"}) as response:
        assert response.data != before
    path = bundle_copy / "bundle.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"name": "newer"}))
    second = offer()
    assert (second["title"], second["verdict"]["state"]) == ("newer", "outdated")
    assert second["version"] != first["version"]
    # the new files never go out under the old address, where browsers keep them for ever
    assert client.get(f"/bundles/digits/{first['version']}/bundle.json").status_code == 404
    with client.get(f"/bundles/digits/{second['version']}/bundle.json") as response:
        assert response.status_code == 200


def test_damaged_bundle_does_not_take_the_others_along(
    bundle_copy: Path, digits_bundle: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(digits_bundle, other)
    client = create_app([bundle_copy, other]).test_client()
    (bundle_copy / "bundle.json").write_text("{")
    assert [o["name"] for o in client.get("/bundles.json").get_json()] == ["other"]
    answer = client.get("/bundles/digits/0123456789abcdef/bundle.json")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"
    assert "bundle.json" in answer.text


@pytest.fixture
def three(bundle_copy: Path, tmp_path: Path) -> list[Path]:
    """A verified bundle, one that is not, and one of hostile texts that failed."""
    report_on(bundle_copy)
    folders = [bundle_copy, tmp_path / "plain", tmp_path / "hostile & co"]
    for folder in folders[1:]:
        shutil.copytree(bundle_copy, folder)
        (folder / "report.json").unlink()
        (folder / "report.html").unlink()
    path = folders[2] / "bundle.json"
    manifest = json.loads(path.read_text())
    manifest |= {"name": HOSTILE, "labels": [f"{HOSTILE}{i}" for i in range(10)]}
    accuracy = {"value": 0.99, "low": 0.98, "high": 0.995, "n": 2000}
    manifest |= {"card": {"accuracy": accuracy, "notice": f"Not a device. {HOSTILE}"}}
    path.write_text(json.dumps(manifest))
    report_on(folders[2], passed=False, data={"source": HOSTILE})
    return folders


def test_gallery_says_what_is_known_and_leads_to_each_bundle(
    page: Page, serve: Serve, three: list[Path]
) -> None:
    page.goto(serve(*three))
    expect(page.locator("#proof")).to_have_attribute("data-state", "passed", timeout=60_000)
    expect(page.locator("#gallery-heading")).to_have_text("3 models here")
    cards = page.locator("#gallery-list > li")
    expect(cards.nth(0)).to_contain_text(
        "97.5 % right (95 % interval 95.0 to 98.8), of 1,234 images"
    )
    expect(cards.nth(0).locator(".verdict")).to_have_text("Verified: every gate held Parity report")
    expect(page.locator("#notice")).to_be_hidden()
    expect(cards.nth(1)).not_to_contain_text("right")
    expect(cards.nth(1)).to_contain_text("% in Keras (95 % interval ")
    expect(cards.nth(1).locator(".verdict")).to_have_text("Not verified yet")
    expect(cards.nth(2).locator(".verdict")).to_contain_text("a gate broke")
    expect(cards.nth(2)).to_contain_text(HOSTILE)
    # training tested more images than the 1,234 of the report
    expect(cards.nth(2)).to_contain_text(
        "99.0 % in Keras (95 % interval 98.0 to 99.5), of 2,000 test images"
    )
    expect(cards.nth(2).locator(".notice")).to_have_text(f"Not a device. {HOSTILE}")
    assert page.locator("img[src=x]").count() == 0
    expect(cards.nth(0).locator("[aria-current=true]")).to_have_count(1)
    cards.nth(0).locator("summary").click()
    manifest = Bundle.open(three[0]).manifest
    size = next(v.bytes for v in manifest.variants if v.id == "tfjs-float32")
    row = cards.nth(0).locator("tbody tr").nth(0)
    expect(row).to_have_text(f"tfjs-float32{round(size / 1000)} KB97.5 % (95.0 to 98.8)")
    cards.nth(2).locator("a.open").click()
    expect(page.locator("#title")).to_have_text(HOSTILE)
    expect(page.locator("#notice")).to_have_text(f"Not a device. {HOSTILE}")
    assert "bundle=hostile+%26+co" in page.url
    expect(cards.nth(2).locator("[aria-current=true]")).to_have_count(1)
    expect(page.locator("#gallery-note")).to_be_hidden()
    picture = cards.nth(2).locator("img")
    picture.scroll_into_view_if_needed()
    expect(picture).to_have_js_property("naturalWidth", 8)
    page.select_option("#bundle", "plain")
    expect(cards.nth(1).locator("[aria-current=true]")).to_have_count(1)
    expect(page.locator("#gallery [aria-current=true]")).to_have_count(1)


def test_name_that_is_not_here_is_said(page: Page, serve: Serve, digits_bundle: Path) -> None:
    page.goto(f"{serve(digits_bundle)}?bundle=%3Cb%3Edigit")
    expect(page.locator("#gallery-note")).to_have_text(
        "There is no model “<b>digit” here; this is another one."
    )
    expect(page.locator("#gallery-heading")).to_have_text("About this model")
    assert page.locator("#gallery a.open").count() == 0
    expect(page.locator("#proof")).to_have_attribute("data-state", "passed", timeout=60_000)
