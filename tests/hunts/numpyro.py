"""Densities of numpyro by value and by parameters, and their distribution functions and quantiles."""

import warnings

import numpy as np
from numpyro import distributions as D

from funcnn.testing.hunt import Target
from funcnn.testing.jax import pair
from tests.hunts.draws import *

LIBRARIES = ["numpyro", "jax"]
FOUND = "see docs/found/numpyro.md"
P, R, U = between(0.4, 3.0), between(-1.5, 1.5), between(0.15, 0.85)
BELOW, ABOVE = between(-1.5, -0.6), between(0.6, 1.5)
LOW, HIGH = between(0.3, 0.9), between(2.2, 3.5)


def whole(low, high):
    return lambda rng, shape: rng.integers(low, high, shape).astype(float)


# {name: (class, how parameters are drawn, how values are drawn)}
CONTINUOUS = {
    "AsymmetricLaplace": (D.AsymmetricLaplace, [R, P, P], R),
    "AsymmetricLaplaceQuantile": (D.AsymmetricLaplaceQuantile, [R, P, U], R),
    "Cauchy": (D.Cauchy, [R, P], R),
    "Dagum": (D.Dagum, [between(2.2, 4.0)] * 3, P),
    "Exponential": (D.Exponential, [P], P),
    "Gompertz": (D.Gompertz, [P, P], P),
    "Gumbel": (D.Gumbel, [R, P], R),
    "HalfCauchy": (D.HalfCauchy, [P], P),
    "HalfNormal": (D.HalfNormal, [P], P),
    "Kumaraswamy": (D.Kumaraswamy, [P, P], U),
    "Laplace": (D.Laplace, [R, P], R),
    "Levy": (D.Levy, [BELOW, P], P),
    "Logistic": (D.Logistic, [R, P], R),
    "LogNormal": (D.LogNormal, [R, P], P),
    "LogUniform": (D.LogUniform, [LOW, HIGH], between(1.0, 2.0)),
    "Normal": (D.Normal, [R, P], R),
    "Pareto": (D.Pareto, [LOW, between(2.2, 4.0)], between(1.0, 3.0)),
    "SoftLaplace": (D.SoftLaplace, [R, P], R),
    "Uniform": (D.Uniform, [BELOW, ABOVE], between(-0.5, 0.5)),
    "Weibull": (D.Weibull, [P, P], P),
    "LeftTruncated Normal": (lambda m, s, a: D.LeftTruncatedDistribution(D.Normal(m, s), a), [R, P, BELOW], P),
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
    "DoublyTruncatedPowerLaw": (D.DoublyTruncatedPowerLaw, [R, LOW, HIGH], between(1.0, 2.0)),
    "DoublyTruncatedPowerLaw of -1": (
        lambda low, high: D.DoublyTruncatedPowerLaw(-1.0, low, high),
        [LOW, HIGH],
        between(1.0, 2.0),
    ),
    "LowerTruncatedPowerLaw": (D.LowerTruncatedPowerLaw, [between(-3.0, -1.2), LOW], between(1.0, 3.0)),
    "LeftCensored": (lambda m, s: D.LeftCensoredDistribution(D.Normal(m, s), 1.0), [R, P], R),
    "RightCensored": (lambda m, s: D.RightCensoredDistribution(D.Normal(m, s), 1.0), [R, P], R),
    "RightCensored Weibull": (lambda m, s: D.RightCensoredDistribution(D.Weibull(m, s), 1.0), [P, P], P),
}
CENSORED = {"LeftCensored", "RightCensored", "RightCensored Weibull"}
KNOWN = {f"DoublyTruncatedPowerLaw{which}.log_prob": FOUND for which in ("", " of -1")}
KNOWN["DoublyTruncatedPowerLaw of -1.cdf"] = FOUND
DISCRETE = {
    "Bernoulli": (D.BernoulliProbs, [U], whole(0, 2)),
    "Bernoulli of logits": (D.BernoulliLogits, [R], whole(0, 2)),
    "BetaBinomial": (lambda a, b: D.BetaBinomial(a, b, 5), [P, P], whole(0, 6)),
    "Binomial": (lambda p: D.BinomialProbs(p, 5), [U], whole(0, 6)),
    "Binomial of logits": (lambda logits: D.BinomialLogits(logits, 5), [R], whole(0, 6)),
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


def target(name, made, *fills, **options):
    known = {"WrongGradient": KNOWN[name]} if name in KNOWN else None
    every = of(*[(fill, "n") for fill in fills], least=2, most=2)  # one shape, since each is compiled
    return Target(name, made, every, known=known, float32=False, layouts=False, **options)


def targets_of(name, make, fills, value, *, continuous):
    count = len(fills)
    log_prob = lambda *args: make(*args[:-1]).log_prob(args[-1])
    argnums = {} if continuous else {"argnums": tuple(range(count))}
    yield target(f"{name}.log_prob", pair(log_prob), *fills, value, **argnums)
    d = make(*[np.array([fill(np.random.default_rng(0), ())]) for fill in fills])
    for moment in ("mean", "variance"):
        if has(d, moment):
            yield target(f"{name}.{moment}", pair(lambda *args, m=moment: getattr(make(*args), m)), *fills)
    if not continuous or name in CENSORED:
        return
    cdf, icdf = (lambda *args, key=key: getattr(make(*args[:-1]), key)(args[-1]) for key in ("cdf", "icdf"))
    if has(d, "cdf", 0.7):
        density = lambda args, dA: [None] * count + [dA * np.exp(pair(log_prob)[0](*args))]
        yield target(f"{name}.cdf", pair(cdf), *fills, value)
        yield target(f"{name}.log_prob as the slope of cdf", (pair(cdf)[0], density), *fills, value, argnums=count)
    if has(d, "icdf", 0.7):
        yield target(f"{name}.icdf", pair(icdf), *fills, U)


def has(d, key, *args):
    try:
        found = getattr(d, key)
        found = found(*map(np.array, args)) if args else found
    except NotImplementedError:
        return False
    return bool(np.isfinite(found).all())


with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    TARGETS = [
        *[t for name, row in CONTINUOUS.items() for t in targets_of(name, *row, continuous=True)],
        *[t for name, row in DISCRETE.items() for t in targets_of(name, *row, continuous=False)],
    ]
