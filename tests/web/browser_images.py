"""Encoded pictures through the page's own modules, in a real browser's decoder."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import numpy as np
from playwright.sync_api import Page

from edgeproof.edge.contract import InputContract

# the very modules that the page's worker runs; for each picture its images or what was said
_IMAGES = """async (pictures) => {
    const page = document.querySelector("script[src]").src;
    const {imageFromFile} = await import(new URL("../js/decode.js", page));
    const answers = [];
    for (const {base64, contracts} of pictures) {
        const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
        try {
            const images = [];
            for (const contract of contracts) {
                const image = await imageFromFile(bytes, contract);
                images.push(btoa(Array.from(image, (v) => String.fromCharCode(v)).join("")));
            }
            answers.push({images});
        } catch (error) {
            answers.push({error: error.message});
        }
    }
    return answers;
}"""
_BATCH = 60


def open_modules(page: Page, serve: Callable[..., str], bundle: Path) -> None:
    """A page that runs nothing by itself."""
    page.goto(serve(bundle) + "verify.html")


def images_in_browser(
    page: Page, pictures: Sequence[tuple[bytes, Sequence[InputContract]]]
) -> list[list[np.ndarray] | str]:
    """For each picture an image for each of its contracts, or the sentence of its refusal."""
    found: list[list[np.ndarray] | str] = []
    waiting = iter(pictures)
    while batch := list(islice(waiting, _BATCH)):
        asked = [
            {
                "base64": base64.b64encode(content).decode(),
                "contracts": [asdict(contract) for contract in contracts],
            }
            for content, contracts in batch
        ]
        for answer, (_, contracts) in zip(page.evaluate(_IMAGES, asked), batch, strict=True):
            found.append(answer.get("error") or _images(answer["images"], contracts))
    return found


def _images(answer: Sequence[str], contracts: Sequence[InputContract]) -> list[np.ndarray]:
    return [
        np.frombuffer(base64.b64decode(image), np.uint8).reshape(contract.image_shape)
        for image, contract in zip(answer, contracts, strict=True)
    ]


def worst(got: np.ndarray, want: np.ndarray) -> int:
    """The largest difference, in grey levels."""
    return int(np.abs(got.astype(int) - want.astype(int)).max())
