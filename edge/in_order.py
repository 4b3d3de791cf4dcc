"""A function over a stream, several items at a time, results in the stream's order."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

# how many items are begun for each thread before the oldest result is waited for: the second one
# keeps a thread busy while the caller is
_BEGUN_PER_THREAD = 2


def map_in_order(
    function: Callable[[Item], Result], items: Iterable[Item], *, threads: int
) -> Iterator[Result]:
    """Yield `function(item)` for each item, in order, while up to `threads` of them are computed.

    Lazy and bounded: items are read by the caller's own thread, `2 * threads` ahead of the result
    that it waits for at most, and a caller that is slow holds everything up. A result that is
    ready is given before another item is read. When the caller stops (`break`, `close()`, Ctrl-C)
    or anything raises, what was not begun is dropped, and the threads end with what they have in
    work.

    Raises:
        Exception: the first one, in order, that `function` raised; or what `items` raised, at once.
    """
    begun: deque[Future[Result]] = deque()
    executor = ThreadPoolExecutor(threads, thread_name_prefix="edgeproof")
    try:
        for item in items:
            begun.append(executor.submit(function, item))
            while begun and (len(begun) >= _BEGUN_PER_THREAD * threads or begun[0].done()):
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
    finally:
        executor.shutdown(wait=True, cancel_futures=True)
