"""What each part of a picture was worth: its colours and its words, in Node."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

RunModules = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]


def asked(run_modules: RunModules, call: str, **given: Any) -> Any:
    (answer,) = run_modules([{"call": call, **given}])
    assert "error" not in answer, answer
    return answer["result"]


def oklab(srgb: np.ndarray) -> np.ndarray:
    """N x 3 of 0 to 255 in OKLab (Ottosson, 2020)."""
    c = np.asarray(srgb) / 255
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    cones = linear @ np.array(
        [
            [0.4122214708, 0.2119034982, 0.0883024619],
            [0.5363325363, 0.6806995451, 0.2817188376],
            [0.0514459929, 0.1073969566, 0.6299787005],
        ]
    )
    return np.cbrt(cones) @ np.array(
        [
            [0.2104542553, 1.9779984951, 0.0259040371],
            [0.7936177850, -2.4285922050, 0.7827717662],
            [-0.0040720468, 0.4505937099, -0.8086757660],
        ]
    )


@pytest.mark.parametrize("luminance", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("sign", [1, -1])
def test_colours_step_evenly_and_get_lighter(
    run_modules: RunModules, luminance: float, sign: int
) -> None:
    heats = np.linspace(0, sign, 11)
    colors = np.array(asked(run_modules, "colors", points=[[luminance, h] for h in heats]))
    # inside what a screen shows: cut colours would not be even
    assert colors.min() >= 0
    assert colors.max() < 254.9
    lab = oklab(colors)
    steps = np.linalg.norm(np.diff(lab, axis=0), axis=1)
    assert steps.max() / steps.min() < 1.05
    # in gray too more is lighter
    assert (np.diff(lab[:, 0]) > 0.02).all()


def test_what_lowers_and_what_raises_are_apart_for_the_colour_blind(
    run_modules: RunModules,
) -> None:
    warm, cold = np.array(asked(run_modules, "colors", points=[[0.5, 0.5], [0.5, -0.5]]))
    # Brettel's two dichromacies that lose red or green keep OKLab's yellow to blue axis
    assert oklab(warm[None])[0, 2] > 0.04
    assert oklab(cold[None])[0, 2] < -0.04


def test_picture_shows_through_heat(run_modules: RunModules) -> None:
    pixels = asked(run_modules, "heatPixels", image=[0, 255] * 2, heat=[1, 1, 0, 0], full=1)
    hot_dark, hot_light, dark, light = np.array(pixels).reshape(4, 4)
    assert (light[:3] > dark[:3]).all()
    assert (hot_light[:3] > hot_dark[:3]).all()
    assert hot_dark[0] > light[0]
    assert len(set(dark[:3])) == 1  # without heat it is gray


@pytest.mark.parametrize("side", [1, 2, 3, 7, 8, 28, 32, 96, 224, 299])
def test_patches_cover_the_side_to_its_end(run_modules: RunModules, side: int) -> None:
    (found,) = asked(run_modules, "patches", sides=[side])
    covered = np.zeros(side, int)
    for start in found["starts"]:
        assert 0 <= start <= side - found["length"]
        covered[start : start + found["length"]] += 1
    assert covered.min() >= 1
    assert found["starts"] == sorted(set(found["starts"]))
    assert len(found["starts"]) <= 13


def test_mean_rounds_halves_up(run_modules: RunModules) -> None:
    image = [1, 10, 2, 11, 2, 12, 1, 12]
    assert asked(run_modules, "meanColor", image=image, channels=2) == [2, 11]


def words(run_modules: RunModules, drops: list[float]) -> str:
    given = {
        "probability": 0.98,
        "patch": {"width": 10, "height": 10},
        "lefts": [0, 10, 20],
        "tops": [0, 10, 20],
        "drops": drops,
    }
    size = {"width": 30, "height": 30}
    text: str = asked(run_modules, "words", map=given, label="7", size=size)["text"]
    return text


def test_words_name_the_place_and_the_points(run_modules: RunModules) -> None:
    drops = [0, 0, 0.43, 0, 0, 0, -0.017, 0, 0]
    assert words(run_modules, drops) == (
        "Covering the top right lowers the probability of “\u20687\u2069” by up to 43 points, "
        "from 98.0 % to 55.0 %. Covering the bottom left raises it by up to 1.7 points."
    )
    assert words(run_modules, [0, 0, 0, 0, 0.06, 0, 0, 0, 0]).startswith(
        "Covering the middle lowers the probability of “\u20687\u2069” by up to 6.0 points"
    )
    assert words(run_modules, [0, 0, 0, -0.06, 0, 0, 0, 0, 0]) == (
        "Covering no part lowers the probability of “\u20687\u2069”. "
        "Covering the left side raises it by up to 6.0 points."
    )
    assert words(run_modules, [1e-4] * 9).startswith("No single part decides")
