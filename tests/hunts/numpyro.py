"""Densities of numpyro by value and by parameters, and their distribution functions and quantiles."""

import warnings

import numpy as np
from numpyro import distributions as D

from funcnn.testing.hunt import Target
from funcnn.testing.jax import pair
from tests.hunts.draws import *

LIBRARIES = ["numpyro", "jax"]
FOUND = "see docs/found/numpyro.md"
OPTIONS = {"float32": False, "layouts": False}
P, R, U = between(0.4, 3.0), between(-1.5, 1.5), between(0.15, 0.85)
BELOW, ABOVE = between(-1.5, -0.6), between(0.6, 1.5)
LOW, HIGH = between(0.3, 0.9), between(2.2, 3.5)


def whole(low, high):
    return lambda rng, shape: rng.integers(low, high, shape).astype(float)


# {name: (class, how parameters are drawn, how values are drawn)}
CONTINUOUS = {
    "AsymmetricLaplace": (D.AsymmetricLaplace, [R, P, P], R),
    "AsymmetricLaplaceQuantile": (D.AsymmetricLaplaceQuantile, [R, P, U], R),
    "Beta": (D.Beta, [P, P], U),
    "BetaProportion": (D.BetaProportion, [U, P], U),
    "Cauchy": (D.Cauchy, [R, P], R),
    "Chi2": (D.Chi2, [P], P),
    "Dagum": (D.Dagum, [P, P, P], P),
    "Exponential": (D.Exponential, [P], P),
    "Gamma": (D.Gamma, [P, P], P),
    "Gompertz": (D.Gompertz, [P, P], P),
    "Gumbel": (D.Gumbel, [R, P], R),
    "HalfCauchy": (D.HalfCauchy, [P], P),
    "HalfNormal": (D.HalfNormal, [P], P),
    "InverseGamma": (D.InverseGamma, [P, P], P),
    "Kumaraswamy": (D.Kumaraswamy, [P, P], U),
    "Laplace": (D.Laplace, [R, P], R),
    "Levy": (D.Levy, [BELOW, P], P),
    "Logistic": (D.Logistic, [R, P], R),
    "LogNormal": (D.LogNormal, [R, P], P),
    "LogUniform": (D.LogUniform, [LOW, HIGH], between(1.0, 2.0)),
    "Normal": (D.Normal, [R, P], R),
    "Pareto": (D.Pareto, [LOW, P], between(1.0, 3.0)),
    "SoftLaplace": (D.SoftLaplace, [R, P], R),
    "StudentT": (D.StudentT, [P, R, P], R),
    "Uniform": (D.Uniform, [BELOW, ABOVE], between(-0.5, 0.5)),
    "Weibull": (D.Weibull, [P, P], P),
    "VonMises": (D.VonMises, [R, P], R),
    "LeftTruncated Normal": (lambda m, s, a: D.LeftTruncatedDistribution(D.Normal(m, s), a), [R, P, BELOW], P),
    "LeftTruncated StudentT": (
        lambda d, m, s, a: D.LeftTruncatedDistribution(D.StudentT(d, m, s), a),
        [P, R, P, BELOW],
        P,
    ),
    "RightTruncated Cauchy": (lambda m, s, b: D.RightTruncatedDistribution(D.Cauchy(m, s), b), [R, P, ABOVE], BELOW),
    "RightTruncated Laplace": (lambda m, s, b: D.RightTruncatedDistribution(D.Laplace(m, s), b), [R, P, ABOVE], BELOW),
    "TwoSided Normal": (
        lambda m, s, a, b: D.TwoSidedTruncatedDistribution(D.Normal(m, s), a, b),
        [R, P, BELOW, ABOVE],
        between(-0.5, 0.5),
    ),
    "TwoSided Logistic": (
        lambda m, s, a, b: D.TwoSidedTruncatedDistribution(D.Logistic(m, s), a, b),
        [R, P, BELOW, ABOVE],
        between(-0.5, 0.5),
    ),
    "TwoSided StudentT": (
        lambda d, m, s, a, b: D.TwoSidedTruncatedDistribution(D.StudentT(d, m, s), a, b),
        [P, R, P, BELOW, ABOVE],
        between(-0.5, 0.5),
    ),
    "LeftTruncatedGamma": (
        lambda a, r, l: D.LeftTruncatedGamma(concentration=a, rate=r, low=l),
        [P, P, LOW],
        between(1.0, 3.0),
    ),
    "RightTruncatedGamma": (
        lambda a, r, h: D.RightTruncatedGamma(concentration=a, rate=r, high=h),
        [P, P, HIGH],
        between(0.3, 2.0),
    ),
    "TwoSidedTruncatedGamma": (
        lambda a, r, l, h: D.TwoSidedTruncatedGamma(concentration=a, rate=r, low=l, high=h),
        [P, P, LOW, HIGH],
        between(1.0, 2.0),
    ),
    "DoublyTruncatedPowerLaw": (D.DoublyTruncatedPowerLaw, [R, LOW, HIGH], between(1.0, 2.0)),
    "DoublyTruncatedPowerLaw of -1": (
        lambda l, h: D.DoublyTruncatedPowerLaw(-1.0, l, h),
        [LOW, HIGH],
        between(1.0, 2.0),
    ),
    "LowerTruncatedPowerLaw": (D.LowerTruncatedPowerLaw, [between(-3.0, -1.2), LOW], between(1.0, 3.0)),
    "LeftCensored": (lambda m, s: D.LeftCensoredDistribution(D.Normal(m, s), 1.0), [R, P], R),
    "RightCensored": (lambda m, s: D.RightCensoredDistribution(D.Normal(m, s), 1.0), [R, P], R),
    "RightCensored Weibull": (lambda m, s: D.RightCensoredDistribution(D.Weibull(m, s), 1.0), [P, P], P),
    "SineSkewed": (
        lambda m, c, k: D.SineSkewed(D.VonMises(m, c).expand(m.shape).to_event(1), k / 4),
        [R, P, between(-0.9, 0.9)],
        R,
    ),
}
WITHOUT_DENSITY = {"LeftCensored", "RightCensored", "RightCensored Weibull", "SineSkewed"}
DISCRETE = {
    "Bernoulli": (D.BernoulliProbs, [U], whole(0, 2)),
    "Bernoulli of logits": (D.BernoulliLogits, [R], whole(0, 2)),
    "BetaBinomial": (lambda a, b: D.BetaBinomial(a, b, 5), [P, P], whole(0, 6)),
    "Binomial": (lambda p: D.BinomialProbs(p, 5), [U], whole(0, 6)),
    "Binomial of logits": (lambda l: D.BinomialLogits(l, 5), [R], whole(0, 6)),
    "GammaPoisson": (D.GammaPoisson, [P, P], whole(0, 6)),
    "Geometric": (D.GeometricProbs, [U], whole(0, 6)),
    "Geometric of logits": (D.GeometricLogits, [R], whole(0, 6)),
    "NegativeBinomial2": (D.NegativeBinomial2, [P, P], whole(0, 6)),
    "NegativeBinomial": (D.NegativeBinomialProbs, [P, U], whole(0, 6)),
    "NegativeBinomial of logits": (D.NegativeBinomialLogits, [P, R], whole(0, 6)),
    "Poisson": (D.Poisson, [P], whole(0, 6)),
    "ZeroInflatedPoisson": (D.ZeroInflatedPoisson, [U, P], whole(0, 4)),
    "ZeroInflatedNegativeBinomial2": (
        lambda m, c, g: D.ZeroInflatedNegativeBinomial2(m, c, gate=g),
        [P, P, U],
        whole(0, 4),
    ),
    "HurdlePoisson": (lambda g, r: D.HurdlePoisson(gate=g, rate=r), [U, P], whole(0, 4)),
}


