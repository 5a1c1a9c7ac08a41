"""Derivatives of OpenMDAO's interpolation, and partials of its components."""

import os
from tempfile import mkdtemp

import numpy as np

os.environ["OPENMDAO_USE_MPI"] = "0"  # mpi4py may be installed without a library
os.environ["OPENMDAO_WORKDIR"] = mkdtemp()  # it makes a folder for each problem

import openmdao.api as om
from openmdao.components.interp_util.interp import SPLINE_METHODS, TABLE_METHODS, InterpND

from tests.hunts.draws import *

LIBRARIES = ["openmdao", "numpy"]
RNG = np.random.default_rng(0)
GRID = [
    np.array([0.0, 1, 2.5, 3, 4.2, 5, 6.1]),
    np.array([0.0, 0.7, 1.5, 2, 3.1, 4]),
    np.array([0, 1, 1.7, 2.6, 3.3, 4.0]),
]
VALUES = np.sin(GRID[0])[:, None, None] * np.cos(GRID[1])[:, None] * np.exp(-GRID[2] / 3)
VALUES = VALUES + 0.1 * RNG.standard_normal(VALUES.shape)
DIMENSIONS = {"1D": [1], "2D": [2], "3D": [3]}


def interpolation(method, n):
    grid, values = GRID[:n], VALUES[(..., *[1] * (3 - n))]
    made = InterpND(method=method, points=tuple(grid) if n > 1 else grid[0], values=values, extrapolate=True)

    def vjp(args, dA):
        slopes = made.interpolate(np.asarray(args[0], "float64"), compute_derivative=True)[1]
        return [np.ravel(slopes) * dA]

    return (lambda x: np.float64(np.ravel(made.interpolate(np.asarray(x, "float64")))[0])), vjp


def inside(n):
    ends = np.array([grid[-1] for grid in GRID[:n]])
    return of((lambda rng, shape: rng.uniform(-0.05, 1.05, shape) * ends, str(n)))


def component(made, shapes, output):
    """The pair of an explicit component."""
    problem = om.Problem(reports=False)
    problem.model.add_subsystem("c", made)
    problem.setup()
    problem.final_setup()

    def run(args):
        for name, x in zip(shapes, args, strict=True):
            problem.set_val(f"c.{name}", np.asarray(x, "float64"))
        problem.run_model()

    def f(*args):
        run(args)
        return np.array(problem.get_val(f"c.{output}"))

    def vjp(args, dA):
        run(args)
        problem.model.run_linearize()
        J = problem.compute_totals(of=[f"c.{output}"], wrt=[f"c.{name}" for name in shapes])
        u = np.ravel(dA)
        return [(u @ J[f"c.{output}", f"c.{name}"]).reshape(np.shape(x)) for name, x in zip(shapes, args, strict=True)]

    return f, vjp


COMPONENTS = {
    "KSComp": (om.KSComp(width=4, vec_size=2), {"g": "2 4"}, "KS"),
    "KSComp of a rho": (om.KSComp(width=4, rho=3.0), {"g": "1 4"}, "KS"),
    "KSComp lower": (om.KSComp(width=4, rho=3.0, lower_flag=True), {"g": "1 4"}, "KS"),
    "KSComp minimum": (om.KSComp(width=4, rho=3.0, minimum=True, upper=0.5), {"g": "1 4"}, "KS"),
    "VectorMagnitudeComp": (om.VectorMagnitudeComp(vec_size=2, length=3), {"a": "2 3"}, "a_mag"),
    "CrossProductComp": (om.CrossProductComp(vec_size=2), {"a": "2 3", "b": "2 3"}, "c"),
    "DotProductComp": (om.DotProductComp(vec_size=2, length=3), {"a": "2 3", "b": "2 3"}, "c"),
    "MatrixVectorProductComp": (
        om.MatrixVectorProductComp(vec_size=2, A_shape=(4, 3)),
        {"A": "2 4 3", "x": "2 3"},
        "b",
    ),
    "AddSubtractComp": (
        om.AddSubtractComp("y", ["p", "q"], vec_size=2, length=3, scaling_factors=[2.0, -3.0]),
        {"p": "2 3", "q": "2 3"},
        "y",
    ),
}
SMOOTH = {"exp": "exp(x) * y", "arctan2": "arctan2(x, 2 + y * y)", "tanh": "tanh(x * y)", "sinh": "sinh(x) - cosh(y)"}
SMOOTH |= {"power": "(2 + x * x) ** y", "log": "log(1 + x * x) + log10(2 + y * y) + log1p(x * x)", "erf": "erf(x) * y"}
SMOOTH |= {
    "sum": "x * sum(y)",
    "dot": "x * dot(x, y)",
    "abs": "abs(x) * y",
    "arcsin": "arcsin(tanh(x)) + arccos(tanh(y))",
}


def everything():
    for method in [*TABLE_METHODS, *[name for name in SPLINE_METHODS if name not in TABLE_METHODS]]:
        for n in DIMENSIONS.get(method[:2], [1, 2, 3]):
            if method != "bsplines":
                yield Target(f"{method} of {n}", interpolation(method, n), inside(n), float32=False)
    for name, (made, shapes, output) in COMPONENTS.items():
        x = of(*[(between(0.2, 2.0), shape) for shape in shapes.values()])
        yield Target(name, component(made, shapes, output), x, float32=False)
    for name, formula in SMOOTH.items():
        made = om.ExecComp(f"z = {formula}", x=np.zeros(3), y=np.zeros(3), z=np.zeros(3))
        x = of((GENERIC, "3"), (GENERIC, "3"))
        yield Target(f"ExecComp {name}", component(made, {"x": "3", "y": "3"}, "z"), x, float32=False)


TARGETS = [*everything()]
