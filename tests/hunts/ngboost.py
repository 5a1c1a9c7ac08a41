"""Scores of NGBoost's distributions by their parameters.

NGBoost needs scikit-learn below 1.7, so it has an environment of its own: `pip install ngboost "funcnn[testing]"`.
"""

import warnings

from ngboost.distns import *
from ngboost.distns.cauchy import CauchyFixedVar
from ngboost.helpers import Y_from_censored

from funcnn.testing.hunt import Target
from tests.hunts.draws import *

LIBRARIES = ["ngboost", "numpy", "scipy"]
N = 3  # observations
FOUND = "see docs/found/ngboost.md"


def counts(rng, shape):
    return rng.integers(0, 6, shape).astype(float)


# {name: (distribution, how observations are drawn, with how many outputs)}
PLAIN = {
    "Beta": (Beta, between(0.05, 0.95)),
    "BetaBinomial": (BetaBinomial, lambda rng, shape: rng.integers(0, 2, shape)),
    "BetaBinomialEstN": (BetaBinomialEstN, lambda rng, shape: rng.integers(0, 2, shape)),
    "BetaBernoulli": (BetaBernoulli, lambda rng, shape: rng.integers(0, 2, shape)),
    "Bernoulli": (Bernoulli, lambda rng, shape: rng.integers(0, 2, shape)),
    "Categorical": (k_categorical(4), lambda rng, shape: rng.integers(0, 4, shape)),
    "Cauchy": (Cauchy, normal(0, 3)),
    "CauchyFixedVar": (CauchyFixedVar, normal(0, 3)),
    "Gamma": (Gamma, between(0.1, 5)),
    "HalfNormal": (HalfNormal, between(0.1, 5)),
    "Laplace": (Laplace, normal(0, 3)),
    "LogitNormal": (LogitNormal, between(0.05, 0.95)),
    "MultivariateNormal": (MultivariateNormal(3), normal()),
    "Normal": (Normal, normal(0, 2)),
    "NormalFixedMean": (NormalFixedMean, normal(0, 2)),
    "NormalFixedVar": (NormalFixedVar, normal(0, 2)),
    "Poisson": (Poisson, counts),
    "T": (T, normal(0, 3)),
    "TFixedDf": (TFixedDf, normal(0, 3)),
    "TFixedDfFixedVar": (TFixedDfFixedVar, normal(0, 3)),
    "Weibull": (Weibull, between(0.1, 5)),
}
CENSORED = {"Exponential": Exponential, "LogNormal": LogNormal}
KNOWN = {
    "Exponential.ExponentialLogScore": FOUND,
    "Gamma.GammaLogScore": "1e-10 is added inside of the logarithm in the gradient only",
    "MultivariateNormal.MVNLogScore": "1e-6 is added to the diagonal of L, which the gradient ignores",
}


def scored(name, distribution, score, fill, *, censored=False):
    """The observations are constants, the parameters are not."""
    cls = type("Scored", (score, distribution), {})
    shape = (N, 3) if name.startswith("MultivariateNormal") else (N,)

    def make(rng):
        params = rng.uniform(-1.5, 1.5, (distribution.n_params, N))
        if name.startswith("BetaBinomialEstN"):
            params[-1] = rng.uniform(0.5, 2, N)
        if name.startswith("Poisson"):
            params = rng.uniform(-1.0, 1.0, params.shape)
        return params, fill(rng, shape), rng.integers(0, 2, N)

    def observed(y, event):
        return Y_from_censored(y, event) if censored else y

    def f(params, y, event):
        return cls(params).score(observed(y, event))

    def vjp(args, dA):
        params, y, event = args
        return [(cls(params).d_score(observed(y, event)) * dA[:, None]).T, None, None]

    label = f"{name}.{score.__name__}"
    known = {"WrongGradient": KNOWN[label]} if label in KNOWN else None
    return Target(label, (f, vjp), drawn(make), argnums=0, known=known, float32=False, layouts=False)


with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    TARGETS = [
        *[scored(name, d, s, fill) for name, (d, fill) in PLAIN.items() for s in d.scores],
        *[
            scored(name, d, s, between(0.1, 8), censored=True)
            for name, d in CENSORED.items()
            for s in d.censored_scores
        ],
    ]
