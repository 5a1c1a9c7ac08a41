"""Arctangents of any arithmetic, within 1.5 units in the last place: FreeBSD's msun, s_atan.c and e_atan2.c."""

from __future__ import annotations

from funcnn.formulas.arithmetic import Arithmetic, V
from funcnn.formulas.functions import polynomial

# arctan x = x - x z P(z), z = x^2, below 7/16, from the highest power down.
_SERIES = [
    *[1.62858201153657823623e-02, -3.65315727442169155270e-02, 4.97687799461593236017e-02, -5.83357013379057348645e-02],
    *[6.66107313738753120669e-02, -7.69187620504482999495e-02, 9.09088713343650656196e-02, -1.11111104054623557880e-01],
    *[1.42857142725034663711e-01, -1.99999999998764832476e-01, 3.33333333333329318027e-01],
]
# From each bound on arctan x = arctan c + arctan((x - c) / (1 + c x)), with arctan c as a sum of two floats. From the
# last bound on c is infinite, and the fraction is -1 / x.
_PARTS = [
    (7 / 16, 0.5, (4.63647609000806093515e-01, 2.26987774529616870924e-17)),
    (11 / 16, 1.0, (7.85398163397448278999e-01, 3.06161699786838301793e-17)),
    (19 / 16, 1.5, (9.82793723247329054082e-01, 1.39033110312309984516e-17)),
]
_LAST, _HALF_PI = 39 / 16, (1.57079632679489655800e00, 6.12323399573676603587e-17)


def arctan(t: Arithmetic[V], x: V) -> V:
    """arctan |x| with the sign of x"""
    a, one, zero = t.call("fabs", x), t.constant(1), t.constant(0)
    above, below, high, low = a, one, zero, zero
    choices = [(bound, t.sub(a, t.constant(c)), t.fma(t.constant(c), a, one), parts) for bound, c, parts in _PARTS]
    for bound, top, bottom, (first, rest) in [*choices, (_LAST, t.constant(-1), a, _HALF_PI)]:
        is_from_here = t.compare("oge", a, t.constant(bound))
        above, below = t.select(is_from_here, top, above), t.select(is_from_here, bottom, below)
        high, low = t.select(is_from_here, t.constant(first), high), t.select(is_from_here, t.constant(rest), low)
    r = t.div(above, below)
    z = t.mul(r, r)
    bent = t.mul(r, t.mul(z, polynomial(t, z, _SERIES)))
    return t.call("copysign", t.sub(high, t.sub(t.sub(bent, low), r)), x)


def arctan2(t: Arithmetic[V], y: V, x: V) -> V:
    """The angle of (x, y): arctan |y / x|, or pi minus it where x is negative, with the sign of y"""
    a, b, zero = t.call("fabs", y), t.call("fabs", x), t.constant(0)
    ratio = t.select(t.compare("oeq", a, b), t.constant(1), t.div(a, b))  # also where both are infinite
    z = arctan(t, t.select(t.compare("oeq", y, zero), zero, ratio))
    pi, rest = (t.constant(2 * part) for part in _HALF_PI)
    z = t.select(t.has_sign(x), t.sub(pi, t.sub(z, rest)), z)
    return t.select(t.compare("uno", x, y), t.constant(float("nan")), t.call("copysign", z, y))
