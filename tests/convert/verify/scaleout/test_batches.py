"""Cut, and put together again: no row is lost, none counts twice."""

import numpy as np
import pytest

from edgeproof.convert.verify.errors import RuntimeFailed
from edgeproof.convert.verify.scaleout.batches import MOST_BYTES, Answer, batches_of, in_order


@pytest.mark.parametrize(
    ("shape", "sizes"),
    [
        ((600, 28, 28, 1), [256, 256, 88]),
        ((60, 224, 224, 3), [55, 5]),
        ((2, 2000, 2000, 3), [1, 1]),  # larger than a message should be, but one is the least
        ((1, 8), [1]),
    ],
)
def test_batches_are_small_messages_and_cover_every_row(
    shape: tuple[int, ...], sizes: list[int]
) -> None:
    array = np.zeros(shape, np.uint8)
    batches = list(batches_of([array]))
    assert [batch.stop - batch.start for batch in batches] == sizes
    assert [len(batch.content[0]) for batch in batches] == sizes
    assert all(b.content[0].nbytes <= MOST_BYTES or len(b.content[0]) == 1 for b in batches)
    assert sum(sizes) == len(array)


def test_every_input_of_a_model_is_cut_alike() -> None:
    tokens, image = np.arange(300), np.arange(600).reshape(300, 2)
    second = list(batches_of([tokens, image]))[1]
    assert second.content[0][0] == 256
    assert second.content[1].tolist()[0] == [512, 513]


def answer(start: int, stop: int) -> Answer:
    return Answer(start, stop, f"{start}-{stop}", "")


def test_answers_are_put_in_order() -> None:
    answers = [answer(4, 6), answer(0, 2), answer(2, 4)]
    assert in_order(answers, 6) == ["0-2", "2-4", "4-6"]


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ([(0, 2), (4, 6)], "expected an answer for row 2 once, got none"),
        ([(0, 2), (2, 4), (2, 4), (4, 6)], "expected an answer for row 4 once, got two"),
        ([(0, 2), (1, 4), (4, 6)], "expected an answer for row 2 once, got two"),
        ([(2, 4), (4, 6)], "expected an answer for row 0 once, got none"),
        ([(0, 2), (2, 4)], "expected answers for 6 rows, got 4"),
        ([(0, 6), (6, 8)], "expected answers for 6 rows, got 8"),
        ([], "expected answers for 6 rows, got 0"),
    ],
)
def test_a_lost_or_a_doubled_batch_is_an_error(
    answers: list[tuple[int, int]], message: str
) -> None:
    with pytest.raises(RuntimeFailed, match=message):
        in_order([answer(*rows) for rows in answers], 6)
