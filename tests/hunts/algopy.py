"""Functions of algopy: the gradient in reverse mode, the Jacobian in forward mode, and the Hessian."""

import algopy
import numpy as np
from algopy import UTPM, CGraph, Function, special

from tests.hunts.draws import *

LIBRARIES = ["algopy", "numpy", "scipy"]


def value(f):
    return lambda *args: np.asarray(f(*[np.asarray(x, "float64") for x in args]), "float64")


def reverse(f):
    def vjp(args, dA):
        graph = CGraph()
        variables = [Function(UTPM(np.array(x, "float64").reshape(1, 1, *np.shape(x)))) for x in args]
        y = f(*variables)
        graph.trace_off()
        graph.independentFunctionList, graph.dependentFunctionList = variables, [y]
        graph.pullback([UTPM(np.array(dA, "float64").reshape(1, 1, *np.shape(dA)))])
        return [variable.xbar.data[0, 0].copy() for variable in variables]

    return value(f), vjp


def forward(f):
    """For a function of one argument."""

    def vjp(args, dA):
        (x,) = args
        y = f(UTPM.init_jacobian(np.ravel(x).astype("float64")).reshape(np.shape(x)))
        J = np.asarray(UTPM.extract_jacobian(y)).reshape(-1, np.size(x))
        return [(np.ravel(dA) @ J).reshape(np.shape(x))]

    return value(f), vjp


N = "n"
SIGNED = mixed(normal(), decades(-3, 0))
PLUS = between(0.1, 4.0)
VECTOR, POSITIVES, MATRIX = each(SIGNED, N), each(PLUS, N), each(SIGNED, "m n")
SQUARE = matrices(regular)
TWO = of((SIGNED, "m n"), (PLUS, "m n"))
dot = algopy.dot
TABLE = {
    **named(algopy, "sin cos tan exp expm1 square negative absolute", VECTOR),
    **named(algopy, "log log1p sqrt reciprocal", POSITIVES),
    **named(special, "erf erfi dawsn expit", VECTOR),
    **named(special, "gammaln psi", POSITIVES),
    "logit": (special.logit, each(between(0.1, 0.9), N)),
    "polygamma": (lambda x: special.polygamma(2, x), POSITIVES),
    **{f"power {p}": (lambda x, p=p: x**p, POSITIVES) for p in (0, 1, 2, 3, 5, 0.5, 1.5, -1.5, -2.0)},
    **{f"power {p} signed": (lambda x, p=p: x**p, VECTOR) for p in (1, 2, 3)},
    "power -1": (lambda x: x**-1, POSITIVES),
    "power 2.0 with zeros": (lambda x: x**2.0, each(among(0.0, 1.0, 2.0), N)),
    "1 / x": (lambda x: 1.0 / x, POSITIVES),
    "1 - x": (lambda x: 1.0 - x * x, VECTOR),
    "det": (algopy.det, SQUARE),
    "logdet": (algopy.logdet, SQUARE),
    "inv": (algopy.inv, SQUARE),
    "trace": (algopy.trace, SQUARE),
    "expm": (algopy.expm, SQUARE),
    "eigh": (lambda A: algopy.eigh((A + A.T) / 2.0)[0], matrices(symmetric)),
    "cholesky": (lambda A: algopy.cholesky((A + A.T) / 2.0), matrices(definite)),
    "lu, L": (lambda A: algopy.lu(A)[1], matrices(definite)),
    "qr, R": (lambda A: algopy.qr(A)[1], SQUARE),
    "prod": (algopy.prod, VECTOR),
    "sum": (algopy.sum, MATRIX),
    "sum over axis 0": (lambda A: algopy.sum(A, axis=0), MATRIX),
    "sum over axis 1": (lambda A: algopy.sum(A, axis=1), MATRIX),
    "dot of a matrix with itself": (lambda A: dot(A, A.T), MATRIX),
    "dot of vectors": (lambda x: dot(x, x), VECTOR),
    "transpose": (lambda A: A.T, MATRIX),
    "diag": (algopy.diag, VECTOR),
    "reshape": (lambda A: A.reshape((A.size,)), MATRIX),
    "slice": (lambda x: x[::2], VECTOR),
    "negative index": (lambda x: x[-1], VECTOR),
    "row": (lambda A: A[0, :] * A[-1, :], MATRIX),
    "broadcast": (lambda A: A * A[0], MATRIX),
    "broadcast sum": (lambda A: A[0] + A, MATRIX),
    "scalar times vector": (lambda x: x[0] * x, VECTOR),
    "vector over scalar": (lambda x: x / x[0], POSITIVES),
    "tan of tan": (lambda x: algopy.tan(algopy.tan(x / 4.0)) * x, VECTOR),
}
FORWARD_ONLY = {
    **named(algopy, "sinh cosh tanh", VECTOR),
    **named(algopy, "arcsin arccos arctan", each(between(-0.9, 0.9), N)),
    "svd": (lambda A: algopy.svd(A)[1], SQUARE),
    "triu": (algopy.triu, SQUARE),
}
OF_TWO = {
    "x * y": (lambda x, y: x * y, TWO),
    "x / y": (lambda x, y: x / y, TWO),
    "x - y": (lambda x, y: x - y, TWO),
    "matrix product": (lambda A, B: dot(A, B), of((SIGNED, "m k"), (SIGNED, "k n"))),
    "matrix and vector": (lambda A, b: dot(A, b), of((SIGNED, "n n"), (SIGNED, N))),
    "outer": (algopy.outer, of((SIGNED, N), (SIGNED, N))),
    "solve": (lambda A, B: algopy.solve(A, B), matrices(regular, "n k")),
    "matrix over vector": (lambda A, b: A / b, of((SIGNED, "m n"), (PLUS, N))),
}
DOT = "found: a number where an outer product is needed"
KNOWN = {
    "power -1": {"WrongGradient": "found: the pullback of negative integers adds nothing"},
    "power 2.0 with zeros, forward": {"NotFinite": "found: a division by 0"},
    "sum over axis 0": {"WrongGradient": "found: axis receives dtype", "Raised": "found: axis receives dtype"},
    "sum over axis 1": {"WrongGradient": "found: axis receives dtype", "Raised": "found: axis receives dtype"},
    "matrix and vector": {"WrongGradient": DOT, "Raised": DOT},
    "outer": {"WrongGradient": "found: the cotangent is not transposed"},
    "reshape": {"WrongForLayout": "found: a copy of the cotangent of Fortran's order"},
}
TARGETS = [
    Target(name, pair, arguments, float32=False, known=KNOWN.get(name))
    for name, pair, arguments in [
        *[(name, reverse(f), arguments) for name, (f, arguments) in {**TABLE, **OF_TWO}.items()],
        *[(f"{name}, forward", forward(f), arguments) for name, (f, arguments) in {**TABLE, **FORWARD_ONLY}.items()],
    ]
]
