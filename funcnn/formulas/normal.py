"""The complementary error function of panels, within 2.5 units in the last place.

erf and erfc are fractions of polynomials in four ranges of |x|: FreeBSD's msun, s_erf.c, whose formulas these are.
"""

from __future__ import annotations

from funcnn.formulas.arithmetic import Arithmetic, V
from funcnn.formulas.functions import exp, polynomial

_AT_1 = 8.45062911510467529297e-01  # erf(1), less what the fraction around 1 adds
_HEAD = {8: -(1 << 32), 4: -(1 << 13)}  # the bits of a float whose square is exact
_BOUNDS = 0.84375, 1.25, 1 / 0.35

# Numerators and denominators, from the highest power down: in x^2 below 0.84375, in |x| - 1 below 1.25, in 1 / x^2
# below 1 / 0.35, and above.
_FRACTIONS = [
    (
        [
            *[-2.37630166566501626084e-05, -5.77027029648944159157e-03, -2.84817495755985104766e-02],
            *[-3.25042107247001499370e-01, 1.28379167095512558561e-01],
        ],
        [
            *[-3.96022827877536812320e-06, 1.32494738004321644526e-04, 5.08130628187576562776e-03],
            *[6.50222499887672944485e-02, 3.97917223959155352819e-01, 1.0],
        ],
    ),
    (
        [
            *[-2.16637559486879084300e-03, 3.54783043256182359371e-02, -1.10894694282396677476e-01],
            *[3.18346619901161753674e-01, -3.72207876035701323847e-01, 4.14856118683748331666e-01],
            -2.36211856075265944077e-03,
        ],
        [
            *[1.19844998467991074170e-02, 1.36370839120290507362e-02, 1.26171219808761642112e-01],
            *[7.18286544141962662868e-02, 5.40397917702171048937e-01, 1.06420880400844228286e-01, 1.0],
        ],
    ),
    (
        [
            *[-9.81432934416914548592e00, -8.12874355063065934246e01, -1.84605092906711035994e02],
            *[-1.62396669462573470355e02, -6.23753324503260060396e01, -1.05586262253232909814e01],
            *[-6.93858572707181764372e-01, -9.86494403484714822705e-03],
        ],
        [
            *[-6.04244152148580987438e-02, 6.57024977031928170135e00, 1.08635005541779435134e02],
            *[4.29008140027567833386e02, 6.45387271733267880336e02, 4.34565877475229228821e02],
            *[1.37657754143519042600e02, 1.96512716674392571292e01, 1.0],
        ],
    ),
    (
        [
            *[-4.83519191608651397019e02, -1.02509513161107724954e03, -6.37566443368389627722e02],
            *[-1.60636384855821916062e02, -1.77579549177547519889e01, -7.99283237680523006574e-01],
            -9.86494292470009928597e-03,
        ],
        [
            *[-2.24409524465858183362e01, 4.74528541206955367215e02, 2.55305040643316442583e03],
            *[3.19985821950859553908e03, 1.53672958608443695994e03, 3.25792512996573918826e02],
            *[3.03380607434824582924e01, 1.0],
        ],
    ),
]


def erfc(t: Arithmetic[V], x: V) -> V:
    """1 - erf(x), which keeps its digits where erf(x) is near 1"""
    one, zero = t.constant(1), t.constant(0)
    a, most = t.call("fabs", x), t.constant(30)  # above, the result is 0 or 2
    a = t.select(t.compare("ogt", a, most), most, a)
    near, beside, below = [t.compare("olt", a, t.constant(bound)) for bound in _BOUNDS]
    square = t.mul(a, a)
    arguments = [square, t.sub(a, one), *[t.div(one, square)] * 2]
    parts = [[polynomial(t, z, list(p)) for p in f] for z, f in zip(arguments, _FRACTIONS, strict=True)]
    top, bottom = [
        t.select(near, p[0], t.select(beside, p[1], t.select(below, p[2], p[3]))) for p in zip(*parts, strict=True)
    ]
    fraction, is_positive = t.div(top, bottom), t.compare("oge", x, zero)
    part = t.mul(x, fraction)
    small = t.sub(one, t.add(x, part))
    larger = t.sub(t.constant(0.5), t.add(part, t.sub(x, t.constant(0.5))))
    by_half = t.select(t.compare("olt", x, t.constant(0.25)), small, larger)
    right = t.sub(t.constant(1 - _AT_1), fraction)
    by_one = t.select(is_positive, right, t.add(one, t.add(t.constant(_AT_1), fraction)))
    head = t.floats(t.integral("and", t.bits(a), t.whole(_HEAD[t.bytes])))
    first = exp(t, t.sub(t.neg(t.exactly("fmul", head, head)), t.constant(0.5625)))
    rest = t.add(t.mul(t.exactly("fsub", head, a), t.exactly("fadd", head, a)), fraction)
    tail = t.div(t.mul(first, exp(t, rest)), a)
    by_exp = t.select(is_positive, tail, t.sub(t.constant(2), tail))
    return t.select(near, by_half, t.select(beside, by_one, by_exp))
