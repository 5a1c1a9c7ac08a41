"""Gradients of GPy's kernels, mappings, likelihoods and link functions."""

import warnings
from functools import partial

import GPy
import numpy as np
from GPy import kern, likelihoods, mappings
from GPy.likelihoods import link_functions as links
from GPy.likelihoods.loggaussian import LogGaussian

from funcnn.testing.hunt import Target
from tests.hunts.draws import *

LIBRARIES = ["GPy", "numpy"]
FOUND = "see docs/found/gpy.md"
OPTIONS = {"float32": False, "layouts": False}
CLASSES = np.arange(4.0)[:, None] % 2  # a column of indices of outputs


def indexed(rng, rows):
    return np.column_stack([rng.uniform(0.2, 2.0, rows), rng.integers(0, 2, rows)])


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
    "EQ_ODE2": lambda: kern.EQ_ODE2(2, 2, 1),
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
    "DiffKern": lambda: kern.DiffKern(kern.RBF(2, 1.3, 0.8), 0),
    "DiffKern, Matern52": lambda: kern.DiffKern(kern.Matern52(1, 1.3, 0.8), 0),
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
INDEXED = {"ODE_UY", "ODE_UYC", "ODE_st", "ODE_t", "EQ_ODE1", "EQ_ODE2", "Hierarchical", "SplitKern", "DiffGenomeKern"}
INDEXED |= {"Coregionalize", "IndependentOutputs"}


def inputs(name, kernel, rng, rows):
    X = rng.uniform(0.2, 2.0, (rows, kernel.input_dim))
    if name in INDEXED:
        X = X if X.shape[1] > 1 or name == "Coregionalize" else np.column_stack([X, X])
        X[:, -1] = np.arange(rows) % 2
    return X


def of_kernels():
    for name, make in KERNELS.items():
        try:
            make()
        except Exception as e:
            print("MAKE", name, type(e), e)
            continue
        yield from kernel_targets(name, make)


def kernel_targets(name, make):
    kernel = make()
    size = kernel.param_array.size
    start = np.array(kernel.param_array)

    def at(p):
        k = make()
        k[:] = p


        return k

    def drawn_params(rng):
        return start * rng.uniform(0.7, 1.4, size)

    both = lambda rng: (drawn_params(rng), inputs(name, kernel, rng, 3), inputs(name, kernel, rng, 2))

    def params_vjp(args, dA, same=False):
        k = at(args[0])
        k.update_gradients_full(np.array(dA), np.array(args[1]), None if same else np.array(args[2]))
        return [np.array(k.gradient)] + [None] * (len(args) - 1)

    T = lambda part, f, vjp, make, **o: Target(f"{name}.{part}", (f, vjp), drawn(make), **OPTIONS, **o)
    Kf = lambda p, X, X2: np.array(at(p).K(np.array(X), np.array(X2)))
    Ks = lambda p, X: np.array(at(p).K(np.array(X)))
    Kd = lambda p, X: np.array(at(p).Kdiag(np.array(X)))
    if size:
        yield T("update_gradients_full", Kf, params_vjp, both, argnums=0)
        yield T("update_gradients_full of X", Ks, partial(params_vjp, same=True), lambda r: both(r)[:2], argnums=0)

        def diag_vjp(args, dA):
            k = at(args[0])
            k.update_gradients_diag(np.array(dA), np.array(args[1]))
            return [np.array(k.gradient), None]

        yield T("update_gradients_diag", Kd, diag_vjp, lambda r: both(r)[:2], argnums=0)
    if name in INDEXED:
        return
    gX = lambda args, dA: [None, at(args[0]).gradients_X(np.array(dA), np.array(args[1]), np.array(args[2])), None]
    yield T("gradients_X", Kf, gX, both, argnums=1)
    sym = lambda args, dA: [None, at(args[0]).gradients_X(np.array(dA), np.array(args[1]))]
    yield T("gradients_X of X", Ks, sym, lambda r: both(r)[:2], argnums=1)
    dia = lambda args, dA: [None, at(args[0]).gradients_X_diag(np.array(dA), np.array(args[1]))]
    yield T("gradients_X_diag", Kd, dia, lambda r: both(r)[:2], argnums=1)
    # gradients_XX: sum dL_dK d2K/dX dX2
    W = np.random.default_rng(1).standard_normal((3, 2))
    first = lambda p, X, X2: np.array(at(p).gradients_X(W, np.array(X), np.array(X2)))

    def xx(args, dA):
        H = np.array(at(args[0]).gradients_XX(W, np.array(args[1]), np.array(args[2])))  # 3 2 Q Q
        return [None, None, np.einsum("nq,nmqr->mr", dA, H)]

    yield T("gradients_XX", first, xx, both, argnums=2)
    dx = lambda d: (lambda p, X, X2: np.array(at(p).dK_dX(np.array(X), np.array(X2), d)))
    if hasattr(kernel, "dK_dX"):
        for d in range(kernel.input_dim):
            rows = lambda args, dA, d=d: [None, np.stack([(dA * at(args[0]).dK_dX(np.array(args[1]), np.array(args[2]), i)).sum(1) for i in range(kernel.input_dim)], 1), None]
        yield T("dK_dX", Kf, rows, both, argnums=1)
        rows2 = lambda args, dA: [None, None, np.stack([(dA * at(args[0]).dK_dX2(np.array(args[1]), np.array(args[2]), i)).sum(0) for i in range(kernel.input_dim)], 1)]
        yield T("dK_dX2", Kf, rows2, both, argnums=2)
        for key, base, wrt in [("dK2_dXdX2", "dK_dX", 2), ("dK2_dXdX", "dK_dX", 1), ("dK3_dXdXdX2", "dK2_dXdX", 2),]:
            if not hasattr(kernel, key): continue
            f = lambda p, X, X2, base=base: np.array(getattr(at(p), base)(np.array(X), np.array(X2), *([0] * (base.count('dX')))))
            def v(args, dA, key=key, wrt=wrt):
                n = key.count("dX")
                S = [dA * getattr(at(args[0]), key)(np.array(args[1]), np.array(args[2]), *([0]*(n-1)), i) for i in range(kernel.input_dim)]
                g = np.stack([s.sum(1 if wrt == 1 else 0) for s in S], 1)
                return [None, g if wrt == 1 else None, g if wrt == 2 else None]
            yield T(key, f, v, both, argnums=wrt)
        for key in [k for k in dir(kernel) if k.startswith(("dK_d", "dK2_d", "dK3_d")) and "X" not in k.split("_d")[1][:1] ]:
            pass


