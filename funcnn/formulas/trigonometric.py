"""Sine and cosine of panels, within 1.3 units in the last place, of arguments up to LARGEST.

The multiple of pi / 2 that is nearest is subtracted in parts whose products are exact, and what each difference loses
is added up: Muller 2016, Elementary Functions, section 11.2.
"""

from __future__ import annotations

import math

from funcnn.formulas.arithmetic import Arithmetic, V
from funcnn.formulas.functions import MAGIC, polynomial

LARGEST = {8: 1e6, 4: 1e4}
"""By the bytes of a float: of larger arguments, the products with parts of pi / 2 are not exact."""

# pi / 2 as a sum, by the bytes of a float: of 33 and of 11 bits in each part but the last.
_PARTS = {
    8: [1.57079632673412561417, 6.07710050630396597660e-11, 2.02226624871116645580e-21, 8.47842766036889956997e-32],
    4: [1.5703125, 4.837512969970703e-4, 7.549533620476723e-8, 2.5632829192545614e-12, 6.123234262925839e-17],
}
# sin x = x + x^3 S(x^2) and cos x = 1 - x^2 / 2 + x^4 C(x^2) between -pi / 4 and pi / 4, from the highest power down:
# FreeBSD's msun, k_sin.c and k_cos.c, and Moshier 1989 (Cephes), sinf.c.
_SINE = {
    8: [
        *[1.58969099521155010221e-10, -2.50507602534068634195e-08, 2.75573137070700676789e-06],
        *[-1.98412698298579493134e-04, 8.33333333332248946124e-03, -1.66666666666666324348e-01],
    ],
    4: [-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1],
}
_COSINE = {
    8: [
        *[-1.13596475577881948265e-11, 2.08757232129817482790e-09, -2.75573143513906633035e-07],
        *[2.48015872894767294178e-05, -1.38888888888741095749e-03, 4.16666666666666019037e-02],
    ],
    4: [2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2],
}


def sin(t: Arithmetic[V], x: V) -> V:
    """sin x, whose quarter is the number of multiples of pi / 2"""
    return t.select(t.compare("oeq", x, t.constant(0)), x, of_quarter(t, x, t.whole(0)))  # -0 stays -0


def cos(t: Arithmetic[V], x: V) -> V:
    """cos x = sin(x + pi / 2)"""
    return of_quarter(t, x, t.whole(1))


def of_quarter(t: Arithmetic[V], x: V, more: V) -> V:
    """sin(x + more pi / 2), for whole numbers: sin or cos of what is left of x, by the two last bits of the quarter."""
    bits, r, rest = _reduced(t, x)
    quarter = t.integral("add", bits, more)
    z = t.mul(r, r)
    cube, half = t.mul(z, r), t.mul(z, t.constant(0.5))
    high, lowest = polynomial(t, z, _SINE[t.bytes][:-1]), t.constant(_SINE[t.bytes][-1])
    inner = t.sub(t.mul(z, t.sub(t.mul(rest, t.constant(0.5)), t.mul(cube, high))), rest)
    sine = t.sub(r, t.sub(inner, t.mul(cube, lowest)))
    above = t.exactly("fsub", t.constant(1), half)
    lost = t.exactly("fsub", t.exactly("fsub", t.constant(1), above), half)
    small = t.sub(t.mul(t.mul(z, z), polynomial(t, z, _COSINE[t.bytes])), t.mul(r, rest))
    cosine = t.add(above, t.add(lost, small))
    chosen = t.select(t.has_bit(quarter, 0), cosine, sine)
    return t.select(t.has_bit(quarter, 1), t.neg(chosen), chosen)


def _reduced(t: Arithmetic[V], x: V) -> tuple[V, V, V]:
    """(bits that end in n, r, rest): x = n pi / 2 + r + rest."""
    magic, (first, *parts, last) = t.constant(MAGIC[t.bytes]), _PARTS[t.bytes]
    ends_in_n = t.fma(x, t.constant(2 / math.pi), magic)
    n = t.exactly("fsub", ends_in_n, magic)
    r, lost = t.sub(x, t.mul(n, t.constant(first))), t.neg(t.mul(n, t.constant(last)))
    for part in parts:
        r, rounding = _difference(t, r, t.exactly("fmul", n, t.constant(part)))
        lost = t.exactly("fadd", lost, rounding)
    total = t.exactly("fadd", r, lost)
    return t.bits(ends_in_n), total, t.exactly("fadd", t.exactly("fsub", r, total), lost)


def _difference(t: Arithmetic[V], a: V, b: V) -> tuple[V, V]:
    """a - b rounded, and what rounding has lost: Knuth's TwoSum."""
    d = t.exactly("fsub", a, b)
    of_b = t.exactly("fsub", d, a)
    of_a = t.exactly("fsub", d, of_b)
    return d, t.exactly("fsub", t.exactly("fsub", a, of_a), t.exactly("fadd", b, of_b))
