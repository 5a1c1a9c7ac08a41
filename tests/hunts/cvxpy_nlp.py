"""Jacobians and Hessians of CVXPY's nonlinear problems, which the engine SparseDiffPy computes.

A constraint `atom(x) == 0` has a Jacobian; the gradient of its Lagrangian has a Hessian. Atoms for which CVXPY writes
other constraints before it calls the engine, such as `log` of an expression, are here only as functions of variables.
"""

import cvxpy as cp
import numpy as np
from cvxpy.reductions.solvers.nlp_solvers.diff_engine.c_problem import C_problem

from tests.hunts.cvxpy import normcdf, trig
from tests.hunts.draws import *

LIBRARIES = ["cvxpy", "sparsediffpy", "numpy"]
LAGRANGE = np.array([1.3, -0.7, 0.4, 2.1, -1.1, 0.9, 0.3, -1.9])


class Engine:
    """The engine's functions of an atom for arguments of one shape."""

    def __init__(self, atom, shapes):
        variables = [cp.Variable(shape) for shape in shapes]
        expression = atom(*variables)
        self.shape, self.n = expression.shape, sum(variable.size for variable in variables)
        self.m = expression.size
        self.problem = C_problem(cp.Problem(cp.Minimize(cp.sum(variables[0])), [expression == 0]), verbose=False)
        self.problem.init_jacobian_coo()
        self.problem.init_hessian_coo_lower_tri()
        self.w = np.resize(LAGRANGE, self.m)

    def value(self, x):
        self.problem.objective_forward(x)
        return np.array(self.problem.constraint_forward(x))

    def jacobian(self, x):
        self.value(x)
        J = np.zeros((self.m, self.n))
        np.add.at(J, self.problem.get_jacobian_sparsity_coo(), self.problem.eval_jacobian_vals())
        return J

    def hessian(self, x):
        self.jacobian(x)
        H = np.zeros((self.n, self.n))
        where = self.problem.get_problem_hessian_sparsity_coo()
        np.add.at(H, where, self.problem.eval_hessian_vals_coo_lower_tri(0.0, self.w))
        return H + np.tril(H, -1).T

    def gradient(self, x):
        return self.jacobian(x).T @ self.w


def flat(args):
    return np.concatenate([np.ravel(np.asarray(x, "float64"), order="F") for x in args])


def split(g, args):
    ends = np.cumsum([np.size(x) for x in args])[:-1]
    return [np.reshape(part, np.shape(x), order="F") for part, x in zip(np.split(g, ends), args, strict=True)]


def pair(atom, *, of_gradient=False):
    engines = {}

    def engine(args):
        shapes = tuple(np.shape(x) for x in args)
        if shapes not in engines:
            engines[shapes] = Engine(atom, shapes)
        return engines[shapes]

    def f(*args):
        made = engine(args)
        return made.gradient(flat(args)) if of_gradient else made.value(flat(args))

    def vjp(args, dA):
        made = engine(args)
        J = made.hessian(flat(args)) if of_gradient else made.jacobian(flat(args))
        return split(J.T @ dA, args)

    return f, vjp


VECTOR = each(GENERIC, "n")
MATRIX = each(GENERIC, "m n")
INSIDE = between(0.1, 3.0)
PLUS = each(INSIDE, "m n")
TABLE = {}


def rows(arguments, **atoms):
    TABLE.update({name.replace("__", " "): (f, arguments) for name, f in atoms.items()})