def column(fill):
    return fill


LIKELIHOODS = {
    "Bernoulli": (lambda: likelihoods.Bernoulli(), lambda r, n: r.integers(0, 2, (n, 1)).astype(float), None),
    "Exponential": (lambda: likelihoods.Exponential(), lambda r, n: r.uniform(0.2, 3, (n, 1)), None),
    "Exponential, log": (lambda: likelihoods.Exponential(links.Log()), lambda r, n: r.uniform(0.2, 3, (n, 1)), None),
    "Gamma": (lambda: likelihoods.Gamma(beta=1.3), lambda r, n: r.uniform(0.2, 3, (n, 1)), None),
    "Gaussian": (lambda: likelihoods.Gaussian(variance=0.7), lambda r, n: r.normal(size=(n, 1)), None),
    "LogLogistic": (lambda: likelihoods.LogLogistic(r=1.3), lambda r, n: r.uniform(0.2, 3, (n, 1)), "censored"),
    "LogGaussian": (lambda: LogGaussian(sigma=0.7), lambda r, n: r.uniform(0.2, 3, (n, 1)), "censored"),
    "Poisson": (lambda: likelihoods.Poisson(), lambda r, n: r.integers(0, 5, (n, 1)).astype(float), None),
    "StudentT": (lambda: likelihoods.StudentT(deg_free=5.0, sigma2=2.0), lambda r, n: r.normal(size=(n, 1)), None),
    "Weibull": (lambda: likelihoods.Weibull(beta=1.3), lambda r, n: r.uniform(0.2, 3, (n, 1)), "censored"),
    "Binomial": (lambda: likelihoods.Binomial(), lambda r, n: r.integers(0, 4, (n, 1)).astype(float), "trials"),
    "Poisson, exp": (lambda: likelihoods.Poisson(links.Log()), lambda r, n: r.integers(0, 5, (n, 1)).astype(float), None),
    "Poisson, log1p": (lambda: likelihoods.Poisson(links.Log_ex_1()), lambda r, n: r.integers(0, 5, (n, 1)).astype(float), None),
    "StudentT, log": (lambda: likelihoods.StudentT(links.Log(), deg_free=5.0, sigma2=2.0), lambda r, n: r.normal(size=(n, 1)), None),
    "Gaussian, log": (lambda: likelihoods.Gaussian(links.Log(), variance=0.7), lambda r, n: r.normal(size=(n, 1)), None),
    "Bernoulli, probit": (lambda: likelihoods.Bernoulli(links.Probit()), lambda r, n: r.integers(0, 2, (n, 1)).astype(float), None),
}
STEPS = [("logpdf", "dlogpdf_df"), ("dlogpdf_df", "d2logpdf_df2"), ("d2logpdf_df2", "d3logpdf_df3")]
LINK_STEPS = [("logpdf_link", "dlogpdf_dlink"), ("dlogpdf_dlink", "d2logpdf_dlink2"), ("d2logpdf_dlink2", "d3logpdf_dlink3")]
THETA = [("logpdf", "dlogpdf_dtheta"), ("dlogpdf_df", "dlogpdf_df_dtheta"), ("d2logpdf_df2", "d2logpdf_df2_dtheta")]


