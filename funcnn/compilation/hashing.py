"""Random numbers in a kernel: the hash of `funcnn.bits`, of the number of an entry."""

from __future__ import annotations

from funcnn.bits import GOLDEN, MIX_A, MIX_B
from funcnn.compilation.graph import Node
from funcnn.compilation.text import Index, Text


def random(t: Text, node: Node, row: Index, f: Index, constants: str) -> str:
    """Where the word of feature f, for the rows of a panel from `row` on, is at least a threshold: a panel of bools."""
    threshold, first, second = node.data
    words = f"<{t.rows} x i32>"
    start = t.let(f"trunc i64 {t.plus(t.times(row, node.features), f)} to i32")
    lanes = ", ".join([f"i32 {i * node.features % 2**32}" for i in range(t.rows)])
    index = t.let(f"add {words} {_splat(t, words, start)}, <{lanes}>")
    h = t.let(f"mul {words} {index}, {_all(t, int(GOLDEN))}")
    h = _mixed(t, words, t.let(f"add {words} {h}, {_splat(t, words, _word(t, constants, first))}"))
    h = _mixed(t, words, t.let(f"xor {words} {h}, {_splat(t, words, _word(t, constants, second))}"))
    return t.let(f"icmp uge {words} {h}, {_all(t, threshold)}")


def _mixed(t: Text, words: str, h: str) -> str:
    for shift, factor in ((16, int(MIX_A)), (15, int(MIX_B)), (16, 1)):
        shifted = t.let(f"lshr {words} {h}, {_all(t, shift)}")
        h = t.let(f"mul {words} {t.let(f'xor {words} {h}, {shifted}')}, {_all(t, factor)}")
    return h


def _word(t: Text, constants: str, at: int) -> str:
    """32 bits from two floats with 16 bits each."""
    high, low = [t.let(f"fptoui {t.float} {t.number(constants, at + i)} to i32") for i in (0, 1)]
    return t.let(f"or i32 {t.let(f'shl i32 {high}, 16')}, {low}")


def _splat(t: Text, words: str, word: str) -> str:
    first = t.let(f"insertelement {words} poison, i32 {word}, i64 0")
    return t.shuffled(words, first, "poison", [0] * t.rows)


def _all(t: Text, word: int) -> str:
    return f"<{', '.join([f'i32 {word}'] * t.rows)}>"
