"""The checks and strategies of `funcnn.testing`."""

import numpy as np

from funcnn import Relu, Tanh
from funcnn.teach import diagnose, diagnose_layer
from funcnn.testing import (
    check_gradient,
    check_hessian,
    check_jvp,
    check_layer,
    check_loss,
    check_optimizer,
    check_vjp,
    every_layer,
)
from funcnn.testing import strategies as fst
from funcnn.testing.mutation import Mutant, is_caught, score
from funcnn.testing.write import write
from tests.kinds.kinds import array, count, flag, layer, text, tree
from tests.kinds.rows import both, kind, row


def sine(x):
    return np.sin(x)


def sine_vjp(args, dA):
    return [dA * np.cos(args[0])]


def sine_jvp(args, tangents):
    return np.cos(args[0]) * tangents[0]


def total(x):
    return np.exp(x).sum()


def slopes(x):
    return np.exp(x)


def curvature(x, p):
    return np.exp(x) * p


def zero_vjp(args, dA):
    return [0 * dA]


resolution = kind(1e-6, "None")
inconclusive = kind("error")
differences = {"resolution": resolution, "inconclusive": inconclusive}
common = {**differences, "domain": kind({}, "None; {}"), "at_kinks": kind("hull"), "tolerance": kind(0.0)}
off = kind(False).but("True")  # noqa: FBT003  of a part that a check does not have, or that leaves others without effect
options = {
    **common,
    "aliasing": flag,
    "nondeterministic": kind(0.0),
    "exact": off,
    "fast": off,
    "structure": kind({}, "None; {}"),
    "oracle": kind(None, "None"),
    **dict.fromkeys(("float32", "layouts", "purity"), flag),
}
of_a_layer = {**options, "aliasing": flag.but("False")}
drawn = kind(None).made(lambda: fst.tensors("m n"))
PAIR, WRONG_PAIR = (np.sin, sine_vjp), (np.sin, zero_vjp)
MUTANT = Mutant("zero", "forgotten", fst.tensors("m n"), PAIR, WRONG_PAIR)
mutant = kind(None).made(lambda: MUTANT)
small = array(np.ones((2, 2)) / 3)
of_x = {
    "x": (small | "1.5; 0-d").but("nan; []; (list,)"),  # of [] there is nothing to check, and (list,) is a matrix
    **options,
    "float32": off,
}
of_args = {
    "f": kind(sine),
    # At nan no slope of f is finite, so the check is inconclusive. A list is a tree, for which this vjp is wrong.
    "args": both((small | "1.5; 0-d").but("nan; (list,)")).but("(list,)"),
    "argnums": kind((0,), "None"),
    "kwargs": kind(None, "None; {}"),
    "convention": kind(None, "None"),
}
ROWS = [
    row(check_vjp, vjp=kind(sine_vjp), **of_args, **options),
    row(check_jvp, jvp=kind(sine_jvp), vjp=kind(sine_vjp, "None"), **of_args, **options),
    row(check_gradient, f=kind(total), grad=kind(slopes), args=kind((), "[]").but("(list,)"), **of_x),
    row(check_hessian, grad=kind(slopes), hess=kind(curvature), args=kind((), "[]").but("(list,)"), **of_x),
    row(diagnose, vjp=kind(sine_vjp), **of_args, domain=common["domain"], speaks="sine; vjp; sine_vjp"),
    row(diagnose_layer, params=layer(Tanh()), x=small | "0-d", domain=common["domain"], speaks="x; Tanh"),
    row(check_layer, params=layer(Tanh()), x=small | "0-d", **of_a_layer, speaks="x; Tanh"),
    row(check_loss, out=small, y=small, **options, speaks="mse"),
    row(check_optimizer, params=tree, speaks="update"),
    row(every_layer, module=kind("funcnn"), **of_a_layer),
    row(fst.cases, layer=kind(Relu, "class")),
    *[row(of, module=kind("funcnn")) for of in (fst.layers, fst.registered, fst.unproven)],
    row(fst.register, layer=kind(Relu, "class"), strategy=kind(None).made(lambda: fst.cases(Relu))),
    row(fst.dims, names=both(text("m"), text("n")), most=count(3)),
    row(fst.tensors, shapes=both(text("m n"), text("n")), most=count(3)),
    row(fst.tensor, shape=kind((2, 3), "[]")),
    row(Mutant, arguments=drawn, right=kind(PAIR), wrong=kind(WRONG_PAIR)),
    row(is_caught, mutant=mutant, check=kind(check_vjp), seed=kind(0)),
    row(write, names=both(kind("funcnn:Tanh"), kind("funcnn:mse")), examples=count(1)),
    row(score, mutants=kind([]).made(lambda: [MUTANT]), check=kind(check_vjp), seeds=kind([0])),
]
