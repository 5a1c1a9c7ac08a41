"""Derivatives of SMT's surrogate models and problems, by each input."""

import warnings
from contextlib import redirect_stdout
from io import StringIO

import numpy as np
from smt import problems
from smt import surrogate_models as models

from tests.hunts.draws import *

LIBRARIES = ["smt", "numpy", "scipy"]


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


def smooth(x):
    return np.sin(2 * x[:, :1]) + np.sum(x * x, axis=1, keepdims=True) / 2 + x[:, :1] * x[:, -1:]


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
    **{f"KRG {corr}": ("KRG", {"corr": corr, "theta0": [0.5], "n_start": 2, "nugget": 1e-6}) for corr in CORR},
    **{f"KRG {poly}": ("KRG", {"poly": poly, "n_start": 2, "nugget": 1e-6}) for poly in ("linear",)},
    "KPLS": ("KPLS", {"n_comp": 1, "n_start": 2, "nugget": 1e-6}),
    "KPLS matern52": ("KPLS", {"n_comp": 2, "corr": "matern52", "n_start": 2, "nugget": 1e-6}),
    "KPLSK": ("KPLSK", {"n_comp": 1, "n_start": 2, "nugget": 1e-6}),
    "LS": ("LS", {}),
    "QP": ("QP", {}),
    "IDW": ("IDW", {"p": 2.5}),
    "IDW 4": ("IDW", {"p": 4}),
    **{f"RBF {degree}": ("RBF", {"d0": 1.3, "poly_degree": degree}) for degree in (-1, 0, 1)},
    "RMTB": ("RMTB", {"num_ctrl_pts": 5, "order": 4, "energy_weight": 1e-6, "regularization_weight": 1e-10}),
    "RMTC": ("RMTC", {"num_elements": 3, "energy_weight": 1e-6, "regularization_weight": 1e-10}),
}


def known(name, *more):
    found = dict.fromkeys(("WrongGradient", "Raised"), "found: the coefficients of PLS are missing")
    trend = {"WrongGradient": "found: the slopes do not fit the variance"}
    noise = {"Inconclusive": "solving with a matrix of condition 1e6 and more gives noise"}
    reasons = found if "KPLS matern52" in name else trend if "linear" in name and more else {}
    return {**noise, **reasons}


def everything():
    for name, made in PROBLEMS.items():
        yield Target(f"problem {name}", problem(made), inside(made), float32=False)
    for name, (kind, options) in SURROGATES.items():
        for n in (2, 3) if "KPLS matern52" in name else (1, 2, 3):
            limits = {"xlimits": LIMITS(n)} if kind in ("RMTB", "RMTC") else {}
            value, slope = surrogate_of(kind, n, options | limits)
            x = each(between(-0.95, 0.95), f"m {n}", most=3)
            yield Target(f"{name} of {n}", columns(value, slope), x, float32=False, known=known(name))
            if kind in ("KRG", "KPLS", "KPLSK"):
                v, s = surrogate_of(kind, n, options, "predict_variances", "predict_variance_derivatives")
                name_of_variance = f"{name} of {n}, variance"
                yield Target(name_of_variance, columns(v, s), x, float32=False, known=known(name, "linear"))


def surrogate_of(kind, n, options, value="predict_values", slope="predict_derivatives"):
    made = {}

    def model():
        if not made:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                X = np.random.default_rng(1).uniform(-1, 1, (8 * n + 4, n))
                one = getattr(models, kind)(print_global=False, **options)
                one.set_training_values(X, smooth(X))
                with redirect_stdout(StringIO()):
                    one.train()
            made[0] = one
        return made[0]

    return (lambda x: getattr(model(), value)(x)), (lambda x, i: getattr(model(), slope)(x, i))


TARGETS = [*everything()]
