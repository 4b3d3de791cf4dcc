"""The heat map: its colours are even, readable and safe for colour-blind eyes, its cells true."""

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from edgeproof.convert.verify.html import page
from edgeproof.convert.verify.html.matrix import STEPS, matrix, step_of
from edgeproof.convert.verify.report import Report

pytestmark = pytest.mark.xdist_group("report")

CSS = Path(page.__file__).with_name("report.css").read_text(encoding="utf-8")
_DARK = CSS.index("prefers-color-scheme: dark")
SCHEMES = {"light": CSS[:_DARK], "dark": CSS[_DARK:]}
INKS = ("low", "low", "low", "middle", "high", "high")
# simulated eyes in linear RGB, none of one kind of cones left (G. M. Machado et al., A
# Physiologically-based Model for Simulation of Color Vision Deficiency, IEEE TVCG 15, 2009)
EYES = {
    "all cones": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}


def linear(scheme: str, name: str) -> np.ndarray:
    """A colour of the style sheet as linear sRGB, 0 to 1."""
    found = re.search(rf"--{name}: #([0-9a-f]{{6}});", SCHEMES[scheme])
    assert found is not None, name
    encoded = np.array([int(found[1][i : i + 2], 16) / 255 for i in (0, 2, 4)])
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def oklab(rgb: np.ndarray) -> np.ndarray:
    """Björn Ottosson's OKLab, in which equal distances look equal."""
    to_cones = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    to_lab = np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    )
    return to_lab @ np.cbrt(np.clip(to_cones @ rgb, 0, None))


def contrast(one: np.ndarray, other: np.ndarray) -> float:
    """WCAG 2.2's contrast ratio, 1 to 21."""
    dim, bright = sorted(float(rgb @ [0.2126, 0.7152, 0.0722]) for rgb in (one, other))
    return (bright + 0.05) / (dim + 0.05)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_steps_are_even(scheme: str) -> None:
    steps = [oklab(linear(scheme, f"used-{i}")) for i in range(len(STEPS))]
    distances = [float(np.linalg.norm(a - b)) for a, b in pairwise(steps)]
    assert max(distances) / min(distances) < 1.25
    lightness = [step[0] for step in steps]
    # one direction: it works in grey, on paper too
    assert lightness == sorted(lightness, reverse=scheme == "light")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_text_can_be_read(scheme: str) -> None:
    pairs = [(f"used-{i}", f"{ink}-ink") for i, ink in enumerate(INKS)]
    pairs += [("broken", "broken-ink"), ("card", "quiet"), ("paper", "quiet"), ("card", "ink")]
    pairs += [("card", "accent"), ("good-back", "good"), ("bad-back", "bad"), ("card", "bad")]
    for back, ink in pairs:
        assert contrast(linear(scheme, back), linear(scheme, ink)) >= 4.5, (back, ink)
    # and the style sheet uses those inks
    for i, ink in enumerate(INKS):
        assert f".used-{i} {{ background: var(--used-{i}); color: var(--{ink}-ink); }}" in CSS


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_colour_blind_eyes_tell_the_colours_apart(scheme: str, eye: str) -> None:
    def seen(name: str) -> np.ndarray:
        return oklab(np.clip(EYES[eye] @ linear(scheme, name), 0, 1))

    steps = [seen(f"used-{i}") for i in range(len(STEPS))]
    # 0.02 is about what an eye just notices between two patches that touch
    assert min(float(np.linalg.norm(a - b)) for a, b in pairwise(steps)) > 0.06
    assert min(float(np.linalg.norm(seen("broken") - step)) for step in steps) > 0.09


def test_the_check_of_the_colours_finds_a_rainbow() -> None:
    """The control: red and green of one lightness are two colours, and one for many eyes."""
    red, green = np.array([0.4, 0.0, 0.0]), np.array([0.12, 0.085, 0.0])
    seen = [oklab(np.clip(EYES["deuteranopia"] @ rgb, 0, 1)) for rgb in (red, green)]
    assert np.linalg.norm(oklab(red) - oklab(green)) > 0.1
    assert np.linalg.norm(seen[0] - seen[1]) < 0.06


def test_steps_of_the_limit() -> None:
    assert [step_of(x) for x in (0, 0.01, 0.011, 0.1, 0.31, 0.6, 0.61, 1)] == [
        *(0, 0, 1, 2, 4, 4, 5, 5)
    ]


def test_cells_say_and_lead_where_they_should(full_report: Report) -> None:
    html = matrix(full_report)
    row = next(r for r in full_report.rows if (r.variant, r.runtime) == ("tflite-int8", "litert"))
    assert row.worst_error is not None
    assert row.worst_error.used is not None
    cell = re.search(r'<a class="used-(\d)" href="#tflite-int8-on-litert">(.*?)</a>', html)
    assert cell is not None
    assert int(cell[1]) == step_of(row.worst_error.used)
    assert f"{row.worst_error.value:g} steps" in cell[2]
    assert f"{100 * row.worst_error.used:.0f} % used" in cell[2]
    assert 'class="reference" href="#tflite-int8-on-litert-reference"' in html
    assert 'class="bad"' not in html.partition('class="legend"')[0]


def test_a_broken_cell_is_broken_in_words_too(broken_report: Report) -> None:
    html = matrix(broken_report)
    cell = re.search(r'<a class="bad" href="#tflite-float32-on-litert">(.*?)</a>', html)
    assert cell is not None
    assert "<b>✗ relative</b>" in cell[1]
    assert "limit 1e-12" in cell[1]
    # the cost of int8 broke on both of its runtimes, and so in the column of costs
    assert html.count("✗ noise</b>") == 3


def test_a_runtime_that_failed_is_named(full_report: Report) -> None:
    import dataclasses

    runtimes = tuple(
        dataclasses.replace(r, state="failed", reason="crashed <loudly>")
        if r.name == "tfjs-webgpu"
        else r
        for r in full_report.runtimes
    )
    html = matrix(dataclasses.replace(full_report, runtimes=runtimes))
    assert "<bdi>tfjs-webgpu</bdi></strong> failed: <bdi>crashed &lt;loudly&gt;</bdi>" in html
