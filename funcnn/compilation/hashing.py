"""Random numbers in a kernel: the hash of `funcnn.bits`, of the number of an entry."""

from __future__ import annotations

from funcnn.bits import CENTRE, CENTRE_END, GOLDEN, MIX_A, MIX_B, TAIL, TAIL_BEGIN
from funcnn.compilation.graph import Node
from funcnn.compilation.text import Index, Text


def random(t: Text, node: Node, row: Index, f: Index, constants: str, apart: int) -> str:
    """Where the word of feature f, for the rows of a panel from `row` on, is at least a threshold: a panel of bools."""
    threshold, words = node.data[0], f"<{t.rows} x i32>"
    keys = [t.splat(_word(t, constants, t.offset(node, i)), "i32") for i in (1, 2)]
    hashed = _hashed(t, words, _index(t, words, node, row, f, apart), keys)
    return t.let(f"icmp uge {words} {hashed}, {_all(t, threshold)}")


def normal(t: Text, node: Node, row: Index, f: Index, constants: str, apart: int) -> str:
    """`funcnn.bits.normal`, each operation of which is rounded by itself, so the bits are the same."""
    words = f"<{t.rows} x i32>"
    keys = [t.splat(_word(t, constants, t.offset(node, i)), "i32") for i in (0, 1)]
    k = _hashed(t, words, _index(t, words, node, row, f, apart), keys)
    with t.each_rounded():
        q = _middle(t, words, k)
        z = t.mul(q, _fraction(t, CENTRE, t.sub(t.mul(q, q), t.constant(CENTRE_END**2))))
        distance = t.let(f"xor {words} {k}, {t.let(f'ashr {words} {k}, {_all(t, 31)}')}")
        p = _middle(t, words, t.let(f"sub {words} {_all(t, 2**31 - 1)}, {distance}"))
        for _ in range(4):
            p = t.call("sqrt", p)
        tail = _fraction(t, TAIL, t.sub(p, t.constant(0.5)))
    tail = t.select(t.let(f"icmp slt {words} {k}, zeroinitializer"), t.neg(tail), tail)
    return t.select(t.let(f"icmp sge {words} {distance}, {_all(t, TAIL_BEGIN)}"), tail, z)


def _middle(t: Text, words: str, k: str) -> str:
    """(k + 1/2) / 2^32"""
    return t.mul(t.add(t.let(f"sitofp {words} {k} to {t.panel}"), t.constant(0.5)), t.constant(2.0**-32))


def _fraction(t: Text, polynomials: tuple[list[float], list[float]], x: str) -> str:
    values = []
    for highest, *rest, last in polynomials:
        value = t.mul(t.constant(highest), x)
        for coefficient in rest:
            value = t.mul(t.add(value, t.constant(coefficient)), x)
        values.append(t.add(value, t.constant(last)))
    return t.div(*values)


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
