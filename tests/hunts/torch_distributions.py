"""Densities of torch.distributions by value and by parameters, their cdf, entropies and divergences."""

import itertools
import warnings

import torch
from torch import distributions as D
from torch.distributions import kl, transforms

from funcnn.testing.hunt import Target
from funcnn.testing.torch import pair
from tests.hunts.draws import *

LIBRARIES = ["torch"]
FOUND = "see docs/found/torch_distributions.md"
OPTIONS = {"float32": False, "layouts": False}
P, R, U = between(0.3, 3.0), between(-1.5, 1.5), between(0.1, 0.9)
ABOVE_2 = between(2.2, 5.0)


def whole(low, high):
    return lambda rng, shape: rng.integers(low, high, shape).astype(float)


def on_simplex(rng, shape):
    x = rng.uniform(0.2, 1.0, shape)
    return x / x.sum(-1, keepdims=True)


# {name: (class, {parameter: (fill, shape)}, (fill, shape) of values, whether they are continuous)}
V = "n"
FAMILIES = {
    "Bernoulli": (D.Bernoulli, {"probs": (U, V)}, (whole(0, 2), V), False),
    "Bernoulli of logits": (lambda l: D.Bernoulli(logits=l), {"logits": (R, V)}, (whole(0, 2), V), False),
    "Beta": (D.Beta, {"a": (P, V), "b": (P, V)}, (U, V), True),
    "Binomial": (lambda p: D.Binomial(5, p), {"probs": (U, V)}, (whole(0, 6), V), False),
    "Binomial of logits": (lambda l: D.Binomial(5, logits=l), {"logits": (R, V)}, (whole(0, 6), V), False),
    "Categorical": (D.Categorical, {"probs": (P, "n 3")}, (whole(0, 3), V), False),
    "Categorical of logits": (lambda l: D.Categorical(logits=l), {"logits": (R, "n 3")}, (whole(0, 3), V), False),
    "Cauchy": (D.Cauchy, {"loc": (R, V), "scale": (P, V)}, (R, V), True),
    "Chi2": (D.Chi2, {"df": (P, V)}, (P, V), True),
    "ContinuousBernoulli": (D.ContinuousBernoulli, {"probs": (U, V)}, (U, V), True),
    "ContinuousBernoulli near 1/2": (D.ContinuousBernoulli, {"probs": (between(0.497, 0.503), V)}, (U, V), True),
    "ContinuousBernoulli of logits": (
        lambda l: D.ContinuousBernoulli(logits=l),
        {"logits": (R, V)},
        (U, V),
        True,
    ),
    "Dirichlet": (D.Dirichlet, {"c": (P, "n 3")}, (on_simplex, "n 3"), False),
    "Exponential": (D.Exponential, {"rate": (P, V)}, (P, V), True),
    "FisherSnedecor": (D.FisherSnedecor, {"df1": (P, V), "df2": (ABOVE_2, V)}, (P, V), False),
    "Gamma": (D.Gamma, {"a": (P, V), "rate": (P, V)}, (P, V), True),
    "Geometric": (D.Geometric, {"probs": (U, V)}, (whole(0, 5), V), False),
    "Geometric of logits": (lambda l: D.Geometric(logits=l), {"logits": (R, V)}, (whole(0, 5), V), False),
    "Gumbel": (D.Gumbel, {"loc": (R, V), "scale": (P, V)}, (R, V), True),
    "HalfCauchy": (D.HalfCauchy, {"scale": (P, V)}, (P, V), True),
    "HalfNormal": (D.HalfNormal, {"scale": (P, V)}, (P, V), True),
    "InverseGamma": (D.InverseGamma, {"a": (P, V), "rate": (P, V)}, (P, V), True),
    "Kumaraswamy": (D.Kumaraswamy, {"a": (P, V), "b": (P, V)}, (U, V), True),
    "LKJCholesky": (lambda c: D.LKJCholesky(3, c), {"c": (P, V)}, (whole(0, 1), "n"), False),
    "Laplace": (D.Laplace, {"loc": (R, V), "scale": (P, V)}, (R, V), True),
    "LogNormal": (D.LogNormal, {"loc": (R, V), "scale": (P, V)}, (P, V), True),
    "LogisticNormal": (D.LogisticNormal, {"loc": (R, "n 2"), "scale": (P, "n 2")}, (on_simplex, "n 3"), False),
    "MultivariateNormal": (
        lambda m, L: D.MultivariateNormal(m, scale_tril=L.tril() + 2 * torch.eye(2, dtype=L.dtype)),
        {"loc": (R, "n 2"), "L": (between(-0.5, 0.5), "n 2 2")},
        (R, "n 2"),
        False,
    ),
    "LowRankMultivariateNormal": (
        D.LowRankMultivariateNormal,
        {"loc": (R, "n 3"), "W": (R, "n 3 2"), "d": (P, "n 3")},
        (R, "n 3"),
        False,
    ),
    "Multinomial": (lambda p: D.Multinomial(4, p), {"probs": (P, "n 2")}, (whole(2, 3), "n 2"), False),
    "NegativeBinomial": (D.NegativeBinomial, {"r": (P, V), "probs": (U, V)}, (whole(0, 6), V), False),
    "NegativeBinomial of logits": (
        lambda r, l: D.NegativeBinomial(r, logits=l),
        {"r": (P, V), "logits": (R, V)},
        (whole(0, 6), V),
        False,
    ),
    "Normal": (D.Normal, {"loc": (R, V), "scale": (P, V)}, (R, V), True),
    "OneHotCategorical": (D.OneHotCategorical, {"probs": (P, "n 3")}, (lambda r, s: numpy.eye(3)[r.integers(0, 3, s[0])], "n 3"), False),
    "Pareto": (D.Pareto, {"scale": (between(0.1, 0.5), V), "a": (P, V)}, (between(0.7, 3.0), V), True),
    "Poisson": (D.Poisson, {"rate": (P, V)}, (whole(0, 6), V), False),
    "RelaxedBernoulli": (
        lambda t, p: D.RelaxedBernoulli(t, p),
        {"t": (P, V), "probs": (U, V)},
        (U, V),
        False,
    ),
    "RelaxedOneHotCategorical": (
        lambda p: D.RelaxedOneHotCategorical(torch.tensor(0.7, dtype=p.dtype), p),
        {"probs": (P, "n 3")},
        (on_simplex, "n 3"),
        False,
    ),
    "StudentT": (D.StudentT, {"df": (ABOVE_2, V), "loc": (R, V), "scale": (P, V)}, (R, V), False),
    "Uniform": (D.Uniform, {"low": (between(-1.0, 0.0), V), "high": (between(1.0, 2.0), V)}, (U, V), True),
    "VonMises": (D.VonMises, {"loc": (R, V), "c": (P, V)}, (R, V), False),
    "GeneralizedPareto": (D.GeneralizedPareto, {"loc": (between(-1.0, 0.0), V), "scale": (P, V), "c": (between(0.1,0.9), V)}, (U, V), True),
    "Weibull": (D.Weibull, {"scale": (P, V), "c": (P, V)}, (P, V), True),
    "Wishart": (
        lambda df, L: D.Wishart(df + 2, scale_tril=L.tril() + 2 * torch.eye(2, dtype=L.dtype)),
        {"df": (P, "n"), "L": (between(-0.5, 0.5), "n 2 2")},
        (lambda r, s: numpy.stack([definite(r, 2) for _ in range(s[0])]), "n 2 2"),
        False,
    ),
}
DISCRETE = {"Categorical", "Categorical of logits"}


