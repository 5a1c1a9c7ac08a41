"""Gradients of GPy's kernels, mappings, likelihoods and link functions."""

import warnings
from contextlib import redirect_stdout
from functools import cache, partial
from io import StringIO
from itertools import pairwise

import numpy as np
from GPy import kern, likelihoods, mappings
from GPy.likelihoods import link_functions as links
from GPy.likelihoods.loggaussian import LogGaussian

from funcnn.testing.hunt import Target
from tests.hunts.draws import *

LIBRARIES = ["GPy", "numpy"]
FOUND = "see docs/found/gpy.md"
np.polynomial.hermite.hermgauss = cache(np.polynomial.hermite.hermgauss)  # which each kernel calls
KERNELS = {
    "Bias": lambda: kern.Bias(2),
    "Brownian": lambda: kern.Brownian(1, 1.3),
    "ChangePointBasisFuncKernel": lambda: kern.ChangePointBasisFuncKernel(1, 0.7),
    "Cosine": lambda: kern.Cosine(2, 1.3, 0.8),
    "Cosine, ARD": lambda: kern.Cosine(2, 1.3, [0.8, 1.2], ARD=True),
    "DomainKernel": lambda: kern.DomainKernel(1, 0.3, 1.0, 1.3),
    "ExpQuad": lambda: kern.ExpQuad(2, 1.3, 0.8),
    "ExpQuadCosine": lambda: kern.ExpQuadCosine(2, 1.3, 0.8, 1.7),
    "ExpQuadCosine, ARD": lambda: kern.ExpQuadCosine(2, 1.3, [0.8, 1.2], 1.7, ARD=True),
    "Exponential": lambda: kern.Exponential(2, 1.3, 0.8),
    "GridRBF": lambda: kern.GridRBF(2, 1.3, 0.8),
    "Integral": lambda: kern.Integral(1, [1.3], [0.8]),
    "Integral_Limits": lambda: kern.Integral_Limits(2, [1.3], [0.8]),
    "Multidimensional_Integral_Limits": lambda: kern.Multidimensional_Integral_Limits(4, [1.3], [0.8, 1.1]),
    "Linear": lambda: kern.Linear(2, [1.3]),
    "Linear, ARD": lambda: kern.Linear(2, [1.3, 0.7], ARD=True),
    "LinearFull": lambda: kern.LinearFull(2, 1),
    "LinearSlopeBasisFuncKernel": lambda: kern.LinearSlopeBasisFuncKernel(1, 0.3, 1.0, 1.3),
    "LogisticBasisFuncKernel": lambda: kern.LogisticBasisFuncKernel(1, [0.3, 0.9], 1.3, 1.5),
    "LogisticBasisFuncKernel, ARD": lambda: kern.LogisticBasisFuncKernel(1, [0.3, 0.9], [1.3, 0.7], ARD=True),
    "MLP": lambda: kern.MLP(2, 1.3, 0.7, 0.5),
    "MLP, ARD": lambda: kern.MLP(2, 1.3, [0.7, 1.1], 0.5, ARD=True),
    "Matern32": lambda: kern.Matern32(2, 1.3, 0.8),
    "Matern32, ARD": lambda: kern.Matern32(2, 1.3, [0.8, 1.2], ARD=True),
    "Matern52": lambda: kern.Matern52(2, 1.3, 0.8),
    "Matern52, ARD": lambda: kern.Matern52(2, 1.3, [0.8, 1.2], ARD=True),
    "ODE_UY": lambda: kern.ODE_UY(2, 1.3, 0.7, 0.8, 1.2),
    "ODE_UYC": lambda: kern.ODE_UYC(2, 1.3, 0.7, 0.8, 1.2, 0.4),
    "ODE_st": lambda: kern.ODE_st(3, 0.7, 1.1, 0.6, 1.3, 0.9, 0.8, 1.2),
    "ODE_t": lambda: kern.ODE_t(2, 0.7, 0.6, 1.3, 0.8, 0.4),
    "OU": lambda: kern.OU(2, 1.3, 0.8),
    "EQ_ODE1": lambda: kern.EQ_ODE1(2, 2, 1),
    "PeriodicExponential": lambda: kern.PeriodicExponential(1, 1.3, 0.8, 3.0, 3),
    "PeriodicMatern32": lambda: kern.PeriodicMatern32(1, 1.3, 0.8, 3.0, 3),
    "PeriodicMatern52": lambda: kern.PeriodicMatern52(1, 1.3, 0.8, 3.0, 3),
    "Poly": lambda: kern.Poly(2, 1.3, 0.7, 0.5, 3),
    "PolynomialBasisFuncKernel": lambda: kern.PolynomialBasisFuncKernel(1, 2, [1.3, 0.7, 0.5]),
    "RBF": lambda: kern.RBF(2, 1.3, 0.8),
    "RBF, ARD": lambda: kern.RBF(2, 1.3, [0.8, 1.2], ARD=True),
    "RBF, inv_l": lambda: kern.RBF(2, 1.3, 0.8, inv_l=True),
    "RatQuad": lambda: kern.RatQuad(2, 1.3, 0.8, 1.7),
    "RatQuad, ARD": lambda: kern.RatQuad(2, 1.3, [0.8, 1.2], 1.7, ARD=True),
    "Sinc": lambda: kern.Sinc(2, 1.3, 0.8),
    "Sinc, ARD": lambda: kern.Sinc(2, 1.3, [0.8, 1.2], ARD=True),
    "Spline": lambda: kern.Spline(1, 1.3, 0.7),
    "StdPeriodic": lambda: kern.StdPeriodic(2, 1.3, 1.7, 0.8),
    "StdPeriodic, ARD": lambda: kern.StdPeriodic(2, 1.3, [1.7, 2.1], [0.8, 1.1], ARD1=True, ARD2=True),
    "Symmetric, even": lambda: kern.Symmetric(kern.RBF(1, 1.3, 0.8), -np.eye(1)),
    "Symmetric, odd": lambda: kern.Symmetric(kern.RBF(1, 1.3, 0.8), -np.eye(1), symmetry_type="odd"),
    "TruncLinear": lambda: kern.TruncLinear(2, [1.3], [0.3]),
    "TruncLinear_inf": lambda: kern.TruncLinear_inf(2, [0.0, 2.0], [1.3]),
    "White": lambda: kern.White(2, 1.3),
    "WienerVelocity": lambda: kern.WienerVelocity(1, 1.3),
    "Coregionalize": lambda: kern.Coregionalize(1, 2, 1, np.array([[0.7], [1.2]]), np.array([0.3, 0.5])),
    "Add": lambda: kern.RBF(2, 1.3, 0.8) + kern.Linear(2, [0.7]),
    "Prod": lambda: kern.RBF(2, 1.3, 0.8) * kern.Linear(2, [0.7]),
    "Prod of three": lambda: kern.RBF(2, 1.3, 0.8) * kern.Linear(2, [0.7]) * kern.Matern52(2, 0.5, 1.5),
    "Prod of dimensions": lambda: kern.RBF(1, 1.3, 0.8, active_dims=[0]) * kern.Linear(1, [0.7], active_dims=[1]),
    "IndependentOutputs": lambda: kern.IndependentOutputs(kern.RBF(1, 1.3, 0.8), index_dim=1),
    "Hierarchical": lambda: kern.Hierarchical([kern.RBF(1, 1.3, 0.8), kern.RBF(1, 0.7, 0.5)]),
    "SplitKern": lambda: kern.SplitKern(kern.RBF(1, 1.3, 0.8), np.array([[0.3]]), index_dim=1),
    "DiffGenomeKern": lambda: kern.DiffGenomeKern(kern.RBF(1, 1.3, 0.8), 1, np.array([[0.3]]), index_dim=1),
}
INDEXED = {"ODE_UY", "ODE_UYC", "ODE_st", "ODE_t", "EQ_ODE1", "Hierarchical", "SplitKern", "DiffGenomeKern"}
INDEXED |= {"Coregionalize", "IndependentOutputs"}
WRONG = {
    **{
        f"LogisticBasisFuncKernel{ard}.{part}": kind
        for ard in ("", ", ARD")
        for part, kind in {"update_gradients_full": "Raised", "update_gradients_diag": "WrongGradient"}.items()
    },
    **{f"{name}.gradients_XX": "WrongGradient" for name in ("Linear", "Linear, ARD", "Add")},
    **{f"{name}.update_gradients_full": "Raised" for name in ("ODE_UYC", "ODE_st", "ODE_t")},
    **{f"TruncLinear_inf.{part}": "Raised" for part in ("gradients_X", "gradients_X of X", "gradients_X_diag")},
    "TruncLinear_inf.gradients_XX": "Error",
    "DiffGenomeKern.update_gradients_diag": "WrongGradient",
    "SplitKern.update_gradients_diag": "Raised",
    "EQ_ODE1.update_gradients_diag": "WrongGradient",
}

