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
_IMAGES = """async ({pictures, contracts}) => {
    const page = document.querySelector("script[src]").src;
    const {imageFromFile} = await import(new URL("../js/decode.js", page));
    const answers = [];
    for (const picture of pictures) {
        const bytes = Uint8Array.from(atob(picture), (c) => c.charCodeAt(0));
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
    page: Page, pictures: Sequence[bytes], contracts: Sequence[InputContract]
) -> list[list[np.ndarray] | str]:
    """For each picture an image for each contract, or the sentence of its refusal."""
    found: list[list[np.ndarray] | str] = []
    asked = [asdict(contract) for contract in contracts]
    waiting = iter(pictures)
    while texts := [base64.b64encode(content).decode() for content in islice(waiting, _BATCH)]:
        for answer in page.evaluate(_IMAGES, {"pictures": texts, "contracts": asked}):
            if "error" in answer:
                found.append(answer["error"])
                continue
            found.append(
                [
                    np.frombuffer(base64.b64decode(image), np.uint8).reshape(contract.image_shape)
                    for image, contract in zip(answer["images"], contracts, strict=True)
                ]
            )
    return found
