"""Hostile pictures through the page's own worker: each ends in a label or in one sentence, soon,
and the next one's turn comes.
"""

import struct
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page

from edgeproof.edge.contract import InputContract
from tests.edge.corpus.hostile import Hostile, accepted, encoded, refused
from tests.edge.corpus.pictures import hostile_pictures
from tests.edge.corpus.seeds import seeds
from tests.edge.corpus.sizes import TOO_LARGE, flat_png
from tests.web.browser_images import images_in_browser, open_modules

Serve = Callable[..., str]

# a hang, not a measurement: the slowest takes 0.3 s on an idle machine, and one took 50 s before
HANG_MS = 15_000
# a worker with a model
_START = """async () => {
    const page = document.querySelector("script[src]").src;
    const {WorkerClient} = await import(new URL("../js/client.js", page));
    const {offered} = await import(new URL("../js/ui/offers.js", page));
    globalThis.client = new WorkerClient();
    await client.ready;
    const wanted = {bundle: offered()[0], variant: "tfjs-float32", engine: "tfjs-wasm"};
    await client.call("load", wanted);
    document.body.append(Object.assign(document.createElement("input"), {type: "file"}));
}"""
# each picture's answer, and how long that took; all pictures come in one file
_CLASSIFY = """async (sizes) => {
    const all = new Uint8Array(await document.querySelector("input").files[0].arrayBuffer());
    const answers = [];
    let at = 0;
    for (const size of sizes) {
        const bytes = all.slice(at, (at += size));
        const started = performance.now();
        try {
            const answer = await client.call("classify", {bytes}, {transfer: [bytes.buffer]});
            answers.push({labels: answer.probabilities.length, ms: performance.now() - started});
        } catch (error) {
            answers.push({error: error.message, ms: performance.now() - started});
        }
    }
    return answers;
}"""

BOMBS = (
    *("100,000-frames.png", "2,000-frames.png", "iccp-of-50-mb.png", "90,000-chunks.png"),
    *("300-mb-for-16x8-pixels.png", "a-thousand-ztxt.png", "fill-bytes-of-5-mb.jpg"),
    *("5,000-comments.jpg", "a-million-segments.jpg", "100-scans.jpg", "a-thousand-scans.jpg"),
    *("a-million-blocks.gif", "40,000-controls.gif", "100,000-frames.gif", "99,000-frames.webp"),
    *("exif-of-shared-values.webp", "run-length-moves.bmp"),
)


def huge() -> list[Hostile]:
    """200 megapixels and more: whole files, and headers that promise them."""
    flat = partial(flat_png, 20_000, 10_000, 1)
    jpeg = bytearray(seeds()["baseline.jpg"])
    struct.pack_into(">HH", jpeg, jpeg.index(b"\xff\xc0\0") + 5, 10_000, 20_000)
    pictures = [
        refused("huge/20000x10000.png", flat, TOO_LARGE),
        refused("huge/20000x10000.jpg", bytes(jpeg), TOO_LARGE),
    ]
    if "AVIF" in Image.SAVE:
        avif = bytearray(encoded(Image.new("RGB", (64, 48)), "AVIF"))
        struct.pack_into(">II", avif, avif.index(b"ispe") + 8, 20_000, 10_000)
        pictures.append(refused("huge/20000x10000.avif", bytes(avif), TOO_LARGE))
    # sides that neither a video's frame nor one canvas can have
    for width, height in ((65_500, 1), (1, 65_500), (40_000, 30)):
        picture = Image.linear_gradient("L").resize((width, height))
        content = encoded(picture, "JPEG")
        pictures.append(accepted(f"thin/{width}x{height}.jpg", content))
    return pictures


@pytest.fixture
def classify(
    page: Page, serve: Serve, digits_bundle: Path, tmp_path: Path
) -> Callable[[list[Hostile]], list[dict[str, Any]]]:
    open_modules(page, serve, digits_bundle)

    def run(pictures: list[Hostile]) -> list[dict[str, Any]]:
        contents = [hostile.content for hostile in pictures]
        (tmp_path / "pictures").write_bytes(b"".join(contents))
        page.locator("input").set_input_files(tmp_path / "pictures")
        answers: list[dict[str, Any]] = page.evaluate(_CLASSIFY, list(map(len, contents)))
        return answers

    page.evaluate(_START)
    return run


def test_worker_survives_the_corpus(
    page: Page, classify: Callable[[list[Hostile]], list[dict[str, Any]]]
) -> None:
    tensors = page.evaluate("() => client.call('tensors')")
    pictures = [h for h in hostile_pictures() if h.browser]
    pictures += [h for h in hostile_pictures() if h.name.removeprefix("bombs/") in BOMBS]
    pictures += huge()
    answers = dict(zip([h.name for h in pictures], classify(pictures), strict=True))
    assert {name: a["ms"] for name, a in answers.items() if a["ms"] > HANG_MS} == {}
    errors = {name: a["error"] for name, a in answers.items() if "error" in a}
    odd = {
        name: said
        for name, said in errors.items()
        if not said.startswith(("expected ", "cannot be decoded: ")) or not said.isprintable()
    }
    assert odd == {}
    assert {a["labels"] for a in answers.values() if "labels" in a} == {10}
    assert len(errors) > 300
    assert len(answers) - len(errors) > 380
    # it is not only alive, but right, and holds nothing of what it has seen
    sizes = {
        h.name: errors.get(h.name, "")
        for h in pictures
        if TOO_LARGE in h.says and not h.name.endswith(".tif")
    }
    assert {name: said for name, said in sizes.items() if not said.startswith(TOO_LARGE)} == {}
    assert len(sizes) > 40
    assert page.evaluate("() => client.call('tensors')") == tensors


def test_a_worker_that_hangs_or_says_anything_is_noticed(
    page: Page, classify: Callable[[list[Hostile]], list[dict[str, Any]]]
) -> None:
    # the control: an answer is what the worker says, and when
    page.evaluate(
        """() => {
            const call = client.call.bind(client);
            client.call = async (method, ...rest) => {
                await new Promise((resolve) => setTimeout(resolve, 50));
                if (method === "classify") throw new TypeError("x is undefined");
                return call(method, ...rest);
            };
        }"""
    )
    (answer,) = classify([accepted("seed", seeds()["rgb.png"])])
    assert answer["error"] == "x is undefined"
    assert answer["ms"] >= 49


def test_nothing_is_decoded_of_what_is_too_large(
    page: Page, serve: Serve, digits_bundle: Path
) -> None:
    page.add_init_script("createImageBitmap = () => { throw Error('decoded') }")
    open_modules(page, serve, digits_bundle)
    contract = InputContract(8, 8, "rgb")
    pictures = [h for h in huge() if h.expected == "error"]
    pictures += [h for h in hostile_pictures() if h.browser and h.says == TOO_LARGE]
    pictures = [h for h in pictures if not h.name.endswith(".tif")]
    asked = [(h.content, [contract]) for h in [*pictures, accepted("seed", seeds()["rgb.png"])]]
    *said, control = images_in_browser(page, asked)
    assert {text for text in said if not str(text).startswith(TOO_LARGE)} == set()
    assert len(said) > 40
    assert str(control).startswith("expected a picture that this browser can decode")
