"""`exif.js` against `edge/pictures/`: the same orientation of every file, however broken."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgeproof.edge.pictures.decode import form_of
from edgeproof.edge.pictures.plain import MAX_PIXELS, Refused
from tests.edge.corpus import damaged, jpegs, orientations, wrapped
from tests.edge.corpus.mutation import mutated

RunModules = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]

JS = Path(__file__).parents[2] / "web/static/js"
SUFFIXES = ("jpg", "png", "webp")
XMP = b'tiff:Orientation="6"'


def files(folder: Path) -> dict[str, Path]:
    """The corpus and mutated pictures, as far as a browser would look for an orientation."""
    families = (orientations, jpegs, damaged, wrapped)
    contents = {h.name: h.content for family in families for h in family.pictures()}
    for number in range(1500):
        name, content = mutated(7, number)
        contents[f"mutated/{number}-{name}"] = content
    paths = {}
    for name, content in contents.items():
        if name.endswith(SUFFIXES):
            paths[name] = folder / f"{len(paths)}"
            paths[name].write_bytes(content)
    return paths


def stated(path: Path) -> int | None:
    """What the device takes; None of what it does not read at all."""
    try:
        content = path.read_bytes()
        return form_of(content).plain(content).orientation
    except Refused:
        return None


def test_orientation_is_the_same_as_on_the_device(run_modules: RunModules, tmp_path: Path) -> None:
    paths = files(tmp_path)
    (answer,) = run_modules([{"call": "orientations", "paths": [str(p) for p in paths.values()]}])
    expected = {name: stated(path) for name, path in paths.items()}
    got = {name: r["stated"] for name, r in zip(paths, answer["result"], strict=True)}
    known = {name for name, orientation in expected.items() if orientation is not None}
    assert {n: (expected[n], got[n]) for n in known if expected[n] != got[n]} == {}
    assert len(known) > 700
    assert set(expected.values()) == {None, *range(1, 9)}


def test_no_exif_is_left_for_the_browser(run_modules: RunModules, tmp_path: Path) -> None:
    # a browser would turn the picture a second time, or by an orientation that we do not take
    paths = files(tmp_path)
    (answer,) = run_modules([{"call": "orientations", "paths": [str(p) for p in paths.values()]}])
    exif = [
        (path, result)
        for path, result in zip(paths.values(), answer["result"], strict=True)
        if XMP not in path.read_bytes() and b"rientation" not in path.read_bytes()
    ]
    assert {result["left"] for _, result in exif} == {1}
    cut = [r for path, r in exif if r["bytes"] < path.stat().st_size]
    assert len(cut) > 100


@pytest.mark.parametrize("module", ["decode.js"])
def test_limit_of_pixels_is_the_devices(module: str) -> None:
    found = re.search(r"MAX_PIXELS = ([0-9_]+);", (JS / module).read_text())
    assert found is not None
    assert int(found[1]) == MAX_PIXELS