def densities():
    for name, (make, params, value, continuous) in FAMILIES.items():
        if name == "LKJCholesky":
            continue
        every = of(*params.values(), value, most=3)
        fixed = of(*params.values(), most=3)
        count = len(params)
        is_whole = value[0](numpy.random.default_rng(0), (3,3,3)[: len(value[1].split())]).dtype == float and name.split()[0] in {
            "Bernoulli", "Binomial", "Categorical", "Geometric", "Multinomial", "NegativeBinomial", "OneHotCategorical", "Poisson"}
        argnums = tuple(range(count)) if is_whole else None
        log_prob = lambda *args, make=make: make(*args[:-1]).log_prob(args[-1])
        yield Target(f"{name}.log_prob", pair(log_prob), every, argnums=argnums, **OPTIONS) if argnums else Target(f"{name}.log_prob", pair(log_prob), every, **OPTIONS)
        for key in ("entropy", "mean", "variance", "stddev"):
            def f(*args, make=make, key=key):
                d = make(*args)
                return d.entropy() if key == "entropy" else getattr(d, key)
            try:
                d = make(*[torch.tensor(fill(numpy.random.default_rng(0), tuple(2 if s == "n" else int(s) for s in shape.split()))) for fill, shape in params.values()])
                f_ = d.entropy() if key == "entropy" else getattr(d, key)
            except NotImplementedError:
                continue
            yield Target(f"{name}.{key}", pair(f), fixed, **OPTIONS)
        if continuous:
            cdf = lambda *args, make=make: make(*args[:-1]).cdf(args[-1])
            density = lambda args, dA, make=make: [None] * (len(args) - 1) + [
                dA * make(*map(torch.tensor, args[:-1])).log_prob(torch.tensor(args[-1])).exp().numpy()
            ]
            yield Target(f"{name}.cdf", pair(cdf), every, **OPTIONS)
            yield Target(f"{name}.log_prob as the slope of cdf", (pair(cdf)[0], density), every, argnums=count, **OPTIONS)
            icdf = lambda *args, make=make: make(*args[:-1]).icdf(args[-1])
            try:
                d.icdf(torch.full(d.batch_shape, 0.3, dtype=torch.float64))
            except NotImplementedError:
                continue
            yield Target(f"{name}.icdf", pair(icdf), of(*params.values(), (U, V), most=3), **OPTIONS)


