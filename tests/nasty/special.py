"""Special functions of SciPy at the ends of their domains."""

import math

import numpy as np
from scipy import special

from tests.nasty.base import Fill, among, arrays, between, decades, elementwise, mixed, nasty, normal

POSITIVE: Fill = mixed(decades(-6, 2, signed=False), normal(20, 2))
UNIT: Fill = mixed(decades(-9, -1, signed=False), lambda rng, shape: 1 - 10.0 ** rng.uniform(-9, 0, shape))
ROOT_2PI = math.sqrt(2 * math.pi)


def log_beta_vjp(args, dA):
    a, b = args
    both = special.digamma(a + b)
    return dA * (special.digamma(a) - both), dA * (special.digamma(b) - both)


def log_multigamma(a):
    return special.multigammaln(a, 3)  # ValueError at 1 and below


def multigamma_slope(a):
    return special.digamma(a) + special.digamma(a - 0.5) + special.digamma(a - 1)


def log_dirichlet(alpha):
    return special.gammaln(alpha).sum() - special.gammaln(alpha.sum())


def lambert(x):
    return special.lambertw(x).real.astype(x.dtype)


def lambert_slope(x):
    w = lambert(x)
    return w / (x * (1 + w))


SPECIAL = [
    elementwise("log gamma", "0 to 100")(POSITIVE, special.gammaln, special.digamma),
    elementwise("log |gamma| between its poles", "-4 to 0")(between(-3.99, -0.01), special.gammaln, special.digamma),
    elementwise("log gamma near 1e300", "it is infinite beyond 1e305")(
        decades(290, 300, signed=False), special.gammaln, special.digamma
    ),
    nasty("log beta", "0 to 100")(arrays(POSITIVE, "n", "n"), (special.betaln, log_beta_vjp)),
    elementwise("digamma", "0 to 100")(POSITIVE, special.digamma, lambda x: special.polygamma(1, x)),
    elementwise("log gamma in three dimensions", "raises at 1")(
        decades(-3, 1, signed=False, around=1.0), np.vectorize(log_multigamma, otypes=[float]), multigamma_slope
    ),
    nasty("log of Dirichlet's constant", "of positive numbers")(
        arrays(POSITIVE, "n"),
        (log_dirichlet, lambda args, dA: (dA * (special.digamma(args[0]) - special.digamma(args[0].sum())),)),
    ),
    elementwise("inverse of erf", "near -1 and 1")(
        mixed(UNIT, lambda rng, shape: -rng.uniform(0, 1, shape)),
        special.erfinv,
        lambda x: math.sqrt(math.pi) / 2 * np.exp(special.erfinv(x) ** 2),
    ),
    elementwise("quantiles of a normal distribution", "near 0 and 1")(
        UNIT, special.ndtri, lambda p: ROOT_2PI * np.exp(special.ndtri(p) ** 2 / 2)
    ),
    elementwise("log of a normal distribution", "far to the left")(
        mixed(between(-40, 0), normal()),
        special.log_ndtr,
        lambda x: np.exp(-x * x / 2 - special.log_ndtr(x)) / ROOT_2PI,
    ),
    nasty("x log y", "0 log 0 is 0")(
        arrays(mixed(among(0.0), decades(-6, 1, signed=False)), "n", "n"),
        (special.xlogy, lambda args, dA: (dA * np.log(args[1]), dA * args[0] / args[1])),
    ),
    elementwise("entropy of each", "-inf below 0, at 0 a slope without end")(
        mixed(among(0.0), decades(-6, 1, signed=False)), special.entr, lambda p: -np.log(p) - 1
    ),
    nasty("relative entropy of each", "infinite below 0")(
        arrays(decades(-6, 1, signed=False), "n", "n"),
        (special.rel_entr, lambda args, dA: (dA * (np.log(args[0] / args[1]) + 1), -dA * args[0] / args[1])),
    ),
    elementwise("logit of SciPy", "nan beyond 0 and 1")(UNIT, special.logit, lambda p: 1 / (p * (1 - p))),
    elementwise("incomplete gamma, a = 2.5", "0 at 0, nan below")(
        mixed(among(0.0), POSITIVE),
        lambda x: special.gammainc(2.5, x),
        lambda x: x**1.5 * np.exp(-x) / special.gamma(2.5),
    ),
    elementwise("incomplete beta, a = 2, b = 0.5", "nan beyond 0 and 1")(
        UNIT, lambda x: special.betainc(2, 0.5, x), lambda x: x / np.sqrt(1 - x) / special.beta(2, 0.5)
    ),
    elementwise("Bessel's I0, scaled", "a kink at 0 by its scale")(
        mixed(among(0.0), normal(0, 30)), special.i0e, lambda x: special.i1e(x) - np.sign(x) * special.i0e(x)
    ),
    elementwise("Bessel's K0", "infinite at 0")(decades(-9, 2, signed=False), special.k0, lambda x: -special.k1(x)),
    elementwise("Bessel's Y0", "-inf at 0")(decades(-9, 2, signed=False), special.y0, lambda x: -special.y1(x)),
    elementwise("Bessel's J0", "waves")(normal(0, 100), special.j0, lambda x: -special.j1(x)),
    elementwise("complete elliptic integral", "infinite at 1")(
        lambda rng, shape: 1 - 10.0 ** rng.uniform(-6, -0.1, shape),
        special.ellipk,
        lambda m: (special.ellipe(m) / (1 - m) - special.ellipk(m)) / (2 * m),
    ),
    elementwise("Lambert's W", "complex below -1/e")(
        mixed(decades(-6, 2, signed=False), between(-0.36, -0.1)), lambert, lambert_slope
    ),
    elementwise("exponential integral", "infinite at 0")(
        decades(-9, 2, signed=False), special.exp1, lambda x: -np.exp(-x) / x
    ),
    elementwise("scaled complement of erf", "its slope cancels")(
        between(-5, 50), special.erfcx, lambda x: 2 * x * special.erfcx(x) - 2 / math.sqrt(math.pi)
    ),
    elementwise("Dawson's integral", "its slope cancels")(
        normal(0, 10), special.dawsn, lambda x: 1 - 2 * x * special.dawsn(x)
    ),
    elementwise("dilogarithm", "nan below 0")(
        mixed(decades(-6, 1, signed=False), between(0.5, 2)), special.spence, lambda x: np.log(x) / (1 - x)
    ),
    elementwise("gamma", "infinite beyond 171")(
        mixed(between(160, 171.6), between(0.1, 5)), special.gamma, lambda x: special.gamma(x) * special.digamma(x)
    ),
    elementwise("Box and Cox, 0.3", "nan below 0")(
        decades(-6, 2, signed=False), lambda x: special.boxcox(x, 0.3), lambda x: x**-0.7
    ),
    elementwise("arcsin of sin", "a saw")(normal(0, 5), lambda x: np.arcsin(np.sin(x)), lambda x: np.sign(np.cos(x))),
]