def targets_of(name, make, fills, value, *, continuous):
    fills = [*fills]
    count = len(fills)
    every = of(*[(fill, "n") for fill in (*fills, value)], most=3)
    log_prob = lambda *args: make(*args[:-1]).log_prob(args[-1])
    argnums = {} if continuous else {"argnums": tuple(range(count))}
    yield Target(f"{name}.log_prob", pair(log_prob), every, **argnums, **OPTIONS)
    d = make(*[np.array([fill(np.random.default_rng(0), ())]) for fill in fills])
    for moment in ("mean", "variance"):
        try:
            getattr(d, moment)
        except Exception:
            continue
        f = lambda *args, moment=moment: getattr(make(*args), moment)
        yield Target(f"{name}.{moment}", pair(f), of(*[(fill, "n") for fill in fills], most=3), **OPTIONS)
    if not continuous or name in WITHOUT_DENSITY:
        return
    cdf = lambda *args: make(*args[:-1]).cdf(args[-1])
    try:
        d.cdf(np.array([0.7]))
    except NotImplementedError:
        return
    density = lambda args, dA: [None] * count + [dA * np.exp(pair(log_prob)[0](*args))]
    yield Target(f"{name}.cdf", pair(cdf), every, **OPTIONS)
    yield Target(f"{name}.log_prob as the slope of cdf", (pair(cdf)[0], density), every, argnums=count, **OPTIONS)
    icdf = lambda *args: make(*args[:-1]).icdf(args[-1])
    try:
        d.icdf(np.array([0.7]))
    except NotImplementedError:
        return
    yield Target(f"{name}.icdf", pair(icdf), of(*[(fill, "n") for fill in (*fills, U)], most=3), **OPTIONS)
    back = lambda *args: make(*args[:-1]).cdf(make(*args[:-1]).icdf(args[-1]))
    yield Target(
        f"{name}.cdf of icdf",
        (pair(back)[0], lambda args, dA: [None] * count + [dA]),
        of(*[(fill, "n") for fill in (*fills, U)], most=3),
        argnums=count,
        **OPTIONS,
    )


with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    TARGETS = [
        *[t for name, row in CONTINUOUS.items() for t in targets_of(name, *row, continuous=True)],
        *[t for name, row in DISCRETE.items() for t in targets_of(name, *row, continuous=False)],
    ]
