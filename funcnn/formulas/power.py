"""Powers of panels, x^y = 2^(y log2 x), within 1.3 units in the last place.

The logarithm and its product with y are sums of two floats, the first of so few bits that its products are exact:
FreeBSD's msun, e_pow.c and e_powf.c, whose formulas these are.
"""

from __future__ import annotations

import math

from funcnn.formulas.arithmetic import Arithmetic, V
from funcnn.formulas.functions import FRACTION, MAGIC, of_positive, polynomial, two_to
from funcnn.scalars import LOG_2

_HEAD = {8: -(1 << 32), 4: -(1 << 12)}  # the bits of a float whose square is exact
# log2 m = s t 2 / (3 log 2), with s = (m - 1) / (m + 1) and t = 3 + s^2 + 3/5 s^4 + 3/7 s^6 + ...
_TERMS = {8: 13, 4: 6}
# By the bytes of a float: 2 / (3 log 2) and log 2, each as a sum of two floats.
_FACTOR = {8: (9.61796700954437255859e-01, -7.02846165095275826516e-09), 4: (9.6191406250e-01, -1.1736857402e-04)}
_LOG_2 = {8: (6.93147182464599609375e-01, -1.90465429995776804525e-09), 4: (6.93145752e-01, 1.42860654e-06)}
# Exponents beyond the first give infinity or 0 for every x but 1; powers of 2 beyond the second are infinity or 0.
_MOST = {8: (2.0**65, 1100), 4: (2.0**34, 200)}


def power(t: Arithmetic[V], x: V, y: V) -> V:
    """x^y, with the limits of C: NaN for a negative x and a y that is not whole; 1 where x is 1 or y is 0"""
    a, size, zero, one = t.call("fabs", x), t.call("fabs", y), t.constant(0), t.constant(1)
    infinity, is_falling = t.constant(math.inf), t.compare("olt", y, zero)
    value = _exponential(t, *_product(t, y, size, *_logarithm(t, a)))
    at_0, at_infinity = t.select(is_falling, infinity, zero), t.select(is_falling, zero, infinity)
    value = t.select(t.compare("oeq", a, zero), at_0, t.select(t.compare("oeq", a, infinity), at_infinity, value))
    is_whole = _is_whole(t, size)
    is_even = t.logic("or", _is_whole(t, t.mul(size, t.constant(0.5))), t.compare("oge", size, _whole_from(t, 1)))
    is_odd = t.logic("and", is_whole, t.inverse(is_even))
    value = t.select(t.logic("and", t.has_sign(x), is_odd), t.neg(value), value)
    has_none = t.logic("and", t.compare("olt", x, zero), t.compare("olt", a, infinity))
    has_none = t.logic("or", t.logic("and", has_none, t.inverse(is_whole)), t.compare("uno", x, y))
    value = t.select(has_none, t.constant(math.nan), value)
    return t.select(t.logic("or", t.compare("oeq", x, one), t.compare("oeq", y, zero)), one, value)


def _logarithm(t: Arithmetic[V], x: V) -> tuple[V, V]:
    """log2 x, of a positive x, as a sum of two floats, the first of few bits."""
    n, f = of_positive(t, x)
    below = t.exactly("fadd", f, t.constant(2))
    s = t.div(f, below)
    first, below_first = _head(t, s), _head(t, below)
    below_rest = t.exactly("fsub", f, t.exactly("fsub", below_first, t.constant(2)))
    rest = t.exactly("fsub", f, t.exactly("fmul", first, below_first))
    rest = t.div(t.exactly("fsub", rest, t.exactly("fmul", first, below_rest)), below)
    square, z, three = t.exactly("fmul", first, first), t.mul(s, s), t.constant(3)
    series = polynomial(t, z, [3 / (2 * k + 1) for k in range(_TERMS[t.bytes], 1, -1)])
    series = t.add(t.mul(t.mul(z, z), series), t.mul(rest, t.add(first, s)))
    total = _head(t, t.exactly("fadd", t.exactly("fadd", three, square), series))
    total_rest = t.exactly("fsub", series, t.exactly("fsub", t.exactly("fsub", total, three), square))
    high, low = t.exactly("fmul", first, total), t.add(t.mul(rest, total), t.mul(total_rest, s))
    high, low = _joined(t, high, low)
    factor, factor_rest = map(t.constant, _FACTOR[t.bytes])
    whole = t.add(t.mul(low, t.constant(sum(_FACTOR[t.bytes]))), t.mul(factor_rest, high))
    high = t.exactly("fmul", factor, high)
    value = _head(t, t.exactly("fadd", t.exactly("fadd", high, whole), n))
    return value, t.exactly("fsub", whole, t.exactly("fsub", t.exactly("fsub", value, n), high))


def _product(t: Arithmetic[V], y: V, size: V, high: V, low: V) -> tuple[V, V]:
    """y (high + low) as a sum of two floats, between two bounds."""
    most, largest = _MOST[t.bytes]
    limit = t.constant(most)
    y = t.select(t.compare("ogt", size, limit), t.call("copysign", limit, y), y)
    first = _head(t, y)
    low = t.add(t.mul(t.exactly("fsub", y, first), high), t.mul(y, low))
    high = t.exactly("fmul", first, high)
    bound, total = t.constant(largest), t.add(high, low)
    is_beyond = t.compare("ogt", t.call("fabs", total), bound)
    return t.select(is_beyond, t.call("copysign", bound, total), high), t.select(is_beyond, t.constant(0), low)


def _exponential(t: Arithmetic[V], high: V, low: V) -> V:
    """2^(high + low) = 2^n e^r, with 2^n as two factors."""
    magic = t.constant(MAGIC[t.bytes])
    ends_in_n = t.exactly("fadd", t.exactly("fadd", high, low), magic)
    n = t.exactly("fsub", ends_in_n, magic)
    fraction = t.exactly("fsub", high, n)
    first, rest = _joined(t, fraction, low)
    log_2, log_2_rest = map(t.constant, _LOG_2[t.bytes])
    head = t.exactly("fmul", first, log_2)
    tail = t.add(t.mul(rest, t.constant(LOG_2)), t.mul(first, log_2_rest))
    r = t.exactly("fadd", head, tail)
    lost = t.exactly("fsub", tail, t.exactly("fsub", r, head))
    series = polynomial(t, r, [1 / math.factorial(k) for k in range(13 if t.double else 7, 1, -1)])
    return two_to(t, n, t.bits(ends_in_n), r, t.fma(t.mul(series, r), r, t.fma(lost, r, lost)))


def _joined(t: Arithmetic[V], a: V, b: V) -> tuple[V, V]:
    """a + b as a sum of two floats, the first of few bits."""
    first = _head(t, t.exactly("fadd", a, b))
    return first, t.exactly("fsub", b, t.exactly("fsub", first, a))


def _head(t: Arithmetic[V], x: V) -> V:
    return t.floats(t.integral("and", t.bits(x), t.whole(_HEAD[t.bytes])))


def _is_whole(t: Arithmetic[V], size: V) -> V:
    """Whether a number that is not negative is whole."""
    limit = _whole_from(t, 0)
    rounded = t.exactly("fsub", t.exactly("fadd", size, limit), limit)
    return t.logic("or", t.compare("oeq", rounded, size), t.compare("oge", size, limit))


def _whole_from(t: Arithmetic[V], more: int) -> V:
    """The number from which on all floats are whole; or, for 1, all are even."""
    return t.constant(2.0 ** (FRACTION[t.bytes] + more))