LIMITS = {"DiffGenomeKern.update_gradients_full": {"Error": "it takes one set of inputs"}}


def inputs(name, kernel, rng, rows):
    X = rng.uniform(0.2, 2.0, (rows, kernel.input_dim))
    if name in INDEXED:
        X = X if X.shape[1] > 1 or name == "Coregionalize" else np.column_stack([X, X])
        X[:, -1] = np.arange(rows) % 2
    return X


def target(name, f, vjp, fill, argnums):
    """A target, or nothing if GPy has no such derivative."""
    try:
        args = fill(np.random.default_rng(0))
        vjp(args, np.ones_like(f(*args)))
    except NotImplementedError:
        return
    except (AssertionError, AttributeError, TypeError, ValueError):
        pass  # the hunt reports it
    kinds = {WRONG[name]: FOUND} if name in WRONG else LIMITS.get(name, {})
    stale = (
        dict.fromkeys(["NotDeterministic", "NotLinear", "NotPure"], FOUND)
        if name.endswith("diag") and "WrongGradient" in kinds
        else {}
    )
    known = kinds | stale
    yield Target(name, (f, vjp), drawn(fill), argnums=argnums, known=known, float32=False, layouts=False)


def only(k, n, gradient):
    return [np.array(gradient) if i == k else None for i in range(n)]


