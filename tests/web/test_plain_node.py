"""`plain.js` and `header.js` against `edge/pictures/`: of every file, however broken, the same
bytes go to the decoder, by the same orientation, and the same is refused before.
"""

import hashlib
import io
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from edgeproof.edge.pictures import decode, jpeg, plain, png, source
from edgeproof.edge.pictures.decode import form_of
from edgeproof.edge.pictures.plain import Plain, Refused, check_size
from tests.edge.corpus import metadata_bombs, pixel_bombs
from tests.edge.corpus.mutation import mutated
from tests.edge.corpus.pictures import FAMILIES
from tests.web.fixture_pictures import fixture_pictures

RunModules = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]

HEADER = Path(__file__).parents[2] / "web/static/js/header.js"
SEED, COUNT = 7, 4000
LARGE = 2_000_000


class Answer(NamedTuple):
    """What device and browser make of a file before it is decoded."""

    content: bytes
    form: ModuleType
    device: Plain | str
    browser: dict[str, Any]


def files() -> dict[str, bytes]:
    """The fixtures, the corpus but for its largest, and mutated pictures; TIFF is for devices."""
    contents = dict(fixture_pictures())
    for family in FAMILIES:
        for hostile in family.pictures():
            bomb = family in (metadata_bombs, pixel_bombs)
            if (hostile.browser or bomb) and len(content := hostile.content) < LARGE:
                contents[hostile.name] = content
    for number in range(COUNT):
        name, content = mutated(SEED, number)
        contents[f"mutated/{number}-{name}"] = content
    return contents


@pytest.fixture(scope="module")
def answers(run_modules: RunModules, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Answer]:
    known = {n: c for n, c in files().items() if (f := form(c)) and f.__name__[-4:] != "tiff"}
    path = tmp_path_factory.mktemp("pictures") / "all"
    path.write_bytes(b"".join(known.values()))
    sizes = [len(content) for content in known.values()]
    (said,) = run_modules([{"call": "pictures", "path": str(path), "sizes": sizes}])
    return {
        name: Answer(content, form_of(content), on_the_device(content), browser)
        for (name, content), browser in zip(known.items(), said["result"], strict=True)
    }


def form(content: bytes) -> ModuleType | None:
    try:
        return form_of(content)
    except Refused:
        return None


def on_the_device(content: bytes) -> Plain | str:
    """What is plain of it, or why it is refused before anything is decoded."""
    found = form_of(content)
    try:
        reduced: Plain = found.plain(content)
        check_size(*found.opened(io.BytesIO(reduced.content)).size)
    except Refused as error:
        return str(error)
    except Exception as error:  # noqa: BLE001  Pillow's own, of any kind
        return f"Pillow: {error!r}"
    return reduced


def test_orientation_is_the_same_as_on_the_device(answers: dict[str, Answer]) -> None:
    stated = {
        name: (a.device.orientation, a.browser["orientation"])
        for name, a in answers.items()
        if isinstance(a.device, Plain) and "orientation" in a.browser
    }
    assert {name: pair for name, pair in stated.items() if pair[0] != pair[1]} == {}
    assert len(stated) > 2500
    assert {pair[0] for pair in stated.values()} == set(range(1, 9))


def test_nothing_is_left_that_would_turn_the_picture_again(answers: dict[str, Answer]) -> None:
    read = {name: a for name, a in answers.items() if "left" in a.browser}
    assert {name: a.browser["left"] for name, a in read.items() if a.browser["left"] != 1} == {}
    cut = [name for name, a in read.items() if a.browser["bytes"] < len(a.content)]
    assert len(cut) > 500


def test_decoder_gets_the_same_bytes(answers: dict[str, Answer]) -> None:
    different, same = [], 0
    for name, (content, found, device, browser) in answers.items():
        # WebP's flags and later frames are not the same, nor PNG's transparency: Pillow would lose
        # some of it, and gets it in another way
        if found not in (jpeg, png) or b"tRNS" in content:
            continue
        if not isinstance(device, Plain) or "digest" not in browser:
            continue
        same += 1
        if hashlib.sha256(device.content).hexdigest() != browser["digest"]:
            different.append(name)
    assert different == []
    assert same > 1000


def test_header_refuses_nothing_that_the_device_reads(answers: dict[str, Answer]) -> None:
    refused = {
        name: a.browser["error"]
        for name, a in answers.items()
        if isinstance(a.device, Plain) and "error" in a.browser
    }
    # the device says so only when it reckons with the scans
    scans = {name for name, said in refused.items() if " scans of " in said}
    assert {name: said for name, said in refused.items() if name not in scans} == {}
    assert "bombs/a-thousand-scans.jpg" in scans


def test_size_is_refused_in_the_same_words(answers: dict[str, Answer]) -> None:
    size = re.compile(r"expected at most 30,000,000 pixels|got one of -?\d+ x -?\d+ pixels")
    by_size = {
        name: a
        for name, a in answers.items()
        if isinstance(a.device, str) and size.search(a.device)
    }
    different = {
        name: (a.device, a.browser)
        for name, a in by_size.items()
        if not str(a.browser.get("error")).startswith(str(a.device))
    }
    assert different == {}
    assert len(by_size) > 50


def test_every_refusal_is_one_sentence(answers: dict[str, Answer]) -> None:
    said = {a.browser["error"] for a in answers.values() if "error" in a.browser}
    assert {s for s in said if not s.startswith(("expected ", "cannot be decoded: "))} == set()
    assert all(s.isprintable() for s in said)
    assert len(said) > 50


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("MAX_PIXELS", plain.MAX_PIXELS),
        ("MAX_FILE_BYTES", source.MAX_FILE_BYTES),
        ("MAX_PASSED_PIXELS", decode._MAX_PASSED_PIXELS),
    ],
)
def test_limits_are_the_devices(name: str, limit: int) -> None:
    found = re.search(rf"const {name} = ([0-9_]+);", HEADER.read_text())
    assert found is not None
    assert int(found[1]) == limit
