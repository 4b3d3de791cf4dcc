"""The processes below one."""

from pathlib import Path


def descendants(pid: int) -> list[int]:
    """Process ids of all that a process has started, and what that has; only where /proc is.

    A browser leads a group of its own, so that ending a runtime's group does not end it; and one
    that hangs does not notice that whoever started it is gone.
    """
    found = []
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):  # one for each thread
        try:
            children = [int(child) for child in listed.read_text().split()]
        except OSError:  # the thread has ended meanwhile
            continue
        for child in children:
            found += [child, *descendants(child)]
    return found