def of_kernels():
    for name, make in KERNELS.items():
        kernel = make()
        start = np.array(kernel.param_array)
        params = lambda rng, start=start: start * rng.uniform(0.7, 1.4, start.size)
        both = lambda rng, name=name, kernel=kernel, params=params: (
            params(rng),
            inputs(name, kernel, rng, 3),
            inputs(name, kernel, rng, 2),
        )
        alone = lambda rng, both=both: both(rng)[:2]
        yield from of_kernel(name, partial(moved, make), both, alone)


def moved(make, params):
    made = make()
    if params.size:
        made[:] = params
    return made


def of_kernel(name, at, both, alone):
    K = lambda p, *X: np.array(at(p).K(*map(np.array, X)))
    Kdiag = lambda p, X: np.array(at(p).Kdiag(np.array(X)))

    def by_params(method):
        def vjp(args, dA):
            kernel = at(args[0])
            alone = len(args) == 2 and dA.ndim == 2
            getattr(kernel, method)((dA + dA.T) / 2 if alone else np.array(dA), *map(np.array, args[1:]))
            return only(0, len(args), kernel.gradient)

        return vjp

    def by_inputs(method):
        return lambda args, dA: only(1, len(args), getattr(at(args[0]), method)(np.array(dA), *map(np.array, args[1:])))

    def mixed_slopes(args, dA):
        H = np.array(at(args[0]).gradients_XX(np.ones((3, 2)), *map(np.array, args[1:])))
        return only(2, 3, np.einsum("nq,nmqr->mr", dA, H))

    if alone(np.random.default_rng(0))[0].size:
        yield from target(f"{name}.update_gradients_full", K, by_params("update_gradients_full"), both, 0)
        yield from target(f"{name}.update_gradients_full of X", K, by_params("update_gradients_full"), alone, 0)
        yield from target(f"{name}.update_gradients_diag", Kdiag, by_params("update_gradients_diag"), alone, 0)
    if name in INDEXED:
        return
    yield from target(f"{name}.gradients_X", K, by_inputs("gradients_X"), both, 1)
    yield from target(f"{name}.gradients_X of X", K, by_inputs("gradients_X"), alone, 1)
    yield from target(f"{name}.gradients_X_diag", Kdiag, by_inputs("gradients_X_diag"), alone, 1)
    first = lambda p, X, X2: np.array(at(p).gradients_X(np.ones((3, 2)), np.array(X), np.array(X2)))
    yield from target(f"{name}.gradients_XX", first, mixed_slopes, both, 2)


