"""Densities of torch.distributions by value and by parameters, their cdf, entropies and divergences."""

import warnings

import numpy as np
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


# {name: (class, {parameter: (fill, shape)}, (fill, shape) of values, whether they are continuous)}
V = "n"
FAMILIES = {
    "Bernoulli": (D.Bernoulli, {"probs": (U, V)}, (whole(0, 2), V), False),
    "Bernoulli of logits": (lambda logits: D.Bernoulli(logits=logits), {"logits": (R, V)}, (whole(0, 2), V), False),
    "Beta": (D.Beta, {"a": (P, V), "b": (P, V)}, (U, V), True),
    "Binomial": (lambda p: D.Binomial(5, p), {"probs": (U, V)}, (whole(0, 6), V), False),
    "Binomial of logits": (lambda logits: D.Binomial(5, logits=logits), {"logits": (R, V)}, (whole(0, 6), V), False),
    "Categorical": (D.Categorical, {"probs": (P, "n 3")}, (whole(0, 3), V), False),
    "Categorical of logits": (
        lambda logits: D.Categorical(logits=logits),
        {"logits": (R, "n 3")},
        (whole(0, 3), V),
        False,
    ),
    "Cauchy": (D.Cauchy, {"loc": (R, V), "scale": (P, V)}, (R, V), True),
    "Chi2": (D.Chi2, {"df": (P, V)}, (P, V), True),
    "ContinuousBernoulli": (D.ContinuousBernoulli, {"probs": (U, V)}, (U, V), True),
    "ContinuousBernoulli near 1/2": (D.ContinuousBernoulli, {"probs": (between(0.497, 0.503), V)}, (U, V), True),
    "ContinuousBernoulli of logits": (
        lambda logits: D.ContinuousBernoulli(logits=logits),
        {"logits": (R, V)},
        (U, V),
        True,
    ),
    "Dirichlet": (D.Dirichlet, {"c": (P, "n 3")}, (P, "n 3"), False),
    "Exponential": (D.Exponential, {"rate": (P, V)}, (P, V), True),
    "FisherSnedecor": (D.FisherSnedecor, {"df1": (P, V), "df2": (between(4.5, 7.0), V)}, (P, V), False),
    "Gamma": (D.Gamma, {"a": (P, V), "rate": (P, V)}, (P, V), True),
    "Geometric": (D.Geometric, {"probs": (U, V)}, (whole(0, 5), V), False),
    "Geometric of logits": (lambda logits: D.Geometric(logits=logits), {"logits": (R, V)}, (whole(0, 5), V), False),
    "Gumbel": (D.Gumbel, {"loc": (R, V), "scale": (P, V)}, (R, V), True),
    "HalfCauchy": (D.HalfCauchy, {"scale": (P, V)}, (P, V), True),
    "HalfNormal": (D.HalfNormal, {"scale": (P, V)}, (P, V), True),
    "InverseGamma": (D.InverseGamma, {"a": (ABOVE_2, V), "rate": (P, V)}, (P, V), True),
    "Kumaraswamy": (D.Kumaraswamy, {"a": (P, V), "b": (P, V)}, (U, V), True),
    "Laplace": (D.Laplace, {"loc": (R, V), "scale": (P, V)}, (R, V), True),
    "LogNormal": (D.LogNormal, {"loc": (R, V), "scale": (P, V)}, (P, V), True),
    "LogisticNormal": (D.LogisticNormal, {"loc": (R, "n 2"), "scale": (P, "n 2")}, (P, "n 3"), False),
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
        lambda r, logits: D.NegativeBinomial(r, logits=logits),
        {"r": (P, V), "logits": (R, V)},
        (whole(0, 6), V),
        False,
    ),
    "Normal": (D.Normal, {"loc": (R, V), "scale": (P, V)}, (R, V), True),
    "OneHotCategorical": (
        D.OneHotCategorical,
        {"probs": (P, "n 3")},
        (lambda r, s: numpy.eye(3)[r.integers(0, 3, s[0])], "n 3"),
        False,
    ),
    "Pareto": (D.Pareto, {"scale": (between(0.1, 0.5), V), "a": (ABOVE_2, V)}, (between(0.7, 3.0), V), True),
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
        (P, "n 3"),
        False,
    ),
    "StudentT": (D.StudentT, {"df": (ABOVE_2, V), "loc": (R, V), "scale": (P, V)}, (R, V), False),
    "Uniform": (D.Uniform, {"low": (between(-1.0, 0.0), V), "high": (between(1.0, 2.0), V)}, (U, V), True),
    "VonMises": (D.VonMises, {"loc": (R, V), "c": (P, V)}, (R, V), False),
    "GeneralizedPareto": (
        D.GeneralizedPareto,
        {"loc": (between(-1.0, 0.0), V), "scale": (P, V), "c": (between(0.1, 0.9), V)},
        (U, V),
        True,
    ),
    "Weibull": (D.Weibull, {"scale": (P, V), "c": (P, V)}, (P, V), True),
    "Wishart": (
        lambda df, L: D.Wishart(df + 2, scale_tril=L.tril() + 2 * torch.eye(2, dtype=L.dtype)),
        {"df": (P, "n"), "L": (between(-0.5, 0.5), "n 2 2")},
        (between(-0.5, 0.5), "n 2 2"),
        False,
    ),
}
INSIDE = {
    **dict.fromkeys(["Dirichlet", "LogisticNormal", "RelaxedOneHotCategorical"], lambda x: x / x.sum(-1, keepdim=True)),
    "Wishart": lambda x: x @ x.mT + torch.eye(2, dtype=x.dtype),
}
WHOLE = {"Bernoulli", "Binomial", "Categorical", "Geometric", "Multinomial", "NegativeBinomial", "Poisson"}
WHOLE |= {"OneHotCategorical"}
NEAR = "ContinuousBernoulli near 1/2"
KNOWN = {
    **{f"{name}.cdf": {"NoDerivative": "igamma has none by its first argument"} for name in ("Chi2", "Gamma")},
    "Beta.entropy": {"WrongGradient": "polygamma has relative errors of 1e-9"},
    "SoftplusTransform.log_abs_det_jacobian": {"WrongGradient": "softplus is x above 20, as its documentation says"},
    "InverseGamma.cdf": {"NoDerivative": "igamma has none by its first argument"},
    **{f"GeneralizedPareto.{key}": {"Error": FOUND} for key in ("log_prob", "cdf", "log_prob as the slope of cdf")},
    **{
        f"{name}.log_prob as the slope of cdf": {"WrongGradient": FOUND}
        for name in (NEAR, "ContinuousBernoulli", "ContinuousBernoulli of logits")  # which may be near 1/2
    },
    **{
        f"{NEAR}.{key}": {"Inconclusive": "steps leave the interval in which another formula is used"}
        for key in ("entropy", "mean", "variance", "cdf", "icdf")
    },
}


