"""Paths in files that are handed on."""

import pytest

from edgeproof.edge.shown_path import shown_path


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("runs/mnist", "runs/mnist"),
        ("mnist", "mnist"),
        ("./runs/../runs/mnist", "mnist"),
        ("/home/ada/runs/mnist", "mnist"),
        ("/home/ada/runs/mnist/", "mnist"),
        ("../ada/mnist", "mnist"),
        ("..", "."),
        ("/", "."),
    ],
)
def test_no_folder_above_the_working_one_is_named(given: str, shown: str) -> None:
    assert shown_path(given) == shown
