"""Error messages of declarations of shapes, and of layers that declare unusual ones."""

import numpy as np

from funcnn import Array, Dense, Grads, backward, forward, gradient, record
from funcnn.shapes import axes, described, shapes
from tests.says import assert_says, each_row, kind_error, shape_error


class Bare:
    """No record."""


@shapes(x="m a ... n", out="a ... 2", cache="x")
@record
class Folding:
    """out = the sum of x over m, times W: the first axis goes, and out has a fixed size"""

    W: Array = axes("n 2")


forward.register(Folding)(lambda params, x: (x.sum(axis=0) @ params.W, x))


@backward.register(Folding)
def folding_backward(params, x, dA):
    dW = x.sum(axis=0).reshape(-1, len(params.W)).T @ dA.reshape(-1, 2)
    return Grads(gradient(params, W=dW), np.broadcast_to(dA @ params.W.T, x.shape))


@shapes(x="m t n", out="m n", cache="_, x")
@record
class Summing:
    """out = the sum of x over t"""


forward.register(Summing)(lambda params, x: (x.sum(axis=1), (None, x)))


@backward.register(Summing)
def summing_backward(params, cache, dA):
    return Grads(params, np.broadcast_to(dA[:, None], cache[1].shape))


folding, x = Folding(np.ones((3, 2))), np.ones((4, 5, 6, 3))
cache, out = forward(folding, x)[1], np.ones((5, 6, 2))
series = np.ones((4, 5, 3))
kept = forward(Summing(), series)[1]
DECLARED = "must be a class with declared shapes, such as Dense"
NAMES = 'must name axes, such as "m ... n", not'

ROWS = [
    kind_error(lambda: axes(("n", "m"))) >> f"axes: text {NAMES} ('n', 'm')",
    kind_error(lambda: axes("n, m")) >> f"axes: text {NAMES} 'n, m'",
    kind_error(lambda: described(3)) >> f"described: cls {DECLARED}, not int",
    kind_error(lambda: shapes(x="m ... n ...", out="m")) >> f"shapes: x {NAMES} 'm ... n ...'",
    kind_error(lambda: shapes(x="m", out="(m)")) >> f"shapes: out {NAMES} '(m)'",
    kind_error(lambda: shapes(x="m", out="m", fields={"W": "n-1"})) >> f"shapes: fields['W'] {NAMES} 'n-1'",
    kind_error(lambda: shapes(x="m n", out="m ...")) >> "shapes: x must have the axes '...', as out has them, "
    "not 'm n'",
    kind_error(lambda: shapes(x="m n | m ...", out="m ... | m"))
    >> "shapes: x must have the axes '...', as out has them, not 'm n | m ...'",
    kind_error(lambda: shapes(x="m ...+ n", out="m t n", forms=2))
    >> "shapes: x must have the axes of the mask, 'm t', not 'm ...+ n'",
    kind_error(lambda: shapes(x="m t | m", out="m | m t | t"))
    >> "shapes: the shapes must have one alternative each, or equally many, not 'm t | m', 'm | m t | t'",
    kind_error(lambda: shapes(x="m", out="m", cache="x; _"))
    >> 'shapes: cache must be "x", "out", "mask", "_" or parts such as "x, _", not \'x; _\'',
    kind_error(lambda: shapes(x="m", out="m", cache="_, _"))
    >> 'shapes: cache must be "x", "out", "mask", "_" or parts such as "x, _", not \'_, _\'',
    kind_error(lambda: shapes(x="m", out="m")(Bare))
    >> "shapes: Bare is not a class of records; put @shapes above @record",
    kind_error(lambda: shapes(x="m", out="m")(folding))
    >> "shapes: Folding is not a class of records; put @shapes above @record",
    kind_error(lambda: shapes(x="m", out="m", forms=True)) >> "shapes: forms must be 1, 2 or 3, not True",
    kind_error(lambda: shapes(x="m", out="m", forms=4)) >> "shapes: forms must be 1, 2 or 3, not 4",
    kind_error(lambda: shapes(x="m", out="m", fields=("W", "n")))
    >> "shapes: fields must be a dict from names of fields to axes, not tuple",
    # Layers with unusual axes.
    shape_error(lambda: Folding(np.ones((3, 3)))) >> "Folding: W must be (n, 2); W: (3, 3)",
    shape_error(lambda: forward(folding, np.ones((4, 3))))
    >> "Folding: x must be (m, a, ..., 3), not (4, 3); write x[None] for one row",
]


@each_row(ROWS)
def test_it_says(row):
    assert_says(row)


def test_a_docstring_says_the_declared_shapes():
    assert Folding.__doc__.endswith("\n\nx: (m, a, ..., n), W: (n, 2), out: (a, ..., 2).")
    assert described(Summing) == "x: (m, t, n), out: (m, n)"
    assert shapes(x="m", out="m")(record(type("Silent", (), {}))).__doc__ is None


def test_what_fits_passes():
    assert backward(folding, cache, out).x.shape == x.shape
    assert backward(Summing(), kept, np.ones((4, 3))).x.shape == series.shape


def test_a_subclass_with_its_own_rule_has_no_guard_of_its_base():
    @record
    class Rows(Dense):
        """out = x_i @ W for x: (n,) alone"""

    forward.register(Rows)(lambda params, x: (x @ params.W, x))
    assert forward(Rows(np.ones((2, 3)), None), np.ones(2))[0].shape == (3,)