def target(name, made, *parts, **options):
    return Target(name, made, of(*parts, most=3), known=KNOWN.get(name), **OPTIONS, **options)


def example(make, params):
    """A distribution of two entries whose parameters require gradients."""
    rng = numpy.random.default_rng(0)
    shapes = [(fill, tuple([2 if n == "n" else int(n) for n in shape.split()])) for fill, shape in params]
    return make(*[torch.tensor(fill(rng, shape), requires_grad=True) for fill, shape in shapes])


def densities():
    for name, (make, named, value, continuous) in FAMILIES.items():
        params = [*named.values()]
        count = len(params)
        whole_numbers = {"argnums": tuple(range(count))} if name.split()[0] in WHOLE else {}
        inside = INSIDE.get(name, lambda x: x)
        log_prob = lambda *args, make=make, inside=inside: make(*args[:-1]).log_prob(inside(args[-1]))
        yield target(f"{name}.log_prob", pair(log_prob), *params, value, **whole_numbers)
        d = example(make, params)
        for key in ("entropy", "mean", "variance"):
            f = lambda *args, make=make, key=key: moment(make(*args), key)
            if differentiable(lambda d=d, key=key: moment(d, key)):
                yield target(f"{name}.{key}", pair(f), *params)
        if not continuous or name == "Beta":
            continue
        cdf = lambda *args, make=make: make(*args[:-1]).cdf(args[-1])
        slope = lambda args, dA, log_prob=log_prob, n=count: [None] * n + [dA * np.exp(pair(log_prob)[0](*args))]
        yield target(f"{name}.cdf", pair(cdf), *params, value)
        made = pair(cdf)[0], slope
        yield target(f"{name}.log_prob as the slope of cdf", made, *params, value, argnums=count)
        icdf = lambda *args, make=make: make(*args[:-1]).icdf(args[-1])
        if differentiable(lambda d=d: d.icdf(torch.full((2,), 0.3, dtype=torch.float64))):
            yield target(f"{name}.icdf", pair(icdf), *params, (U, V))


