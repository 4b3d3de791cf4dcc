"""Faults of the page's own JavaScript, in a copy that the verifying browser is served."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from edgeproof.edge.bundle import Bundle
from edgeproof.web import built_page, page_build
from tests.parity.mutants.mutant import TFJS, Ground, Mutant
from tests.parity.mutants.tfjs_files import largest_negated, on_shard

WEB = page_build.WEB


def in_code(file: str, right: str, wrong: str) -> Callable[[Ground], None]:
    """A fault: one piece of code replaced, which must be there exactly once."""

    def seed(ground: Ground) -> None:
        web = web_copy(ground.folder / "web")
        code = (web / "static/js" / file).read_text()
        assert code.count(right) == 1, f"{file}: expected once {right!r}"
        (web / "static/js" / file).write_text(code.replace(right, wrong))
        assert page_build.build(web) == ("page",)
        ground.patch.setattr(built_page, "STATIC", web / "static")

    return seed


def web_copy(folder: Path) -> Path:
    """The page's sources, to change, with the parts that a change of them does not touch."""
    shutil.copytree(WEB / "static", folder / "static", ignore=shutil.ignore_patterns("vendor"))
    shutil.copytree(WEB / "static/vendor", folder / "static/vendor", copy_function=os.link)
    for name in (".npmrc", "package.json", "package-lock.json", "build.mjs"):
        shutil.copy(WEB / name, folder / name)
    for name in ("bundler", "vendor"):
        shutil.copytree(WEB / name, folder / name)
    (folder / "node_modules").symlink_to(WEB / "node_modules")
    return folder


def altered_on_the_way(ground: Ground) -> None:
    """A bit of a shard turns over behind the check of the whole bundle."""
    ground.patch.setattr(Bundle, "check_all", lambda self: None)
    (shard,) = (ground.lab.bundle / "variants" / TFJS).glob("*.bin")
    content = bytearray(shard.read_bytes())
    content[100] ^= 1
    shard.write_bytes(content)


def mutant(name: str, change: str, gate: str, seed: Callable[[Ground], None]) -> Mutant:
    return Mutant(f"page-{name}", change, gate, seed, TFJS, ("tfjs-wasm",))


MUTANTS = (
    mutant(
        "no-antialias",
        "resize.js does not widen its filter",
        "file-images",
        in_code("resize.js", "const perPixel = 1 / support;", "const perPixel = 1;"),
    ),
    mutant(
        "luma",
        "color.js does not round the luma",
        "file-images",
        in_code("color.js", " + 0x8000) >> 16", ") >> 16"),
    ),
    mutant(
        "exif",
        "image.js does not turn the picture",
        "file-images",
        in_code(
            "image.js",
            "const turn = turnOf(orientation);",
            "const turn = turnOf(1);",
        ),
    ),
    mutant(
        "batch",
        "batch.js feeds pixels scaled by 255/256",
        "relative",
        in_code(
            "batch.js",
            "Math.fround(v * scale) + offset",
            "Math.fround(v * scale * 0.99609375) + offset",
        ),
    ),
    mutant("weight", "one weight of the shard is wrong", "relative", on_shard(largest_negated)),
    mutant("altered", "a bit of the shard turned over on the way", "runs", altered_on_the_way),
)
