"""Derivatives of SMT's surrogate models and problems, by each input."""

import warnings
from functools import cache

import numpy as np
from smt import problems
from smt import surrogate_models as models
from smt.surrogate_models.krg_based import MixIntKernelType  # noqa: F401
from smt.utils import kriging

from tests.hunts.draws import *

LIBRARIES = ["smt", "numpy", "scipy"]
RNG = np.random.default_rng(0)


def columns(value, slope):
    """The pair of a function of rows; its slope takes the number of an input."""

    def vjp(args, dA):
        x = np.asarray(args[0], "float64")
        return [np.stack([np.sum(slope(x, i) * dA, axis=1) for i in range(x.shape[1])], axis=1)]

    return (lambda x: value(np.asarray(x, "float64"))), vjp


def problem(made):
    return columns(lambda x: made(x), lambda x, i: made(x, kx=i))


def inside(made, most=3):
    low, high = made.xlimits.T
    return of((lambda rng, shape: rng.uniform(low, high, shape), f"m {len(low)}"), most=most)


def design(n, points):
    return RNG.uniform(-1, 1, (points, n))


def smooth(x):
    return np.sin(2 * x[:, :1]) + np.sum(x * x, axis=1, keepdims=True) / 2 + x[:, :1] * x[:, -1:]


@cache
def trained(name, n, options):
    X = np.random.default_rng(1).uniform(-1, 1, (12 * n, n))
    made = getattr(models, name)(print_global=False, **dict(options))
    made.set_training_values(X, smooth(X))
    if name == "GENN" or name == "GEKPLS":
        for i in range(n):
            step = np.eye(n)[i] * 1e-5
            made.set_training_derivatives(X, (smooth(X + step) - smooth(X - step)) / 2e-5, i)
    made.train()
    return made


def surrogate(name, n, variance, **options):
    options = tuple(sorted((k, tuple(v) if isinstance(v, list) else v) for k, v in options.items()))

    def model():
        return trained(name, n, options)

    if variance:
        value = lambda x: model().predict_variances(x)
        return value, lambda x, i: model().predict_variance_derivatives(x, i)
    return (lambda x: model().predict_values(x)), (lambda x, i: model().predict_derivatives(x, i))


PROBLEMS = {
    "Sphere": problems.Sphere(ndim=3),
    "Branin": problems.Branin(ndim=2),
    "Rosenbrock": problems.Rosenbrock(ndim=3),
    "CantileverBeam": problems.CantileverBeam(ndim=6),
    "NdimCantileverBeam": problems.NdimCantileverBeam(ndim=2),
    "NdimRobotArm": problems.NdimRobotArm(ndim=4),
    "NdimRosenbrock": problems.NdimRosenbrock(ndim=3),
    "NdimStepFunction": problems.NdimStepFunction(ndim=3),
    "RobotArm": problems.RobotArm(ndim=4),
    "TorsionVibration": problems.TorsionVibration(ndim=15),
    "WaterFlow": problems.WaterFlow(ndim=8),
    "WeldedBeam": problems.WeldedBeam(ndim=3),
    "WingWeight": problems.WingWeight(ndim=10),
    "WaterFlowLFidelity": problems.WaterFlowLFidelity(ndim=8),
    "LpNorm 2": problems.LpNorm(ndim=3, order=2),
    "LpNorm 3": problems.LpNorm(ndim=3, order=3),
    "LpNorm 4": problems.LpNorm(ndim=2, order=4),
    **{
        f"TensorProduct {name}": problems.TensorProduct(ndim=3, func=name, width=1.5)
        for name in ("exp", "tanh", "cos", "gaussian")
    },
    "ReducedProblem": problems.ReducedProblem(problems.WaterFlow(ndim=8), dims=[0, 3, 6]),
}
CORR = ("pow_exp", "abs_exp", "squar_exp", "squar_sin_exp", "matern52", "matern32")
LIMITS = lambda n: np.array([[-1.0, 1.0]] * n)
SURROGATES = {
    **{f"KRG {corr}": ("KRG", {"corr": corr, "theta0": [0.5], "n_start": 2}) for corr in CORR},
    **{f"KRG {poly}": ("KRG", {"poly": poly, "n_start": 2}) for poly in ("linear", "quadratic")},
    "KPLS": ("KPLS", {"n_comp": 1, "n_start": 2}),
    "KPLS matern52": ("KPLS", {"n_comp": 2, "corr": "matern52", "n_start": 2}),
    "KPLS abs_exp": ("KPLS", {"n_comp": 2, "corr": "abs_exp", "n_start": 2}),
    "KPLSK": ("KPLSK", {"n_comp": 1, "n_start": 2}),
    "GEKPLS": ("GEKPLS", {"n_comp": 1, "extra_points": 1, "delta_x": 1e-2, "n_start": 2}),
    "LS": ("LS", {}),
    "QP": ("QP", {}),
    "IDW": ("IDW", {"p": 2.5}),
    "IDW 4": ("IDW", {"p": 4}),
    **{f"RBF {degree}": ("RBF", {"d0": 1.3, "poly_degree": degree}) for degree in (-1, 0, 1)},
    **{f"RMTB": ("RMTB", {"num_ctrl_pts": 5, "order": 4, "energy_weight": 1e-6, "regularization_weight": 1e-10})},
    **{f"RMTC": ("RMTC", {"num_elements": 3, "energy_weight": 1e-6, "regularization_weight": 1e-10})},
}


def everything():
    for name, made in PROBLEMS.items():
        yield Target(f"problem {name}", problem(made), inside(made), float32=False)
    for name, (kind, options) in SURROGATES.items():
        for n in (1, 2, 3):
            if kind in ("RMTB", "RMTC"):
                options = {**options, "xlimits": LIMITS(n)}
            value, slope = surrogate_of(kind, n, options)
            yield Target(f"{name} of {n}", columns(value, slope), each(between(-0.95, 0.95), f"m {n}", most=3), float32=False)
            if kind in ("KRG", "KPLS", "KPLSK"):
                v, s = surrogate_of(kind, n, options, "predict_variances", "predict_variance_derivatives")
                yield Target(f"{name} of {n}, variance", columns(v, s), each(between(-0.95, 0.95), f"m {n}", most=3), float32=False)


def surrogate_of(kind, n, options, value="predict_values", slope="predict_derivatives"):
    made = {}

    def model():
        if not made:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                X = np.random.default_rng(1).uniform(-1, 1, (8 * n + 4, n))
                one = getattr(models, kind)(print_global=False, **options)
                one.set_training_values(X, smooth(X))
                if kind in ("GENN", "GEKPLS"):
                    for i in range(n):
                        e = np.eye(n)[i] * 1e-5
                        one.set_training_derivatives(X, (smooth(X + e) - smooth(X - e)) / 2e-5, i)
                one.train()
            made[0] = one
        return made[0]

    return (lambda x: getattr(model(), value)(x)), (lambda x, i: getattr(model(), slope)(x, i))


TARGETS = [*everything()]