def moment(d, key):
    return d.entropy() if key == "entropy" else getattr(d, key)


def differentiable(call):
    try:
        out = call()
    except NotImplementedError:
        return False
    return out.requires_grad and bool(out.isfinite().all())


def divergences():
    for p, q in kl._KL_REGISTRY:
        if not p.__module__.startswith("torch.") or not q.__module__.startswith("torch."):
            continue  # GPyTorch registers classes of its own by the same names
        one, two = FAMILIES.get(p.__name__), FAMILIES.get(q.__name__)
        if not one or not two or p is q is D.Uniform or {p, q} == {D.MultivariateNormal, D.LowRankMultivariateNormal}:
            continue
        first, second = [*one[1].values()], [*two[1].values()]
        count = len(first)
        f = lambda *args, n=count, a=one[0], b=two[0]: D.kl_divergence(a(*args[:n]), b(*args[n:]))
        both = example(one[0], first), example(two[0], second)
        if differentiable(lambda both=both: D.kl_divergence(*both)):
            yield target(f"kl {p.__name__} {q.__name__}", pair(f), *first, *second)


TRANSFORMS = {
    "AbsTransform": (transforms.AbsTransform(), P, V),
    "AffineTransform": (transforms.AffineTransform(0.5, -2.0), R, V),
    "ExpTransform": (transforms.ExpTransform(), R, V),
    "PowerTransform": (transforms.PowerTransform(torch.tensor(1.7)), P, V),
    "SigmoidTransform": (transforms.SigmoidTransform(), R, V),
    "SoftplusTransform": (transforms.SoftplusTransform(), between(-20, 30), V),
    "TanhTransform": (transforms.TanhTransform(), R, V),
    "CumulativeDistributionTransform": (
        transforms.CumulativeDistributionTransform(D.Normal(*torch.tensor([0.3, 1.2], dtype=torch.float64))),
        R,
        V,
    ),
}


def of_transforms():
    for name, (transform, fill, shape) in TRANSFORMS.items():
        f = pair(lambda x, t=transform: t(x))
        yield target(name, f, (fill, shape))
        yield target(f"{name}.inv", pair(lambda x, t=transform: t.inv(t(x) + 0 * x)), (fill, shape))
        if name != "AbsTransform":
            slope = lambda args, dA, t=transform: [dA * slope_of(t, torch.tensor(args[0])).numpy()]
            yield target(f"{name}.log_abs_det_jacobian", (f[0], slope), (fill, shape))
    for name in ("StickBreakingTransform", "CorrCholeskyTransform"):
        transform = getattr(transforms, name)()
        yield target(name, pair(lambda x, t=transform: t(x)), (R, "3"))
        log_det = pair(lambda x, t=transform: t.log_abs_det_jacobian(x, t(x)))
        yield target(f"{name}.log_abs_det_jacobian", log_det, (R, "3"))


def slope_of(transform, x):
    return transform.sign * transform.log_abs_det_jacobian(x, transform(x)).exp()


with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    TARGETS = [*densities(), *divergences(), *of_transforms()]