def divergences():
    for p, q in kl._KL_REGISTRY:
        one, two = FAMILIES.get(p.__name__), FAMILIES.get(q.__name__)
        if not one or not two:
            continue
        n = len(one[1])
        f = lambda *args, n=n, a=one[0], b=two[0]: D.kl_divergence(a(*args[:n]), b(*args[n:]))
        yield Target(f"kl {p.__name__} {q.__name__}", pair(f), of(*one[1].values(), *two[1].values(), most=3), **OPTIONS)


TRANSFORMS = {
    "AbsTransform": (transforms.AbsTransform(), P, V),
    "AffineTransform": (transforms.AffineTransform(0.5, -2.0), R, V),
    "ExpTransform": (transforms.ExpTransform(), R, V),
    "PowerTransform": (transforms.PowerTransform(torch.tensor(1.7)), P, V),
    "SigmoidTransform": (transforms.SigmoidTransform(), R, V),
    "SoftplusTransform": (transforms.SoftplusTransform(), between(-20, 30), V),
    "TanhTransform": (transforms.TanhTransform(), R, V),
    "CumulativeDistributionTransform": (transforms.CumulativeDistributionTransform(D.Normal(0.3, 1.2)), R, V),
}


def of_transforms():
    for name, (t, fill, shape) in TRANSFORMS.items():
        slope = lambda args, dA, t=t: [dA * (lambda x: t.sign * t.log_abs_det_jacobian(x, t(x)).exp())(torch.tensor(args[0])).numpy()]
        if name != "AbsTransform":
            yield Target(f"{name}.log_abs_det_jacobian", (pair(lambda x, t=t: t(x))[0], slope), of((fill, shape)), **OPTIONS)
        yield Target(f"{name}", pair(lambda x, t=t: t(x)), of((fill, shape)), **OPTIONS)
        yield Target(f"{name}.inv", pair(lambda x, t=t: t.inv(t(x) + 0 * x)), of((fill, shape)), **OPTIONS)
    # the log-determinant of a vector transform: against logdet of the Jacobian by torch
    for name, t, n in [
        ("StickBreakingTransform", transforms.StickBreakingTransform(), 3),
        ("CorrCholeskyTransform", transforms.CorrCholeskyTransform(), 3),
    ]:
        yield Target(f"{name}", pair(lambda x, t=t: t(x)), of((R, str(n))), **OPTIONS)
        yield Target(f"{name}.log_abs_det_jacobian", pair(lambda x, t=t: t.log_abs_det_jacobian(x, t(x))), of((R, str(n))), **OPTIONS)


with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    TARGETS = [*densities(), *divergences(), *of_transforms()]
