"""Exponential, logarithm and hyperbolic tangent of panels, within 1.3 units in the last place.

Arguments are reduced as in Muller 2016, Elementary Functions, chapter 11. NaN gives NaN; infinities give the limits.
"""

from __future__ import annotations

import math

from funcnn.formulas.arithmetic import Arithmetic, V
from funcnn.scalars import LOG_2

# By the bytes of a float. log 2 is a sum of two floats, the first with so few bits that its products are exact.
_LOG_2 = {8: (6.93147180369123816490e-01, 1.90821492927058770002e-10), 4: (0.693359375, -2.12194440e-4)}
MAGIC = {8: 1.5 * 2.0**52, 4: 1.5 * 2.0**23}  # a float plus this number ends in the bits of the nearest whole number
_BIAS = {8: 1023, 4: 127}  # of the exponent
FRACTION = {8: 52, 4: 23}  # bits
_SMALLEST = {8: 2.0**-1022, 4: 2.0**-126}  # the smallest normal number

# tanh(x) = x + x z P(z) / Q(z), z = x^2, below 0.625: Moshier 1989, Methods and Programs for Mathematical Functions
# (Cephes), tanh.c and tanhf.c.
_TANH = {
    8: (
        [-9.64399179425052238628e-1, -9.92877231001918586564e1, -1.61468768441708447952e3],
        [1.0, 1.12811678491632931402e2, 2.23548839060100448583e3, 4.84406305325125486048e3],
    ),
    4: ([-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1], [1.0]),
}
# log(1 + f) = f - f^2 / 2 + s (f^2 / 2 + R(s^2)), s = f / (2 + f): FreeBSD's msun, e_log.c and e_logf.c, R from the
# highest power of s^2 down.
_LOG = {
    8: [
        *[1.479819860511658591e-01, 1.531383769920937332e-01, 1.818357216161805012e-01, 2.222219843214978396e-01],
        *[2.857142874366239149e-01, 3.999999999940941908e-01, 6.666666666666735130e-01],
    ],
    4: [0.24279078841, 0.28498786688, 0.40000972152, 0.66666662693],
}


def exp(t: Arithmetic[V], x: V) -> V:
    """e^x = 2^n (1 + p), with 2^n as two factors, so that the result reaches infinity, the subnormal numbers and 0."""
    n, bits, (r, rest) = _reduced(t, _clamped(t, x, *((-746, 710) if t.double else (-105, 89))))
    return two_to(t, n, bits, r, rest)


def two_to(t: Arithmetic[V], n: V, bits: V, r: V, rest: V) -> V:
    """2^n (1 + r + rest), for bits that end in n"""
    half, other = _halves(t, n, bits)
    first = _power(t, half)
    return t.exactly("fmul", t.fma(first, t.add(r, rest), first), _power(t, other))


def expm1(t: Arithmetic[V], x: V) -> V:
    """e^x - 1 = (s p + s - 1 / q) q with s q = 2^n, which loses no digits near 0."""
    n, bits, (r, rest) = _reduced(t, _clamped(t, x, *((-50, 710) if t.double else (-30, 89))))
    half, other = _halves(t, n, bits)
    s, q, inverse = _power(t, half), _power(t, other), _power(t, t.integral("sub", t.whole(0), other))
    value = t.exactly("fmul", t.fma(s, rest, t.fma(s, r, t.sub(s, inverse))), q)
    return t.select(t.compare("oeq", x, t.constant(0)), x, value)  # -0 stays -0


def _clamped(t: Arithmetic[V], x: V, low: float, high: float) -> V:
    """x between two bounds; NaN stays NaN."""
    least, most = t.constant(low), t.constant(high)
    x = t.select(t.compare("olt", x, least), least, x)
    return t.select(t.compare("ogt", x, most), most, x)


def _reduced(t: Arithmetic[V], x: V) -> tuple[V, V, tuple[V, V]]:
    """(n, bits that end in n, p): x = n log 2 + r, and p = e^r - 1 as the sum of r and a rest."""
    magic, (high, low) = t.constant(MAGIC[t.bytes]), _LOG_2[t.bytes]
    ends_in_n = t.fma(x, t.constant(1 / LOG_2), magic)
    n = t.exactly("fsub", ends_in_n, magic)
    above = t.sub(x, t.mul(n, t.constant(high)))
    r = t.sub(above, t.mul(n, t.constant(low)))
    lost = t.sub(t.exactly("fsub", above, r), t.mul(n, t.constant(low)))
    series = polynomial(t, r, [1 / math.factorial(k) for k in range(13 if t.double else 7, 1, -1)])
    return n, t.bits(ends_in_n), (r, t.fma(t.mul(series, r), r, lost))


def _halves(t: Arithmetic[V], n: V, bits: V) -> tuple[V, V]:
    """Bits that end in two whole numbers of about n / 2, with the sum n."""
    half = t.bits(t.fma(n, t.constant(0.5), t.constant(MAGIC[t.bytes])))
    return half, t.integral("sub", bits, half)


def _power(t: Arithmetic[V], bits: V) -> V:
    """2^i for bits that end in i."""
    return t.floats(t.integral("shl", t.integral("add", bits, t.whole(_BIAS[t.bytes])), t.whole(FRACTION[t.bytes])))