def of_likelihoods():
    for name, (make, fill, meta) in LIKELIHOODS.items():
        lik = make()
        metas = {None: [None], "censored": [None, {"censored": np.array([[1], [0], [1]])}], "trials": [{"trials": np.full((3, 1), 4)}]}[meta]
        for which, md in enumerate(metas):
            label = name + (" censored" if which else "")
            arg = lambda rng, fill=fill: (rng.uniform(-1.2, 1.2, (3, 1)), fill(rng, 3))
            linked = lambda rng, fill=fill, b=name.startswith(("Bernoulli", "Binomial")): ((rng.uniform(0.1, 0.9, (3, 1)) if b else rng.uniform(0.3, 3, (3, 1))), fill(rng, 3))
            for steps, draw in ((STEPS, arg), (LINK_STEPS, linked)):
                for f, slope in steps:
                    F = lambda x, y, f=f, lik=lik, md=md: np.array(getattr(lik, f)(np.array(x), np.array(y), Y_metadata=md)).reshape(x.shape)
                    V = lambda args, dA, s=slope, lik=lik, md=md: [dA * np.array(getattr(lik, s)(np.array(args[0]), np.array(args[1]), Y_metadata=md)).reshape(dA.shape), None]
                    yield Target(f"{label}.{slope}", (F, V), drawn(draw), argnums=0, **OPTIONS)
            if lik.size:
                start = np.array(lik.param_array)
                def at(p, make=make):
                    k = make(); k[:] = p; return k
                for f, slope in THETA:
                    F = lambda p, x, y, f=f, at=at, md=md: np.array(getattr(at(p), f)(np.array(x), np.array(y), Y_metadata=md)).reshape(x.shape)
                    def V(args, dA, s=slope, at=at, md=md):
                        D = np.array(getattr(at(args[0]), s)(np.array(args[1]), np.array(args[2]), Y_metadata=md))
                        return [(D.reshape(-1, *dA.shape) * dA).sum((1, 2)), None, None]
                    draw = lambda rng, start=start, arg=arg: (start * rng.uniform(0.8, 1.3, start.size), *arg(rng))
                    yield Target(f"{label}.{slope}", (F, V), drawn(draw), argnums=0, **OPTIONS)


def of_links():
    for name in ("Identity", "Probit", "Cloglog", "Log", "Log_ex_1", "Reciprocal", "Heaviside", "ScaledProbit", "InverseRoot" ):
        if not hasattr(links, name): continue
        link = getattr(links, name)(1.3) if name == "ScaledProbit" else getattr(links, name)()
        for f, s in [("transf", "dtransf_df"), ("dtransf_df", "d2transf_df2"), ("d2transf_df2", "d3transf_df3")]:
            F = lambda x, f=f, l=link: np.array(getattr(l, f)(np.array(x)))
            V = lambda args, dA, s=s, l=link: [dA * np.array(getattr(l, s)(np.array(args[0])))]
            yield Target(f"link {name}.{s}", (F, V), each(between(0.2, 2.0)), **OPTIONS)


MAPPINGS = {
    "Linear": lambda: mappings.Linear(2, 2), "MLP": lambda: mappings.MLP(2, 2, 3), "MLPext": lambda: mappings.MLPext(2, 2, [3, 2]),
    "Kernel": lambda: mappings.Kernel(2, 2, np.array([[0.3, 0.5], [1.0, 1.2]]), kern.RBF(2)),
    "Identity": lambda: mappings.Identity(2, 2), "Constant": lambda: mappings.Constant(2, 2),
    "PiecewiseLinear": lambda: mappings.PiecewiseLinear(1, 1, np.array([0.1, 0.7, 1.5]), np.array([0.2, 0.9, 2.0])),
    "Additive": lambda: mappings.Additive(mappings.Linear(2, 2), mappings.MLP(2, 2, 3)),
    "Compound": lambda: mappings.Compound(mappings.Linear(2, 2), mappings.MLP(2, 2, 3)),
}


def of_mappings():
    for name, make in MAPPINGS.items():
        try:
            np.random.seed(0); m = make()
        except Exception as e:
            print("MAKE", name, e); continue
        def at(p, make=make):
            np.random.seed(0); k = make(); k[:] = p; return k
        start = np.array(m.param_array) if m.size else np.zeros(0)
        draw = lambda rng, start=start, m=m: (start * rng.uniform(0.7, 1.3, start.size), rng.uniform(0.2, 2, (3, m.input_dim)))
        F = lambda p, X, at=at: np.array(at(p).f(np.array(X)))
        def V(args, dA, at=at):
            m = at(args[0]); m.update_gradients(np.array(dA), np.array(args[1])); return [np.array(m.gradient), None]
        def VX(args, dA, at=at):
            return [None, np.array(at(args[0]).gradients_X(np.array(dA), np.array(args[1])))]
        if m.size: yield Target(f"mapping {name}.update_gradients", (F, V), drawn(draw), argnums=0, **OPTIONS)
        yield Target(f"mapping {name}.gradients_X", (F, VX), drawn(draw), argnums=1, **OPTIONS)


with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    TARGETS = [*of_kernels(), *of_likelihoods(), *of_links(), *of_mappings()]