def of_derivatives():
    """Derivatives by one coordinate, which kernels of derivatives use."""
    for name in ("RBF", "RBF, ARD", "StdPeriodic", "StdPeriodic, ARD"):
        kernel = KERNELS[name]()
        both = lambda rng, name=name, kernel=kernel: (inputs(name, kernel, rng, 3), inputs(name, kernel, rng, 2))
        for key, base, by in CHAIN:
            method = lambda X, X2, *dims, key=key, k=kernel: np.array(
                getattr(k, key)(np.array(X), np.array(X2), *([0] * (key.count("dX") - 1)), *dims)
            )
            f = lambda X, X2, base=base, k=kernel: np.array(
                getattr(k, base)(np.array(X), np.array(X2), *([0] * base.count("dX")))
            )
            slopes = lambda args, dA, method=method, by=by: only(
                by, 2, np.stack([(dA * method(*args, d)).sum(1 - by) for d in range(2)], axis=1)
            )
            yield from target(f"{name}.{key}", f, slopes, both, by)


CHAIN = [
    ("dK_dX", "K", 0),
    ("dK_dX2", "K", 1),
    ("dK2_dXdX2", "dK_dX", 1),
    ("dK2_dXdX", "dK_dX", 0),
    ("dK3_dXdXdX2", "dK2_dXdX", 1),
]
POSITIVES, WHOLES, REALS = between(0.2, 3.0), lambda r, s: r.integers(0, 5, s).astype(float), normal()
BITS = lambda r, s: r.integers(0, 2, s).astype(float)
CENSORED = {"censored": np.array([[1], [0], [1]])}
LIKELIHOODS = {
    "Bernoulli": (likelihoods.Bernoulli, BITS, [None]),
    "Binomial": (likelihoods.Binomial, BITS, [{"trials": np.full((3, 1), 4)}]),
    "Exponential": (likelihoods.Exponential, POSITIVES, [None]),
    "Gamma": (partial(likelihoods.Gamma, beta=1.3), POSITIVES, [None]),
    "Gaussian": (partial(likelihoods.Gaussian, variance=0.7), REALS, [None]),
    "Gaussian, log": (partial(likelihoods.Gaussian, links.Log(), variance=0.7), REALS, [None]),
    "LogGaussian": (partial(LogGaussian, sigma=0.7), POSITIVES, [None, CENSORED]),
    "LogLogistic": (partial(likelihoods.LogLogistic, r=1.3), POSITIVES, [None, CENSORED]),
    "Poisson": (likelihoods.Poisson, WHOLES, [None]),
    "Poisson, log1p": (partial(likelihoods.Poisson, links.Log_ex_1()), WHOLES, [None]),
    "StudentT": (partial(likelihoods.StudentT, deg_free=5.0, sigma2=2.0), REALS, [None]),
    "StudentT, log": (partial(likelihoods.StudentT, links.Log(), deg_free=5.0, sigma2=2.0), REALS, [None]),
    "Weibull": (partial(likelihoods.Weibull, beta=1.3), POSITIVES, [None, CENSORED]),
}
STEPS = ["logpdf", "dlogpdf_df", "d2logpdf_df2", "d3logpdf_df3"]
LINKED = ["logpdf_link", "dlogpdf_dlink", "d2logpdf_dlink2", "d3logpdf_dlink3"]
THETA = [("logpdf", "dlogpdf_dtheta"), ("dlogpdf_df", "dlogpdf_df_dtheta"), ("d2logpdf_df2", "d2logpdf_df2_dtheta")]


