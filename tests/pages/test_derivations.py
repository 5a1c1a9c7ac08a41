"""The derivations on the pages: each step follows, and the last is what funcnn computes."""

import numpy as np
import pytest

from tests.blocks import CARDED, TEXTS
from tests.derived import RULES, SIZES, numbers
from tests.evaluated import POINTS, Evaluated, Wrong, read, sympy
from tests.said import says

pytestmark = pytest.mark.unwatched


def check(name, text):
    """Raises Wrong where a step does not follow, or funcnn computes something else."""
    found = Evaluated(read(name, text.splitlines()), numbers(name, POINTS, seed=len(name)), SIZES.get(name))
    found.check()
    arrays = {array for array, value in found.names.items() if isinstance(value, np.ndarray | sympy.Symbol)}
    given = {array: found.array(array) for array in arrays}
    for point in range(POINTS):
        computed = RULES[name]({array: np.asarray(values[point]) for array, values in given.items()})
        for array in computed.keys() - {"params"}:
            if array.startswith("d") and array not in found.claimed:
                raise Wrong(f"{name}: {array} is not derived")
            if not np.allclose(found.array(array)[point], computed[array], rtol=1e-9, atol=1e-11):
                raise Wrong(f"{name}: funcnn computes another {array}")


def test_every_derivation_has_a_rule():
    assert TEXTS.keys() | CARDED.keys() == RULES.keys()
    assert len(RULES) >= 30


@pytest.mark.parametrize("name", [*TEXTS, *CARDED])
def test_each_step_follows_and_the_last_is_what_funcnn_computes(name):
    check(name, (TEXTS | CARDED)[name])


PLANTED = [
    ("Sigmoid", "D(v, x) = -exp(-x)", "D(v, x) = exp(-x)", r"D\(v, x\) = exp\(-x\): D.* is -.*, but exp\(-x\) is"),
    ("BatchNorm", "= 2 / m * (x", "= 1 / m * (x", r"but 1 / m \* \(x\[q, i\] - mu\[i\]\) is"),
    ("LayerNorm", " - sum(i, dxhat[r, i]) / n", "", "^dx"),
    ("Dense", "x[i, s] * (j == q)", "x[s, i] * (j == q)", r"the lengths of the indices \['i', 'j', 'q', 's'\] are"),
    ("Attention", "dv = w.T @ da", "dv = w @ da", "^dv = w @ da: "),
    ("Attention", "dk = ds.T @ q", "dk = q.T @ ds", r"^dk = .* is \(4, 2\), not \(2, 4\)"),
    ("RNN", "dh_1 = dA_1 + dz_2 @ U.T", "dh_1 = dA_1", "^dh_1 = dA_1: "),
    ("LSTM", "dnext[j] + dh[j] * o[j]", "dnext[j] + dh[j] * i[j]", r"^dc\[j\] = dnext\[j\] \+ dh\[j\] \* i\[j\]"),
    ("MaxPool", "(x[q, i] == out[q])", "(x[q, i] < out[q])", r"^D\(out\[p\], x\[q, i\]\)"),
    ("softmax_cross_entropy", "sum(i, y[r, i]) = 1", "sum(i, y[r, i]) = 2", "but 2 is 2.0"),
    ("mse", "(m * n)", "m", "^mse: funcnn computes another (cost|dA)$"),
    ("Elu", "alpha * (exp(x) - 1)", "alpha * (exp(x) + 1)", r"^D\(out, x\) = where\(out > 0, 1, out \+ alpha\)"),
    ("Relu", "(x > 0)", "(x > 0) * (out > -9)", "Relu: only one part of .* occurs"),
    ("Silu", "dx = dA", "dX = dA", "^dX = .*: dX is neither given nor defined; := defines a name$"),
    ("Silu", "D(s, x) = s", "D(s, x) = dx * s", "^dx is used before it is given, defined or derived"),
    ("Silu", "out := x * s", "out := x * s\n    s := 1", "^s := 1: s is defined twice$"),
    ("Silu", "out := x * s", "out := x * s = s * x", "a definition has two sides$"),
    ("Tanh", "\n    dx = ", "\n    out = ", "^out = dA"),
    ("Embedding", "(i, (ids[i] == r) * dA[i, s])", "(n, (ids[n] == r) * dA[n, s])", "^{'n'} are indices and names"),
    ("Residual", "out: (n,)", "out: (n, n)", r"^out\[i\] has 1 indices, out has the shape \(2, 2\)$"),
]


@pytest.mark.parametrize(("name", "right", "wrong", "message"), PLANTED)
def test_a_planted_mistake_is_found(name, right, wrong, message):
    assert right in TEXTS[name]
    says(Wrong, message, check, name, TEXTS[name].replace(right, wrong))


def test_a_gradient_that_funcnn_returns_must_be_derived():
    says(Wrong, "Dense: db is not derived", check, "Dense", TEXTS["Dense"].split("Each bias")[0])