rows(
    MATRIX,
    exp=cp.exp,
    logistic=cp.logistic,
    sin=trig.sin,
    cos=trig.cos,
    tan=trig.tan,
    sinh=lambda x: cp.atoms.elementwise.hyperbolic.sinh(x),
    tanh=lambda x: cp.atoms.elementwise.hyperbolic.tanh(x),
    asinh=lambda x: cp.atoms.elementwise.hyperbolic.asinh(x),
    normcdf=normcdf,
    square=cp.square,
    power__3=lambda x: cp.power(x, 3),
    power__4=lambda x: cp.power(x, 4),
    prod=cp.prod,
    prod__axis0=lambda x: cp.prod(x, axis=0),
    prod__axis1=lambda x: cp.prod(x, axis=1),
    sum__axis0=lambda x: cp.sum(cp.exp(x), axis=0),
    sum__axis1=lambda x: cp.sum(cp.exp(x), axis=1),
    transpose=lambda x: cp.exp(x).T,
    left=lambda x: np.arange(2.0 * x.shape[0]).reshape(2, -1) @ cp.exp(x),
    right=lambda x: cp.exp(x) @ np.arange(2.0 * x.shape[1]).reshape(-1, 2),
    row=lambda x: np.arange(1.0, 1 + x.shape[0]) @ cp.exp(x),
    column=lambda x: cp.exp(x) @ np.arange(1.0, 1 + x.shape[1]),
    index=lambda x: cp.exp(x)[0, :],
    index__reversed=lambda x: cp.exp(x)[::-1, :],
    reshape__C=lambda x: cp.reshape(cp.exp(x), (x.size,), order="C"),
    reshape__F=lambda x: cp.reshape(cp.exp(x), (x.size,), order="F"),
    trace=lambda x: cp.trace(cp.exp(x) @ x.T),
    gram=lambda x: x @ x.T,
    times_constant=lambda x: cp.multiply(np.arange(1.0, 1 + x.shape[1])[None, :] + np.zeros(x.shape), cp.exp(x)),
    quad_form=lambda x: cp.quad_form(x[:, 0], np.diag(np.arange(1.0, 1 + x.shape[0])) + 1),
    quad_form__of_exp=lambda x: cp.quad_form(cp.exp(x)[:, 0], np.diag(np.arange(1.0, 1 + x.shape[0])) + 1),
    hstack=lambda x: cp.hstack([cp.exp(x), x]),
    vstack=lambda x: cp.vstack([cp.exp(x), x]),
    diag=lambda x: cp.diag(cp.exp(x)[:, 0]),
    upper_tri=lambda x: cp.upper_tri(cp.exp(x @ x.T)) if x.shape[0] > 1 else x,
    normal_density=lambda x: cp.exp(-cp.square(x)),
    sine_of_sine=lambda x: trig.sin(trig.sin(x)),
    sum_of_product=lambda x: cp.sum(cp.multiply(x, trig.sin(x))),
    mean=lambda x: cp.mean(cp.exp(x)),
    negative=lambda x: -cp.exp(x),
    convolve=lambda x: cp.convolve(np.array([1.0, 2.0, 3.0]), cp.exp(x)[:, 0]),
)
rows(
    PLUS,
    log=cp.log,
    entr=cp.entr,
    sqrt=cp.sqrt,
    inv_pos=cp.inv_pos,
    xexp=cp.xexp,
    power__half=lambda x: cp.power(x, 0.3),
    power__2_5=lambda x: cp.power(x, 2.5),
    power__minus=lambda x: cp.power(x, -1.5),
)
rows(VECTOR, quad_form__vector=lambda x: cp.quad_form(x, 2 * np.eye(x.size) + 1), diag_vec=lambda x: cp.diag(cp.exp(x)))
rows(
    of((INSIDE, "m n"), (INSIDE, "m n")),
    rel_entr=cp.rel_entr,
    multiply=cp.multiply,
    multiply__of_sines=lambda x, y: cp.multiply(trig.sin(x), trig.cos(y)),
    product=lambda x, y: x @ y.T,
    product__of_exp=lambda x, y: cp.exp(x) @ trig.sin(y).T,
    plus=lambda x, y: cp.exp(x) - y,
    product__of_both=lambda x, y: (x + y) @ (x - y).T,
    dot=lambda x, y: cp.scalar_product(x, y),
)
rows(
    of((INSIDE, ""), (INSIDE, "m n")),
    scalar__multiply=cp.multiply,
    scalar__rel_entr=cp.rel_entr,
    scalar__rel_entr2=lambda x, y: cp.rel_entr(y, x),
    scalar__plus=lambda x, y: cp.exp(x) + y,
    scalar__quad_over_lin=lambda x, y: cp.quad_over_lin(y, x),
)
rows(
    of((INSIDE, "m 1"), (INSIDE, "1 n")),
    outer__multiply=cp.multiply,
    outer__plus=lambda x, y: x + cp.exp(y),
    outer__product=lambda x, y: x @ y,
)
rows(
    of((INSIDE, "m"), (INSIDE, "m n")),
    vector__product=lambda x, y: x @ y,
    vector__product2=lambda x, y: y.T @ x,
)
rows(each(between(-0.9, 0.9), "m n"), atanh=lambda x: cp.atoms.elementwise.hyperbolic.atanh(x))
TARGETS = [
    Target(f"{name}{after}", pair(f, of_gradient=second), arguments, float32=False)
    for name, (f, arguments) in TABLE.items()
    for after, second in (("", False), (", Hessian", True))
]