def of_likelihoods():
    for name, (make, fill, metas) in LIKELIHOODS.items():
        low, high = (0.1, 0.9) if name in {"Bernoulli", "Binomial"} else (0.3, 3.0)
        latent = lambda rng, fill=fill: (rng.uniform(-1.2, 1.2, (3, 1)), fill(rng, (3, 1)))
        linked = lambda rng, fill=fill, a=low, b=high: (rng.uniform(a, b, (3, 1)), fill(rng, (3, 1)))
        for meta in metas:
            label = f"{name} censored" if meta is CENSORED else name
            call = lambda key, *args, make=make, meta=meta: np.array(
                getattr(make(), key)(*map(np.array, args), Y_metadata=meta)
            ).reshape(3, 1)
            for steps, draw in ((STEPS, latent), (LINKED, linked)):
                for f, slope in pairwise(steps):
                    vjp = lambda args, dA, call=call, slope=slope: [dA * call(slope, *args), None]
                    yield from target(f"{label}.{slope}", partial(call, f), vjp, draw, 0)
            yield from by_theta(label, make, meta, latent)


def by_theta(label, make, meta, latent):
    start = np.array(make().param_array) if make().size else np.zeros(0)
    call = lambda key, p, *args: np.array(getattr(moved(make, p), key)(*map(np.array, args), Y_metadata=meta))
    draw = lambda rng: (start * rng.uniform(0.8, 1.3, start.size), *latent(rng))
    for f, slope in THETA if start.size else ():
        value = lambda *args, f=f: call(f, *args).reshape(3, 1)
        vjp = lambda args, dA, slope=slope: only(0, 3, (call(slope, *args).reshape(-1, 3, 1) * dA).sum((1, 2)))
        yield from target(f"{label}.{slope}", value, vjp, draw, 0)


def of_links():
    for name in ("Identity", "Probit", "Cloglog", "Log", "Log_ex_1", "Reciprocal"):
        link = getattr(links, name)()
        for f, slope in pairwise(["transf", "dtransf_df", "d2transf_df2", "d3transf_df3"]):
            value = lambda x, f=f, link=link: np.array(getattr(link, f)(np.array(x)))
            vjp = lambda args, dA, slope=slope, link=link: [dA * getattr(link, slope)(np.array(args[0]))]
            yield from target(f"link {name}.{slope}", value, vjp, lambda rng: (rng.uniform(0.2, 2.0, (3, 1)),), 0)


MAPPINGS = {
    "Linear": lambda: mappings.Linear(2, 2),
    "MLP": lambda: mappings.MLP(2, 2, 3),
    "MLPext": lambda: mappings.MLPext(2, 2, [3, 2]),
    "Kernel": lambda: mappings.Kernel(2, 2, np.array([[0.3, 0.5], [1.0, 1.2]]), kern.RBF(2)),
    "Identity": lambda: mappings.Identity(2, 2),
    "Constant": lambda: mappings.Constant(2, 2),
    "PiecewiseLinear": lambda: mappings.PiecewiseLinear(1, 1, np.array([0.1, 0.7, 1.5]), np.array([0.2, 0.9, 2.0])),
    "Additive": lambda: mappings.Additive(mappings.Linear(2, 2), mappings.MLP(2, 2, 3)),
    "Compound": lambda: mappings.Compound(mappings.Linear(2, 2), mappings.MLP(2, 2, 3)),
}


def of_mappings():
    for name, make in MAPPINGS.items():
        mapping = make()
        start = np.array(mapping.param_array) if mapping.size else np.zeros(0)
        draw = lambda rng, start=start, n=mapping.input_dim: (
            start * rng.uniform(0.7, 1.3, start.size),
            rng.uniform(0.2, 2, (3, n)),
        )
        f = lambda p, X, make=make: np.array(moved(make, p).f(np.array(X)))

        def by_params(args, dA, make=make):
            mapping = moved(make, args[0])
            mapping.update_gradients(np.array(dA), np.array(args[1]))
            return only(0, 2, mapping.gradient)

        by_inputs = lambda args, dA, make=make: only(
            1, 2, moved(make, args[0]).gradients_X(np.array(dA), np.array(args[1]))
        )
        if start.size:
            yield from target(f"mapping {name}.update_gradients", f, by_params, draw, 0)
        yield from target(f"mapping {name}.gradients_X", f, by_inputs, draw, 1)


with warnings.catch_warnings(), redirect_stdout(StringIO()):
    warnings.simplefilter("ignore")
    TARGETS = [*of_kernels(), *of_derivatives(), *of_likelihoods(), *of_links(), *of_mappings()]
