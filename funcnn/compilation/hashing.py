"""Random numbers in a kernel: the hash of `funcnn.bits`, of the number of an entry."""

from __future__ import annotations

import math

from funcnn.bits import GOLDEN, MIX_A, MIX_B
from funcnn.compilation.functions import log1p
from funcnn.compilation.graph import Node
from funcnn.compilation.text import Index, Text
from funcnn.compilation.trigonometric import of_quarter


def random(t: Text, node: Node, row: Index, f: Index, constants: str, apart: int) -> str:
    """Where the word of feature f, for the rows of a panel from `row` on, is at least a threshold: a panel of bools."""
    threshold, words = node.data[0], f"<{t.rows} x i32>"
    keys = [t.splat(_word(t, constants, t.offset(node, i)), "i32") for i in (1, 2)]
    hashed = _hashed(t, words, _index(t, words, node, row, f, apart), keys)
    return t.let(f"icmp uge {words} {hashed}, {_all(t, threshold)}")


def normal(t: Text, node: Node, row: Index, f: Index, constants: str, apart: int) -> str:
    """r cos(2 pi v), for the first half of all entries; then r sin(2 pi v), of the same words."""
    words, index = f"<{t.rows} x i32>", _index(t, f"<{t.rows} x i32>", node, row, f, apart)
    *keys, half = [t.splat(_word(t, constants, place), "i32") for place in [t.offset(node, i) for i in range(3)]]
    is_first = t.let(f"icmp ult {words} {index}, {half}")
    other = t.let(f"select {t.bools} {is_first}, {words} {t.let(f'add {words} {index}, {half}')}, {words} {index}")
    first = t.let(f"select {t.bools} {is_first}, {words} {index}, {words} {t.let(f'sub {words} {index}, {half}')}")
    u, v = [_uniform(t, words, _hashed(t, words, i, keys)) for i in (first, other)]
    r = t.call("sqrt", t.mul(t.constant(-2), log1p(t, t.neg(u))))
    quarter = t.let(f"zext {t.bools} {is_first} to {t.integers}")
    return t.mul(r, of_quarter(t, t.mul(t.constant(2 * math.pi), v), quarter))


def _index(t: Text, words: str, node: Node, row: Index, f: Index, apart: int) -> str:
    """The numbers of the entries from feature f of a row on, `apart` from one lane to the next."""
    start = t.let(f"trunc i64 {t.plus(t.times(row, node.features), f)} to i32")
    lanes = ", ".join([f"i32 {i * apart % 2**32}" for i in range(t.rows)])
    return t.let(f"add {words} {t.splat(start, 'i32')}, <{lanes}>")


def _hashed(t: Text, words: str, index: str, keys: list[str]) -> str:
    """The words with these numbers."""
    h = t.let(f"mul {words} {index}, {_all(t, int(GOLDEN))}")
    h = _mixed(t, words, t.let(f"add {words} {h}, {keys[0]}"))
    return _mixed(t, words, t.let(f"xor {words} {h}, {keys[1]}"))


def _uniform(t: Text, words: str, h: str) -> str:
    """`funcnn.bits.uniform`"""
    whole = t.let(f"lshr {words} {h}, {_all(t, 8)}")
    return t.mul(t.let(f"sitofp {words} {whole} to {t.panel}"), t.constant(2.0**-24))


def _mixed(t: Text, words: str, h: str) -> str:
    for shift, factor in ((16, int(MIX_A)), (15, int(MIX_B)), (16, 1)):
        shifted = t.let(f"lshr {words} {h}, {_all(t, shift)}")
        h = t.let(f"mul {words} {t.let(f'xor {words} {h}, {shifted}')}, {_all(t, factor)}")
    return h


def _word(t: Text, constants: str, at: Index) -> str:
    """32 bits from two floats with 16 bits each."""
    high, low = [t.let(f"fptoui {t.float} {t.number(constants, t.plus(at, i))} to i32") for i in (0, 1)]
    return t.let(f"or i32 {t.let(f'shl i32 {high}, 16')}, {low}")


def _all(t: Text, word: int) -> str:
    return f"<{', '.join([f'i32 {word}'] * t.rows)}>"