def polynomial(t: Arithmetic[V], x: V, coefficients: list[float]) -> V:
    """Horner's rule, from the highest power down."""
    value = t.constant(coefficients[0])
    for c in coefficients[1:]:
        value = t.fma(value, x, t.constant(c))
    return value


def tanh(t: Arithmetic[V], x: V) -> V:
    """b + b u: below 0.625 b = |x| and u = z P / Q, else b = 1 and u = -2 / (e^2|x| + 1), with one division for both

    With the formula for large |x| alone, tanh would be off by 2.4 units near 0.625.
    """
    a, most = t.call("fabs", x), t.constant(22 if t.double else 10)
    is_far = t.compare("oge", a, t.constant(0.625))
    _, bits, (r, rest) = _reduced(t, t.mul(t.select(t.compare("ogt", a, most), most, a), t.constant(2)))
    power = _power(t, bits)
    e_plus_1 = t.add(t.fma(power, t.add(r, rest), power), t.constant(1))
    z, (above, below) = t.mul(a, a), _TANH[t.bytes]
    numerator = t.select(is_far, t.constant(-2), t.mul(z, polynomial(t, z, above)))
    u = t.div(numerator, t.select(is_far, e_plus_1, polynomial(t, z, below)))
    b = t.select(is_far, t.constant(1), a)
    return t.call("copysign", t.fma(b, u, b), x)


def log(t: Arithmetic[V], x: V) -> V:
    """log x = n log 2 + log(1 + f), with 1 + f between 1 / sqrt(2) and sqrt(2)."""
    return _limits(t, x, _logarithm(t, *of_positive(t, x), t.constant(0)))


def of_positive(t: Arithmetic[V], x: V) -> tuple[V, V]:
    """`exponent_and_fraction` of a positive number; subnormal numbers are scaled first."""
    is_small, scale = t.compare("olt", x, t.constant(_SMALLEST[t.bytes])), FRACTION[t.bytes] + 2
    n, f = exponent_and_fraction(t, t.bits(t.select(is_small, t.mul(x, t.constant(2.0**scale)), x)))
    return t.select(is_small, t.sub(n, t.constant(scale)), n), f


def log1p(t: Arithmetic[V], x: V) -> V:
    """log(1 + x) with f = x if |x| < 1/4; else log u - (u - 1 - x) / u, where u is 1 + x rounded."""
    one, zero = t.constant(1), t.constant(0)
    u = t.exactly("fadd", x, one)
    lost = t.div(t.exactly("fsub", t.exactly("fsub", u, one), x), u)
    n, f = exponent_and_fraction(t, t.bits(u))
    is_near = t.compare("olt", t.call("fabs", x), t.constant(0.25))
    n, f, lost = t.select(is_near, zero, n), t.select(is_near, x, f), t.select(is_near, zero, lost)
    return t.select(t.compare("oeq", x, zero), x, _limits(t, u, _logarithm(t, n, f, lost)))  # -0 stays -0


def _logarithm(t: Arithmetic[V], n: V, f: V, lost: V) -> V:
    """n log 2 + log(1 + f) - lost, the small terms first."""
    s, half = t.div(f, t.add(f, t.constant(2))), t.mul(t.mul(f, f), t.constant(0.5))
    series = _by_parity(t, t.mul(s, s), _LOG[t.bytes])
    high, low = _LOG_2[t.bytes]
    small = t.fma(s, t.add(half, series), t.sub(t.mul(n, t.constant(low)), lost))
    return t.sub(t.mul(n, t.constant(high)), t.sub(t.sub(half, small), f))


def _limits(t: Arithmetic[V], x: V, value: V) -> V:
    """The logarithm of x, given its value for finite x above 0."""
    zero, infinity = t.constant(0), t.constant(math.inf)
    value = t.select(t.compare("oeq", x, zero), t.constant(-math.inf), value)
    value = t.select(t.compare("olt", x, zero), t.constant(math.nan), value)
    return t.select(t.compare("ueq", x, infinity), x, value)  # NaN as well


def _by_parity(t: Arithmetic[V], z: V, coefficients: list[float]) -> V:
    """z times a polynomial in z, even and odd powers apart, which a processor computes side by side."""
    square = t.mul(z, z)
    first, second = [polynomial(t, square, coefficients[start::2]) for start in (1, 0)]
    if len(coefficients) % 2:  # the lowest power is among the second ones
        return t.add(t.mul(square, first), t.mul(z, second))
    return t.add(t.mul(z, first), t.mul(square, second))


def exponent_and_fraction(t: Arithmetic[V], bits: V) -> tuple[V, V]:
    """(n, f) for the bits of a float 2^n (1 + f), f between 1 / sqrt(2) - 1 and sqrt(2) - 1."""
    bias, shift = _BIAS[t.bytes], t.whole(FRACTION[t.bytes])
    one = bias << FRACTION[t.bytes]
    root = 0x3FE6A09E00000000 if t.double else 0x3F3504F3  # 1 / sqrt(2), or a little less
    raised = t.integral("lshr", t.integral("add", bits, t.whole(one - root)), shift)  # n + bias
    n = t.counted(raised, bias)
    scaled = t.integral("add", t.integral("sub", bits, t.integral("shl", raised, shift)), t.whole(one))
    return n, t.sub(t.floats(scaled), t.constant(1))
