"""Whole pictures, damaged at random: the same ones for the same seed."""

import random
import struct
import zlib
from collections.abc import Callable

from tests.edge.corpus.seeds import seeds
from tests.edge.corpus.writing import PNG_MAGIC

# what lengths, counts and offsets are wrong about
_ODD = (0, 1, 2, 7, 8, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def mutated(seed: int, index: int) -> tuple[str, bytes]:
    """The name of a seed picture, and that picture after one to four mutations."""
    chance = random.Random(f"{seed}/{index}")
    name = chance.choice(sorted(seeds()))
    content = bytearray(seeds()[name])
    for _ in range(chance.choice((1, 1, 2, 4))):
        chance.choice(_MUTATIONS)(chance, content)
        if not content:
            break
    # with its sums right, a PNG's damage reaches what is behind the check
    if content.startswith(PNG_MAGIC) and chance.random() < 0.7:
        _repair_sums(content)
    return name, bytes(content)


def _flip_bits(chance: random.Random, content: bytearray) -> None:
    for _ in range(chance.choice((1, 3, 20))):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)


def _set_bytes(chance: random.Random, content: bytearray) -> None:
    at = chance.randrange(len(content))
    length = min(chance.choice((1, 2, 4, 30)), len(content) - at)
    content[at : at + length] = chance.randbytes(length)


def _flip_in_header(chance: random.Random, content: bytearray) -> None:
    content[chance.randrange(min(64, len(content)))] ^= 1 << chance.randrange(8)


def _edit_number(chance: random.Random, content: bytearray) -> None:
    """A field of 16 or 32 bits in either order, early in the file more often than late."""
    size = chance.choice((2, 4))
    if len(content) < size:
        return
    at = int((len(content) - size) * chance.random() ** 2)
    order = chance.choice("<>")
    value = chance.choice(_ODD) & ((1 << 8 * size) - 1)
    struct.pack_into(order + {2: "H", 4: "I"}[size], content, at, value)


def _truncate(chance: random.Random, content: bytearray) -> None:
    del content[chance.randrange(len(content)) :]


def _delete(chance: random.Random, content: bytearray) -> None:
    start = chance.randrange(len(content))
    del content[start : start + chance.choice((1, 4, 50, 500))]


def _repeat(chance: random.Random, content: bytearray) -> None:
    start = chance.randrange(len(content))
    part = content[start : start + chance.choice((1, 4, 50, 500))]
    at = chance.randrange(len(content))
    content[at:at] = part * chance.choice((1, 2, 30))


def _swap(chance: random.Random, content: bytearray) -> None:
    """Two neighbouring stretches."""
    first, second, third = sorted(chance.randrange(len(content) + 1) for _ in range(3))
    content[first:third] = content[second:third] + content[first:second]


def _splice(chance: random.Random, content: bytearray) -> None:
    """The front of one file and the back of another."""
    other = seeds()[chance.choice(sorted(seeds()))]
    content[chance.randrange(len(content)) :] = other[chance.randrange(len(other)) :]


_MUTATIONS: tuple[Callable[[random.Random, bytearray], None], ...] = (
    _flip_bits,
    _set_bytes,
    _flip_in_header,
    _edit_number,
    _edit_number,
    _truncate,
    _delete,
    _repeat,
    _swap,
    _splice,
)


def _repair_sums(content: bytearray) -> None:
    at = 8
    while at + 12 <= len(content):
        end = at + 8 + int.from_bytes(content[at : at + 4], "big")
        if end + 4 > len(content):
            break
        struct.pack_into(">I", content, end, zlib.crc32(content[at + 4 : end]))
        at = end + 4
