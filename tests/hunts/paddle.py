"""Functions of Paddle on the CPU.

Paddle has an environment of its own, with setuptools, hypothesis, attrs, scipy, mpmath and pytest.
"""

import re
from functools import update_wrapper

import numpy as np
import paddle
import paddle.nn.functional as F
from paddle import fft, geometric, linalg, vision

from funcnn.testing.verdict import NoDerivative
from tests.hunts.draws import *

LIBRARIES = ["paddlepaddle", "numpy"]
FOUND = "see docs/found/paddle.md"


def pair(function):
    """The values of a function of tensors, and the gradients of `paddle.grad`, as functions of NumPy arrays."""

    def given(a, *, constant=True):
        return paddle.to_tensor(np.array(a, order="C"), stop_gradient=constant)

    def f(*args):
        with paddle.no_grad():
            return function(*map(given, args)).numpy()

    def vjp(args, dA):
        tensors = [given(a, constant=False) for a in args]
        out = function(*tensors)
        if out.stop_gradient:
            raise NoDerivative("Paddle has no derivative of this function: the result has no history")
        found = paddle.grad([out], tensors, [given(dA)], allow_unused=True)
        return [np.zeros_like(a) if g is None else g.numpy() for g, a in zip(found, args, strict=True)]

    update_wrapper(f, function, updated=())
    return f, vjp


def index(*entries):
    return paddle.to_tensor(np.array(entries))


IMAGES = each(GENERIC, "m 2 4 5", most=2)
OF_X = {"argnums": (0,)}  # labels and weights get no gradient
VOLUMES = each(GENERIC, "1 2 3 4 3")
ROWS3 = of((GENERIC, "m n"), (GENERIC, "m n"), (GENERIC, "m n"))
TABLE = {
    **named(
        paddle,
        """
        abs neg exp expm1 sin cos tan sinh cosh tanh atan asinh square sigmoid deg2rad rad2deg
        erf frac i0 i0e i1 i1e sinc stanh nan_to_num flatten t tril triu
        """,
        each(REAL),
    ),
    **named(paddle, "log log2 log10 log1p sqrt rsqrt reciprocal lgamma gammaln digamma", each(POSITIVE)),
    **named(paddle, "asin acos atanh erfinv", each(OPEN)),
    "acosh": (paddle.acosh, each(ABOVE_1)),
    "logit": (paddle.logit, each(UNIT)),
    "logit of eps": (lambda x: paddle.logit(x, 0.2), each(UNIT)),
    "lgamma of negative": (paddle.lgamma, each(UNIT).map(lambda a: [-0.1 - 0.8 * a[0]])),
    "digamma of negative": (paddle.digamma, each(UNIT).map(lambda a: [-0.1 - 0.8 * a[0]])),
    "polygamma 1": (lambda x: paddle.polygamma(x, 1), each(POSITIVE)),
    "polygamma 2": (lambda x: paddle.polygamma(x, 2), each(POSITIVE)),
    "multigammaln": (lambda x: paddle.multigammaln(x, 3), each(ABOVE_1)),
    **named(
        paddle,
        """
        add subtract multiply maximum minimum fmax fmin logaddexp atan2 hypot outer kron copysign dist inner cdist
        """,
        PAIR,
    ),
    "divide": (paddle.divide, of((REAL, "m n"), (POSITIVE, "m n"))),
    "mod": (paddle.mod, of((GENERIC, "m n"), (POSITIVE, "m n"))),
    "mod of negative": (paddle.mod, of((GENERIC, "m n"), (between(-3.0, -0.1), "m n"))),
    "mod, broadcast": (paddle.mod, of((GENERIC, "m n"), (between(0.1, 2.0), "n"))),
    "pow": (paddle.pow, of((POSITIVE, "m n"), (REAL, "m n"))),
    "pow, broadcast": (paddle.pow, of((POSITIVE, "m 1"), (GENERIC, "n"))),
    "pow 3": (lambda x: x**3, ANY),
    "pow 0.5": (lambda x: x**0.5, each(POSITIVE)),
    "pow 0": (lambda x: x**0, ANY),
    "number to the power": (lambda x: 2.0**x, ANY),
    "ldexp": (lambda x: paddle.ldexp(x, paddle.to_tensor(3)), ANY),
    "frexp": (lambda x: paddle.frexp(x)[0], each(GENERIC)),
    **{
        f"{name}, broadcast": (getattr(paddle, name), of((GENERIC, "m 1"), (GENERIC, "2 1 n"), most=3))
        for name in [
            "add",
            "subtract",
            "multiply",
            "divide",
            "maximum",
            "minimum",
            "fmax",
            "fmin",
            "logaddexp",
            "atan2",
            "hypot",
            "copysign",
        ]
    },
    "lerp": (paddle.lerp, ROWS3),
    "lerp, broadcast": (paddle.lerp, of((REAL, "m n"), (REAL, "n"), (REAL, "m 1"))),
    "lerp of a number": (lambda x, y: paddle.lerp(x, y, 0.3), PAIR),
    "addmm": (
        lambda c, a, b: paddle.addmm(c, a, b, 0.7, 1.3),
        of((REAL, "m k"), (REAL, "m n"), (REAL, "n k")),
    ),
    "addmm of a row": (
        lambda c, a, b: paddle.addmm(c, a, b, 0.7, 1.3),
        of((REAL, "1 k"), (REAL, "m n"), (REAL, "n k")),
    ),
    "addmm of a column": (
        lambda c, a, b: paddle.addmm(c, a, b, 0.7, 1.3),
        of((REAL, "m 1"), (REAL, "m n"), (REAL, "n k")),
    ),
    "baddbmm": (
        lambda c, a, b: paddle.baddbmm(c, a, b, 0.7, 1.3),
        of((REAL, "2 m k"), (REAL, "2 m n"), (REAL, "2 n k"), most=3),
    ),
    "baddbmm, broadcast": (
        lambda c, a, b: paddle.baddbmm(c, a, b, 0.7, 1.3),
        of((REAL, "1 m k"), (REAL, "2 m n"), (REAL, "2 n k"), most=3),
    ),
    **named(paddle, "sum mean prod max min amax amin logsumexp nansum nanmean", ANY, "all, "),
    **named(paddle, "std var median nanmedian", each(GENERIC, least=2), "all, "),
    **{
        f"{name} of axis {axis}": ((lambda f, a: lambda x: f(x, axis=a))(getattr(paddle, name), axis), ANY)
        for name in [
            "sum",
            "mean",
            "prod",
            "max",
            "min",
            "amax",
            "amin",
            "logsumexp",
            "cumsum",
            "logcumsumexp",
            "sort",
            "nansum",
            "nanmean",
        ]
        for axis in (0, -1)
    },
    **{
        f"{name} of ties": ((lambda f: lambda x: f(x, axis=1))(getattr(paddle, name)), each(TIES))
        for name in ["max", "min", "amax", "amin", "median", "nanmedian", "sort", "prod"]
    },
    **{
        f"{name} of two axes": (
            (lambda f: lambda x: f(x, axis=[0, 2]))(getattr(paddle, name)),
            each(GENERIC, "2 m n", most=3),
        )
        for name in ["sum", "mean", "prod", "max", "min", "amax", "amin", "logsumexp", "var", "std"]
    },
    "nanmedian of nothing missing": (lambda x: paddle.nanmedian(x, axis=[0, 1]), each(GENERIC)),
    "median, min": (lambda x: paddle.median(x, axis=0, mode="min")[0], each(GENERIC)),
    "quantile": (lambda x: paddle.quantile(x, 0.3, axis=0), each(GENERIC)),
    "quantile of several": (lambda x: paddle.quantile(x, [0.3, 0.7]), each(GENERIC)),
    "nanquantile": (lambda x: paddle.nanquantile(x, 0.3, axis=1), each(GENERIC)),
    "cumprod": (lambda x: paddle.cumprod(x, dim=1), each(REAL)),
    "cumprod of axis 0": (lambda x: paddle.cumprod(x, dim=0), each(REAL)),
    "cumprod of zeros": (lambda x: paddle.cumprod(x, dim=1), each(TIES)),
    "cumprod of all": (lambda x: paddle.cumprod(x), each(REAL)),
    "cumsum of all": (paddle.cumsum, ANY),
    "logcumsumexp of all": (paddle.logcumsumexp, ANY),
    "cummax": (lambda x: paddle.cummax(x, axis=0)[0], each(TIES)),
    "cummin": (lambda x: paddle.cummin(x, axis=1)[0], each(TIES)),
    "kthvalue": (lambda x: paddle.kthvalue(x, 1, axis=0)[0], each(GENERIC)),
    "mode": (lambda x: paddle.mode(x, axis=0)[0], each(GENERIC)),
    "topk": (lambda x: paddle.topk(x, 2, axis=0)[0], each(GENERIC, least=2)),
    "topk, smallest": (lambda x: paddle.topk(x, 2, axis=-1, largest=False)[0], each(GENERIC, least=2)),
    "prod of zeros": (lambda x: paddle.prod(x), each(TIES)),
    "clip": (lambda x: paddle.clip(x, -0.5, 0.7), ANY),
    "where": (lambda x, y: paddle.where(x > 0.3, x, y), of((GENERIC, "m n"), (GENERIC, "m n"))),
    "where, broadcast": (
        lambda x, y: paddle.where(paddle.to_tensor([[True], [False]]), x, y),
        of((REAL, "1 n"), (REAL, "2 1")),
    ),
    "matmul": (paddle.matmul, of((REAL, "m n"), (REAL, "n k"))),
    "matmul, transposed": (
        lambda x, y: paddle.matmul(x, y, transpose_x=True, transpose_y=True),
        of((REAL, "n m"), (REAL, "k n")),
    ),
    "matmul of stacks": (paddle.matmul, of((REAL, "2 1 m n"), (REAL, "3 n k"), most=3)),
    "matmul of vectors": (paddle.matmul, of((REAL, "n"), (REAL, "n"))),
    "matmul of a vector and stacks": (paddle.matmul, of((REAL, "n"), (REAL, "2 n k"))),
    "matmul of stacks and a vector": (paddle.matmul, of((REAL, "2 m n"), (REAL, "n"))),
    "dot": (paddle.dot, of((REAL, "n"), (REAL, "n"))),
    "dot of rows": (paddle.dot, PAIR),
    "mv": (paddle.mv, of((REAL, "m n"), (REAL, "n"))),
    "bmm": (paddle.bmm, of((REAL, "b m n"), (REAL, "b n k"), most=3)),
    "vecdot": (paddle.vecdot, PAIR),
    "cross": (paddle.cross, of((REAL, "m 3"), (REAL, "m 3"))),
    "einsum": (lambda x, y: paddle.einsum("ij,jk->ki", x, y), of((REAL, "m n"), (REAL, "n k"))),
    "einsum of a trace": (lambda x: paddle.einsum("ii->", x), each(REAL, "n n")),
    "einsum of a diagonal": (lambda x: paddle.einsum("ii->i", x), each(REAL, "n n")),
    "einsum of three": (
        lambda x, y, z: paddle.einsum("ij,jk,k->i", x, y, z),
        of((REAL, "m n"), (REAL, "n k"), (REAL, "k")),
    ),
    "einsum of a sum": (lambda x, y: paddle.einsum("ij,kl->j", x, y), of((REAL, "m n"), (REAL, "n k"))),
    "einsum, broadcast": (lambda x, y: paddle.einsum("...ij,jk->...ik", x, y), of((REAL, "2 m n"), (REAL, "n k"))),
    "tensordot": (lambda x, y: paddle.tensordot(x, y, 2), of((REAL, "m n k"), (REAL, "n k 2"), most=3)),
    "multi_dot": (
        lambda x, y, z: linalg.multi_dot([x, y, z]),
        of((REAL, "m n"), (REAL, "n k"), (REAL, "k 2")),
    ),
    "multi_dot of vectors": (
        lambda x, y, z: linalg.multi_dot([x, y, z]),
        of((REAL, "n"), (REAL, "n k"), (REAL, "k")),
    ),
    "multi_dot of four": (
        lambda x, y, z, a: linalg.multi_dot([x, y, z, a]),
        of((REAL, "m n"), (REAL, "n k"), (REAL, "k 2"), (REAL, "2 5")),
    ),
    "kron of ranks": (paddle.kron, of((REAL, "m"), (REAL, "2 n"))),
    "trace": (lambda x: paddle.trace(x, 1), each(REAL, least=2)),
    "trace of axes": (lambda x: paddle.trace(x, -1, 0, 2), each(REAL, "m 2 n", least=2)),
    "diagonal": (lambda x: paddle.diagonal(x, -1), each(REAL, least=2)),
    "diagonal of axes": (lambda x: paddle.diagonal(x, 0, 2, 1), each(REAL, "m 2 n", least=2)),
    "diag": (lambda x: paddle.diag(x, 1), each(REAL, "n")),
    "diag of a matrix": (lambda x: paddle.diag(x, -1), each(REAL, least=2)),
    "diag of padding": (lambda x: paddle.diag(x, -1, padding_value=2.0), each(REAL, "n")),
    "diag_embed": (lambda x: paddle.diag_embed(x, -1, 0, 2), ANY),
    "diagflat": (lambda x: paddle.diagflat(x, 1), ANY),
    "diagonal_scatter": (paddle.diagonal_scatter, of((REAL, "n n"), (REAL, "n"))),
    "select_scatter": (lambda x, y: paddle.select_scatter(x, y, 0, 0), of((REAL, "m n"), (REAL, "n"))),
    "slice_scatter": (
        lambda x, y: paddle.slice_scatter(x, y, axes=[0], starts=[0], ends=[4], strides=[2]),
        of((REAL, "4 n"), (REAL, "2 n")),
    ),
    "concat": (lambda x, y: paddle.concat([x, y], axis=1), PAIR),
    "stack": (lambda x, y: paddle.stack([x, y], axis=-1), PAIR),
    "split": (lambda x: paddle.split(x, [1, 2, 1], axis=1)[1], each(REAL, "m 4")),
    "unbind": (lambda x: paddle.unbind(x, axis=1)[0], ANY),
    "tile": (lambda x: paddle.tile(x, (2, 1, 3)), ANY),
    "repeat_interleave": (lambda x: paddle.repeat_interleave(x, 2, axis=1), ANY),
    "repeat_interleave of counts": (
        lambda x: paddle.repeat_interleave(x, index(2, 1, 3), axis=0),
        each(REAL, "3 n"),
    ),
    "repeat_interleave of counts with 0": (
        lambda x: paddle.repeat_interleave(x, index(2, 0, 1), axis=0),
        each(REAL, "3 n"),
    ),
    "repeat_interleave of all": (lambda x: paddle.repeat_interleave(x, 2), ANY),
    "roll": (lambda x: paddle.roll(x, 2, axis=1), ANY),
    "roll of all": (lambda x: paddle.roll(x, 2), ANY),
    "flip": (lambda x: paddle.flip(x, [0, 1]), ANY),
    "rot90": (lambda x: paddle.rot90(x, 3), ANY),
    "transpose": (lambda x: paddle.transpose(x, (1, 2, 0)), each(REAL, "m n 2")),
    "moveaxis": (lambda x: paddle.moveaxis(x, 0, -1), each(REAL, "m n 2")),
    "expand": (lambda x: paddle.expand(x, [3, *x.shape]), ANY),
    "expand of 1": (lambda x: paddle.expand(x, [2, 3, 4]), each(REAL, "3 1")),
    "squeeze": (lambda x: paddle.squeeze(x, 1), each(REAL, "m 1 n")),
    "unfold of a tensor": (lambda x: paddle.unfold(x, 0, 2, 1), each(REAL, "4 n")),
    "unfold of steps": (lambda x: paddle.unfold(x, 1, 3, 2), each(REAL, "m 6")),
    "as_strided": (lambda x: paddle.as_strided(x, [2, 3], [1, 1], 0), each(REAL, "4")),
    "as_strided of a matrix": (lambda x: paddle.as_strided(x, [2, 2], [0, 2], 8), each(REAL, "5")),
    "strided_slice": (lambda x: paddle.strided_slice(x, [0], [3], [0], [-2]), each(REAL, "4 n")),
    "crop": (lambda x: paddle.crop(x, [2, 2], [1, 0]), each(REAL, "3 4")),
    "diff": (lambda x: paddle.diff(x, axis=0), each(REAL, least=2)),
    "diff 2": (lambda x: paddle.diff(x, n=2), each(REAL, "m 4")),
    "trapezoid": (lambda y, x: paddle.trapezoid(y, x), of((REAL, "m n"), (REAL, "m n"), least=2)),
    "trapezoid of axis 0": (lambda y, x: paddle.trapezoid(y, x, axis=0), of((REAL, "3 n"), (REAL, "3 n"), least=2)),
    "cumulative_trapezoid": (lambda y: paddle.cumulative_trapezoid(y, dx=0.3), each(REAL, least=2)),
    "renorm": (lambda x: paddle.renorm(x, 2.0, 0, 1.0), each(GENERIC)),
    "renorm 1 of axis 1": (lambda x: paddle.renorm(x, 1.0, 1, 1.0), each(GENERIC)),
    "renorm 3 of axis -1": (lambda x: paddle.renorm(x, 3.0, -1, 0.7), each(GENERIC, "m n 2", most=3)),
    "vander": (lambda x: paddle.vander(x, 3), each(GENERIC, "n")),
    "pdist": (lambda x: paddle.pdist(x), each(GENERIC, least=2)),
    "pdist 1": (lambda x: paddle.pdist(x, 1.0), each(GENERIC, least=2)),
    **{
        f"cdist {p}": ((lambda q: lambda x, y: paddle.cdist(x, y, q))(p), of((GENERIC, "m n"), (GENERIC, "k n")))
        for p in (0.5, 1.0, 2.0, 3.0, float("inf"))
    },
    **{
        f"dist {p}": ((lambda q: lambda x, y: paddle.dist(x, y, q))(p), of((GENERIC, "m n"), (GENERIC, "m n")))
        for p in (0.5, 1.0, 2.0, 3.0, float("inf"), float("-inf"))
    },
    "dist, broadcast": (lambda x, y: paddle.dist(x, y, 2), of((GENERIC, "m n"), (GENERIC, "n"))),
    "dist 1, broadcast": (lambda x, y: paddle.dist(x, y, 1), of((GENERIC, "m n"), (GENERIC, "n"))),
    "polar": (lambda r, a: paddle.polar(r, a).imag(), of((POSITIVE, "n"), (GENERIC, "n"))),
    "complex": (lambda x, y: (paddle.complex(x, y) ** 2).real(), PAIR),
    "abs of complex": (lambda x, y: paddle.abs(paddle.complex(x, y)), of((GENERIC, "n"), (GENERIC, "n"))),
    "angle of complex": (lambda x, y: paddle.angle(paddle.complex(x, y)), of((GENERIC, "n"), (GENERIC, "n"))),
    "sgn of complex": (lambda x, y: paddle.sgn(paddle.complex(x, y)).real(), of((GENERIC, "n"), (GENERIC, "n"))),
    "complex, broadcast": (lambda x, y: paddle.complex(x, y).imag(), of((GENERIC, "m n"), (GENERIC, "n"))),
    **{
        f"{name} of complex, {part}": (
            (lambda f, p: lambda x, y: getattr(f(paddle.complex(x, y)), p)())(getattr(paddle, name), part),
            of((GENERIC, "n"), (GENERIC, "n")),
        )
        for name in [
            "exp",
            "sin",
            "cos",
            "tan",
            "sinh",
            "cosh",
            "tanh",
            "log",
            "sqrt",
            "square",
            "reciprocal",
            "asin",
            "acos",
            "atan",
            "asinh",
            "acosh",
            "atanh",
            "expm1",
            "log1p",
            "log2",
            "log10",
            "sigmoid",
            "prod",
            "cumsum",
        ]
        for part in ("real", "imag")
    },
    **{
        f"{name} of two complex, {part}": (
            (lambda f, p: lambda x, y, z, w: getattr(f(paddle.complex(x, y), paddle.complex(z, w)), p)())(
                getattr(paddle, name), part
            ),
            of((GENERIC, "n"), (GENERIC, "n"), (GENERIC, "n"), (GENERIC, "n")),
        )
        for name in ["multiply", "divide", "pow", "dot", "outer", "kron"]
        for part in ("real", "imag")
    },
    "gather": (lambda x: paddle.gather(x, index(0, 0, 1), axis=0), each(REAL, "2 n")),
    "gather of axis 1": (lambda x: paddle.gather(x, index(0, 0, 1), axis=1), each(REAL, "m 2")),
    "gather_nd": (lambda x: paddle.gather_nd(x, index([0, 1], [0, 1], [1, 0])), each(REAL, "2 2 n")),
    "index_select": (lambda x: paddle.index_select(x, index(0, 0, 1), axis=1), each(REAL, "m 2")),
    "index_sample": (lambda x: paddle.index_sample(x, index([0, 0, 1], [1, 1, 0])), each(REAL, "2 2")),
    "index_add": (lambda x, y: paddle.index_add(x, index(0, 0), 0, y), of((REAL, "m n"), (REAL, "2 n"))),
    "index_add of axis 1": (lambda x, y: paddle.index_add(x, index(0, 0), 1, y), of((REAL, "m n"), (REAL, "m 2"))),
    "index_fill": (lambda x: paddle.index_fill(x, index(0, 1), 0, 0.5), each(REAL, "2 n")),
    "index_fill of a value": (
        lambda x, v: paddle.index_fill(x, index(0, 1), 0, v),
        of((REAL, "3 n"), (REAL, "")),
    ),
    "index_put": (lambda x, v: paddle.index_put(x, (index(0, 1),), v), of((REAL, "2 n"), (REAL, "2 n"))),
    "index_put, broadcast": (lambda x, v: paddle.index_put(x, (index(0, 1),), v), of((REAL, "3 n"), (REAL, "n"))),
    "index_put, broadcast column": (
        lambda x, v: paddle.index_put(x, (index(0, 1),), v),
        of((REAL, "3 n"), (REAL, "2 1")),
    ),
    "index_put, added": (
        lambda x, v: paddle.index_put(x, (index(0, 0), index(1, 1)), v, accumulate=True),
        of((REAL, "2 2"), (REAL, "2")),
    ),
    "index_put, added and broadcast": (
        lambda x, v: paddle.index_put(x, (index(0, 0, 1),), v, accumulate=True),
        of((REAL, "2 n"), (REAL, "1")),
    ),
    "index_put of a mask": (
        lambda x, v: paddle.index_put(x, (paddle.to_tensor([True, False, True]),), v),
        of((REAL, "3"), (REAL, "2")),
    ),
    "take": (lambda x: paddle.take(x, index(0, 0, -1)), ANY),
    "take, wrapped": (lambda x: paddle.take(x, index(0, 7, -1), mode="wrap"), ANY),
    "take_along_axis": (lambda x: paddle.take_along_axis(x, paddle.argsort(x, axis=0), 0), each(GENERIC)),
    "take_along_axis, broadcast": (lambda x: paddle.take_along_axis(x, index([0], [0], [1]), 0), each(REAL, "2 n")),
    **{
        f"put_along_axis, {how}, {'own' if include else 'without own'}": (
            (
                lambda h, i: (
                    lambda x, v: paddle.put_along_axis(
                        x, index([0, 1, 0], [0, 0, 1]), v, 0, reduce=h, include_self=i, broadcast=False
                    )
                )
            )(how, include),
            of((ABOVE_1, "3 3"), (ABOVE_1, "2 3")),
        )
        for how in ("add", "mul", "mean", "amax", "amin")
        for include in (True, False)
    },
    **{
        f"scatter_reduce, {how}, {'own' if include else 'without own'}": (
            (
                lambda h, i: (
                    lambda x, v: paddle.scatter_reduce(x, 0, index([0, 1, 0], [0, 0, 1]), v, reduce=h, include_self=i)
                )
            )(how, include),
            of((GENERIC, "3 3"), (GENERIC, "2 3")),
        )
        for how in ("sum", "prod", "mean", "amax", "amin")
        for include in (True, False)
    },
    "put_along_axis": (
        lambda x, v: paddle.put_along_axis(x, index([0, 1, 2], [1, 0, 1]), v, 0, broadcast=False),
        of((REAL, "3 3"), (REAL, "2 3")),
    ),
    "scatter_add": (
        lambda x, v: paddle.scatter_add(x, 0, index([0, 1, 2], [0, 0, 1]), v),
        of((REAL, "3 3"), (REAL, "2 3")),
    ),
    "scatter": (lambda x, v: paddle.scatter(x, index(0, 1), v), of((REAL, "3 n"), (REAL, "2 n"))),
    "scatter, added": (
        lambda x, v: paddle.scatter(x, index(0, 0), v, overwrite=False),
        of((REAL, "3 n"), (REAL, "2 n")),
    ),
    "scatter_nd_add": (
        lambda x, v: paddle.scatter_nd_add(x, index([0], [0], [1]), v),
        of((REAL, "2 n"), (REAL, "3 n")),
    ),
    "scatter_nd": (lambda v: paddle.scatter_nd(index([0], [0], [1]), v, [2, 2]), each(REAL, "3 2")),
    "masked_fill": (lambda x: paddle.masked_fill(x, x > 0.3, 2.0), each(GENERIC)),
    "masked_fill of a value": (lambda x, v: paddle.masked_fill(x, x > 0.3, v), of((GENERIC, "m n"), (REAL, ""))),
    "masked_fill, broadcast": (
        lambda x, v: paddle.masked_fill(x, paddle.to_tensor([[True], [False]]), v),
        of((GENERIC, "1 n"), (REAL, "")),
    ),
    "masked_select": (lambda x: paddle.masked_select(x, x > -5.0), each(GENERIC)),
    "masked_scatter": (
        lambda x, v: paddle.masked_scatter(x, paddle.to_tensor([True, False, True]), v),
        of((REAL, "3"), (REAL, "3")),
    ),
    "multiplex": (
        lambda x, y: paddle.multiplex([x, y], index([0], [1], [1]).astype("int32")),
        of((REAL, "3 n"), (REAL, "3 n")),
    ),
    "getitem": (lambda x: x[::-2, None, 0], each(REAL, "m n")),
    "getitem of arrays": (lambda x: x[index(0, 0, -1), index(0, -1, 0)], ANY),
    "getitem of both": (lambda x: x[:, index(0, 0, -1)], ANY),
    "getitem of a mask": (lambda x: x[x > -5.0], each(GENERIC)),
    "reduce_as": (lambda x: paddle.reduce_as(x, paddle.ones((1, 3), dtype=x.dtype)), each(REAL, "m 3")),
    "block_diag": (lambda x, y: paddle.block_diag([x, y]), PAIR),
    "cartesian_prod": (lambda x, y: paddle.cartesian_prod([x, y]), of((REAL, "m"), (REAL, "n"))),
    **{
        f"{name}, {part}": ((lambda f, p: lambda x: getattr(f(x), p)())(getattr(fft, name), part), arguments)
        for name, arguments in {
            "fft": ANY,
            "ifft": ANY,
            "rfft": ANY,
            "ihfft": ANY,
            "fft2": ANY,
            "rfft2": ANY,
            "ihfft2": each(REAL, "m 4"),
            "fftn": each(REAL, "2 n 3"),
            "rfftn": each(REAL, "2 n 3"),
        }.items()
        for part in ("real", "imag")
    },
    **{
        f"{name} of complex, n {n}": (
            (lambda f, k: lambda x, y: f(paddle.complex(x, y), k))(getattr(fft, name), n),
            of((REAL, "m 3"), (REAL, "m 3")),
        )
        for name in ("irfft", "hfft")
        for n in (None, 5, 3)
    },
    **{
        f"rfft of n {n}, {norm}": (
            (lambda k, o: lambda x: fft.rfft(x, k, norm=o).imag())(n, norm),
            each(REAL, "m 5"),
        )
        for n in (3, 7)
        for norm in ("forward", "ortho")
    },
    "irfft2": (lambda x, y: fft.irfft2(paddle.complex(x, y)), of((REAL, "m 3"), (REAL, "m 3"))),
    "hfft2": (lambda x, y: fft.hfft2(paddle.complex(x, y)), of((REAL, "m 3"), (REAL, "m 3"))),
    "stft": (
        lambda x: paddle.signal.stft(x, 4, 2, center=True).abs(),
        each(GENERIC, "m 8"),
    ),
    "fftshift": (fft.fftshift, ANY),
    "linalg.norm": (linalg.norm, each(GENERIC)),
    **{
        f"linalg.vector_norm {p} of rows": ((lambda q: lambda x: linalg.vector_norm(x, q, axis=1))(p), each(GENERIC))
        for p in (0.5, 1.0, 2.0, 3.0, float("inf"), float("-inf"))
    },
    **{
        f"linalg.matrix_norm {p}": ((lambda q: lambda x: linalg.matrix_norm(x, q))(p), each(GENERIC, least=2))
        for p in ("fro", "nuc", 1, -1, 2, -2, float("inf"), float("-inf"))
    },
    **{
        f"linalg.norm {p} of matrices": ((lambda q: lambda x: linalg.norm(x, q, axis=[0, 1]))(p), each(GENERIC))
        for p in ("fro", "nuc", 1, 2, float("inf"))
    },
    **{
        f"linalg.cond {p}": ((lambda q: lambda A: linalg.cond(A, q))(p), matrices(regular))
        for p in (None, "fro", "nuc", 1, -1, 2, -2, float("inf"))
    },
    "linalg.cov": (linalg.cov, each(REAL, least=2)),
    "linalg.corrcoef": (linalg.corrcoef, each(GENERIC, "2 4")),
    "linalg.det": (linalg.det, matrices(regular)),
    "linalg.slogdet": (lambda A: linalg.slogdet(A)[1], matrices(regular)),
    "linalg.inv": (linalg.inv, matrices(regular)),
    "linalg.pinv": (linalg.pinv, each(GENERIC, "3 2")),
    "linalg.pinv of wide": (linalg.pinv, each(GENERIC, "2 3")),
    "linalg.pinv, hermitian": (lambda A: linalg.pinv(A, hermitian=True), matrices(symmetric), SYMMETRIC),
    "linalg.solve": (linalg.solve, matrices(regular, "n k")),
    "linalg.solve of a vector": (linalg.solve, matrices(regular, "n")),
    "linalg.solve, left=False": (
        lambda A, b: linalg.solve(A, b, left=False),
        matrices(regular, "k n"),
    ),
    "linalg.cholesky": (lambda A: linalg.cholesky(A), matrices(definite), DEFINITE),
    "linalg.cholesky, upper": (lambda A: linalg.cholesky(A, upper=True), matrices(definite), DEFINITE),
    "linalg.cholesky_solve": (lambda L, b: linalg.cholesky_solve(b, L), matrices(triangular, "n k")),
    "linalg.cholesky_solve, upper": (
        lambda L, b: linalg.cholesky_solve(b, L, upper=True),
        matrices(lambda rng, n: triangular(rng, n).T, "n k"),
    ),
    "linalg.cholesky_inverse": (linalg.cholesky_inverse, matrices(triangular)),
    **{
        f"linalg.triangular_solve, {upper}, {transposed}, {unit}": (
            (lambda u, t, d: lambda A, b: linalg.triangular_solve(A, b, upper=u, transpose=t, unitriangular=d))(
                upper == "upper", transposed == "transposed", unit == "unit"
            ),
            matrices((lambda rng, n: triangular(rng, n).T) if upper == "upper" else triangular, "n k"),
        )
        for upper in ("upper", "lower")
        for transposed in ("transposed", "as it is")
        for unit in ("unit", "any diagonal")
    },
    "linalg.triangular_solve, broadcast": (
        lambda A, b: linalg.triangular_solve(A, b, upper=False),
        drawn(lambda rng: (triangular(rng, 2), rng.standard_normal((3, 2, 2)))),
    ),
    "linalg.lu": (lambda A: linalg.lu(A)[0], matrices(regular)),
    "linalg.lu of tall": (lambda A: linalg.lu(A)[0], each(GENERIC, "3 2")),
    "linalg.lu of wide": (lambda A: linalg.lu(A)[0], each(GENERIC, "2 3")),
    "linalg.lu_unpack, L": (lambda A: linalg.lu_unpack(*linalg.lu(A))[1], matrices(regular)),
    "linalg.lu_unpack, U": (lambda A: linalg.lu_unpack(*linalg.lu(A))[2], matrices(regular)),
    "linalg.lu_solve": (
        lambda A, b: linalg.lu_solve(b, *linalg.lu(A)),
        matrices(regular, "n k"),
    ),
    "linalg.lu_solve, T": (
        lambda A, b: linalg.lu_solve(b, *linalg.lu(A), trans="T"),
        matrices(regular, "n k"),
    ),
    "linalg.qr, R": (lambda A: linalg.qr(A)[1].abs(), each(GENERIC, "3 2")),
    "linalg.qr, Q": (lambda A: (lambda q: q @ q.T)(linalg.qr(A)[0]), each(GENERIC, "3 2")),
    "linalg.qr of wide": (lambda A: linalg.qr(A)[1].abs(), each(GENERIC, "2 3")),
    "linalg.qr, complete": (lambda A: linalg.qr(A, mode="complete")[1].abs(), each(GENERIC, "3 2")),
    "linalg.qr of mode r": (lambda A: linalg.qr(A, mode="r").abs(), each(GENERIC, "3 2")),
    "linalg.svd values": (lambda A: linalg.svd(A)[1], each(GENERIC, "3 2")),
    "linalg.svdvals": (linalg.svdvals, each(GENERIC, "3 2")),
    "linalg.svdvals of wide": (linalg.svdvals, each(GENERIC, "2 3")),
    "linalg.svd projection": (lambda A: (lambda u, s, v: u @ v)(*linalg.svd(A)), each(GENERIC, "3 2")),
    "linalg.svd projection of wide": (lambda A: (lambda u, s, v: u @ v)(*linalg.svd(A)), each(GENERIC, "2 3")),
    "linalg.eigh values": (lambda A: linalg.eigh(A)[0], matrices(symmetric), SYMMETRIC),
    "linalg.eigh projection": (
        lambda A: (lambda v: v[:, :1] @ v[:, :1].T)(linalg.eigh(A)[1]),
        matrices(symmetric),
        SYMMETRIC,
    ),
    "linalg.eigh, upper": (lambda A: linalg.eigh(A, UPLO="U")[0], matrices(symmetric), SYMMETRIC),
    "linalg.eigvalsh": (lambda A: linalg.eigvalsh(A), matrices(symmetric), SYMMETRIC),
    "linalg.eig values": (lambda A: (linalg.eig(A)[0] ** 2).sum().real(), matrices(regular)),
    "linalg.eigvals": (lambda A: (linalg.eigvals(A) ** 2).sum().real(), matrices(regular)),
    "linalg.matrix_exp": (linalg.matrix_exp, each(GENERIC, "n n", most=3)),
    "linalg.matrix_power": (lambda A: linalg.matrix_power(A, 3), matrices(regular)),
    "linalg.matrix_power of -2": (lambda A: linalg.matrix_power(A, -2), matrices(regular)),
    "linalg.matrix_power of -1": (lambda A: linalg.matrix_power(A, -1), matrices(regular)),
    "linalg.lstsq": (lambda A, b: linalg.lstsq(A, b)[0], of((GENERIC, "3 2"), (GENERIC, "3 k"))),
    "linalg.householder_product": (
        lambda A, tau: linalg.householder_product(A, tau),
        of((GENERIC, "3 2"), (GENERIC, "2")),
    ),
    **named(
        F,
        """
        celu elu gelu hardshrink hardtanh hardsigmoid hardswish leaky_relu log_sigmoid relu relu6 selu softplus
        softshrink softsign silu swish mish tanhshrink thresholded_relu log_softmax softmax normalize
        """,
        each(REAL),
        "F.",
    ),
    "F.celu of large x": (lambda x: F.celu(x), each(between(80.0, 900.0), "n", most=2)),
    "F.silu of large x": (lambda x: F.silu(x), each(between(-900.0, -720.0), "n", most=2)),
    "F.celu of 2": (lambda x: F.celu(x, 2.0), ANY),
    "F.elu of 2": (lambda x: F.elu(x, 2.0), ANY),
    "F.elu of negative": (lambda x: F.elu(x, -0.5), each(GENERIC)),
    "F.gelu, tanh": (lambda x: F.gelu(x, approximate=True), ANY),
    "F.softplus of beta": (lambda x: F.softplus(x, beta=2.0, threshold=3.0), each(GENERIC)),
    "F.hardtanh of limits": (lambda x: F.hardtanh(x, -0.3, 0.8), each(GENERIC)),
    "F.hardsigmoid of slope": (lambda x: F.hardsigmoid(x, 0.3, 0.4), each(GENERIC)),
    "F.thresholded_relu of value": (lambda x: F.thresholded_relu(x, 0.3, 0.7), each(GENERIC)),
    "F.leaky_relu of 2": (lambda x: F.leaky_relu(x, 2.0), each(GENERIC)),
    "F.leaky_relu of negative": (lambda x: F.leaky_relu(x, -0.5), each(GENERIC)),
    "F.selu of scales": (lambda x: F.selu(x, 1.5, 2.0), each(GENERIC)),
    "F.softmax of axis 0": (lambda x: F.softmax(x, axis=0), ANY),
    "F.log_softmax of large x": (lambda x: 100 * F.log_softmax(100 * x, axis=0), each(GENERIC, "n", least=2)),
    "F.log_softmax of axis 0": (lambda x: F.log_softmax(x, axis=0), each(REAL)),
    "F.glu": (F.glu, each(REAL, "m 4")),
    "F.swiglu": (F.swiglu, PAIR),
    "F.swiglu of one": (F.swiglu, each(REAL, "m 4")),
    "F.maxout": (lambda x: F.maxout(x, 2), each(GENERIC, "m 4 2 2", most=2)),
    "F.prelu": (F.prelu, of((GENERIC, "m 3 2"), (between(0.1, 1.0), "3"), most=3)),
    "F.prelu of one": (F.prelu, of((GENERIC, "m 3 2"), (between(0.1, 1.0), "1"), most=3)),
    "F.linear": (F.linear, of((REAL, "m n"), (REAL, "n k"), (REAL, "k"))),
    "F.bilinear": (
        lambda x, y, w, b: F.bilinear(x, y, w, b),
        of((REAL, "m n"), (REAL, "m k"), (REAL, "2 n k"), (REAL, "1 2"), most=3),
    ),
    "F.cosine_similarity": (F.cosine_similarity, of((GENERIC, "m n"), (GENERIC, "m n"))),
    "F.pairwise_distance": (F.pairwise_distance, of((GENERIC, "m n"), (GENERIC, "m n"))),
    "F.label_smooth": (lambda x: F.label_smooth(x, epsilon=0.2), ANY),
    "F.normalize 3 of axis 0": (lambda x: F.normalize(x, 3.0, 0), each(GENERIC)),
    **{
        f"F.pad, {mode}": ((lambda m: lambda x: F.pad(x, [1, 2, 0, 1], mode=m))(mode), IMAGES)
        for mode in ("constant", "reflect", "replicate", "circular")
    },
    **{
        f"F.pad of volumes, {mode}": (
            (lambda m: lambda x: F.pad(x, [1, 2, 0, 1, 1, 1], mode=m, data_format="NCDHW"))(mode),
            VOLUMES,
        )
        for mode in ("constant", "reflect", "replicate", "circular")
    },
    **{
        f"F.interpolate, {mode}, {'aligned' if aligned else 'not aligned'}, {size}": (
            (lambda m, a, s: lambda x: F.interpolate(x, size=s, mode=m, align_corners=a))(mode, aligned, size),
            each(GENERIC, "1 2 4" if mode == "linear" else "1 1 3 4 3" if mode == "trilinear" else "1 2 4 5"),
        )
        for mode in ("linear", "bilinear", "bicubic", "trilinear")
        for aligned in (True, False)
        for size in ({"linear": ([7], [3]), "trilinear": ([4, 5, 2],)}.get(mode, ([7, 3], [2, 9])))
    },
    "F.interpolate, nearest": (lambda x: F.interpolate(x, size=[7, 3], mode="nearest"), IMAGES),
    "F.interpolate, area": (lambda x: F.interpolate(x, size=[3, 3], mode="area"), IMAGES),
    "F.interpolate of scales": (
        lambda x: F.interpolate(x, scale_factor=[1.5, 0.7], mode="bilinear", align_mode=1),
        IMAGES,
    ),
    "F.conv1d": (
        lambda x, w, b: F.conv1d(x, w, b, stride=2, padding=1, dilation=2),
        of((REAL, "m 2 6"), (REAL, "n 2 3"), (REAL, "n"), most=3),
    ),
    "F.conv2d": (
        lambda x, w, b: F.conv2d(x, w, b, stride=(2, 1), padding=(1, 0)),
        of((REAL, "m 2 5 4"), (REAL, "n 2 3 2"), (REAL, "n"), most=2),
    ),
    "F.conv2d, dilated": (
        lambda x, w: F.conv2d(x, w, dilation=(2, 1), padding=[1, 0, 2, 1]),
        of((REAL, "m 2 5 4"), (REAL, "n 2 3 2"), most=2),
    ),
    "F.conv2d, same": (
        lambda x, w: F.conv2d(x, w, padding="SAME", stride=2),
        of((REAL, "m 2 5 4"), (REAL, "n 2 3 2"), most=2),
    ),
    "F.conv2d of groups": (
        lambda x, w: F.conv2d(x, w, groups=2),
        of((REAL, "m 4 4 4"), (REAL, "2 2 2 2"), most=2),
    ),
    "F.conv2d of depth": (
        lambda x, w: F.conv2d(x, w, groups=3, padding=1, stride=2),
        of((REAL, "m 3 4 4"), (REAL, "3 1 3 2"), most=2),
    ),
    "F.conv2d of depth 2": (
        lambda x, w: F.conv2d(x, w, groups=2, padding=1, dilation=2),
        of((REAL, "m 2 5 4"), (REAL, "4 1 2 2"), most=2),
    ),
    "F.conv2d, channels last": (
        lambda x, w: F.conv2d(x, w, padding=1, data_format="NHWC"),
        of((REAL, "m 4 4 2"), (REAL, "3 2 2 2"), most=2),
    ),
    "F.conv3d": (
        lambda x, w: F.conv3d(x, w, stride=2, padding=1),
        of((REAL, "1 2 3 4 3"), (REAL, "n 2 2 2 2"), most=2),
    ),
    "F.conv1d_transpose": (
        lambda x, w: F.conv1d_transpose(x, w, stride=2, padding=1, output_padding=1),
        of((REAL, "m 2 4"), (REAL, "2 n 3"), most=3),
    ),
    "F.conv2d_transpose": (
        lambda x, w: F.conv2d_transpose(x, w, stride=(2, 1), padding=(0, 1), dilation=(1, 2)),
        of((REAL, "m 2 3 4"), (REAL, "2 n 3 2"), most=2),
    ),
    "F.conv2d_transpose of groups": (
        lambda x, w: F.conv2d_transpose(x, w, stride=2, groups=2),
        of((REAL, "m 4 3 3"), (REAL, "4 2 2 2"), most=2),
    ),
    "F.conv2d_transpose of depth": (
        lambda x, w: F.conv2d_transpose(x, w, stride=2, groups=3),
        of((REAL, "m 3 3 3"), (REAL, "3 1 2 2"), most=2),
    ),
    "F.conv3d_transpose": (
        lambda x, w: F.conv3d_transpose(x, w, stride=2, padding=1),
        of((REAL, "1 2 2 3 2"), (REAL, "2 n 2 3 2"), most=2),
    ),
    "F.unfold": (lambda x: F.unfold(x, [2, 3], strides=[1, 2], paddings=[1, 0]), IMAGES),
    "F.unfold, dilated": (lambda x: F.unfold(x, 2, dilations=2, paddings=[1, 0, 2, 1]), IMAGES),
    "F.fold": (lambda x: F.fold(x, [3, 4], [2, 2], strides=1), each(REAL, "m 8 6", most=2)),
    **{
        f"F.avg_pool2d, {how}": ((lambda o: lambda x: F.avg_pool2d(x, **o))(options), IMAGES)
        for how, options in {
            "plain": {"kernel_size": 2},
            "padded": {"kernel_size": 3, "stride": 2, "padding": 1},
            "padded, counted": {"kernel_size": 3, "stride": 2, "padding": 1, "exclusive": False},
            "ceil": {"kernel_size": 3, "stride": 2, "ceil_mode": True},
            "ceil, padded": {"kernel_size": 2, "stride": 2, "padding": 1, "ceil_mode": True, "exclusive": False},
            "divisor": {"kernel_size": 2, "divisor_override": 3},
            "divisor, padded": {"kernel_size": 3, "padding": 1, "divisor_override": 5},
        }.items()
    },
    **{
        f"F.max_pool2d, {how}": ((lambda o: lambda x: F.max_pool2d(x, **o))(options), IMAGES)
        for how, options in {
            "plain": {"kernel_size": 2},
            "padded": {"kernel_size": 3, "stride": 2, "padding": 1},
            "ceil": {"kernel_size": 3, "stride": 2, "ceil_mode": True},
            "steps": {"kernel_size": 2, "stride": 1},
        }.items()
    },
    "F.max_pool2d with mask": (
        lambda x: F.max_pool2d(x, 3, 2, 1, return_mask=True)[0],
        IMAGES,
    ),
    "F.max_pool2d of ties": (lambda x: F.max_pool2d(x, 2, 1), each(TIES, "m 2 3 3", most=2)),
    "F.max_pool1d": (lambda x: F.max_pool1d(x, 3, 2, 1), each(GENERIC, "m 2 5", most=3)),
    "F.avg_pool1d": (lambda x: F.avg_pool1d(x, 3, 2, 1), each(GENERIC, "m 2 5", most=3)),
    "F.avg_pool1d, counted": (lambda x: F.avg_pool1d(x, 3, 2, 1, exclusive=False), each(GENERIC, "m 2 5", most=3)),
    "F.max_pool3d": (lambda x: F.max_pool3d(x, 2, 1), VOLUMES),
    "F.avg_pool3d": (lambda x: F.avg_pool3d(x, 2, 2, 1), VOLUMES),
    "F.avg_pool3d of divisor": (lambda x: F.avg_pool3d(x, 2, 1, divisor_override=3), VOLUMES),
    "F.lp_pool1d": (lambda x: F.lp_pool1d(x, 3.0, 2, 1), each(POSITIVE, "m 2 5", most=3)),
    "F.lp_pool1d of generic": (lambda x: F.lp_pool1d(x, 2.0, 2, 1), each(GENERIC, "m 2 5", most=3)),
    "F.lp_pool2d": (lambda x: F.lp_pool2d(x, 2.0, 2), IMAGES),
    "F.lp_pool2d of order 3": (lambda x: F.lp_pool2d(x, 3.0, 2, 1), each(between(0.1, 2.0), "m 2 3 4", most=2)),
    "F.lp_pool2d, padded": (lambda x: F.lp_pool2d(x, 2.0, 2, 2, 1), each(between(0.1, 2.0), "m 2 4 4", most=2)),
    "F.adaptive_avg_pool1d": (lambda x: F.adaptive_avg_pool1d(x, 3), each(GENERIC, "m 2 5", most=3)),
    "F.adaptive_avg_pool2d": (lambda x: F.adaptive_avg_pool2d(x, [3, 2]), IMAGES),
    "F.adaptive_avg_pool2d of larger": (lambda x: F.adaptive_avg_pool2d(x, [6, 7]), IMAGES),
    "F.adaptive_avg_pool3d": (lambda x: F.adaptive_avg_pool3d(x, [2, 3, 2]), VOLUMES),
    "F.adaptive_max_pool1d": (lambda x: F.adaptive_max_pool1d(x, 3), each(GENERIC, "m 2 5", most=3)),
    "F.adaptive_max_pool2d": (lambda x: F.adaptive_max_pool2d(x, [3, 2]), IMAGES),
    "F.adaptive_max_pool3d": (lambda x: F.adaptive_max_pool3d(x, [2, 3, 2]), VOLUMES),
    "F.fractional_max_pool2d": (lambda x: F.fractional_max_pool2d(x, [3, 2], random_u=0.4), IMAGES),
    "F.fractional_max_pool3d": (lambda x: F.fractional_max_pool3d(x, [2, 2, 2], random_u=0.4), VOLUMES),
    "F.max_unpool2d": (
        lambda x: F.max_unpool2d(*F.max_pool2d(x, 2, return_mask=True), 2),
        each(GENERIC, "m 2 4 4", most=2),
    ),
    "F.local_response_norm": (lambda x: F.local_response_norm(x, 3, k=0.7), each(GENERIC, "m 4 2 2", most=2)),
    "F.pixel_shuffle": (lambda x: F.pixel_shuffle(x, 2), each(REAL, "m 4 2 3", most=2)),
    "F.pixel_unshuffle": (lambda x: F.pixel_unshuffle(x, 2), each(REAL, "m 1 4 2", most=2)),
    "F.channel_shuffle": (lambda x: F.channel_shuffle(x, 2), each(REAL, "m 6 2 2", most=2)),
    "F.temporal_shift": (lambda x: F.temporal_shift(x, 2, 0.25), each(REAL, "4 4 2 2")),
    **{
        f"F.grid_sample, {mode}, {padding}, {'aligned' if aligned else 'not aligned'}": (
            (lambda m, p, a: lambda x, g: F.grid_sample(x, g, mode=m, padding_mode=p, align_corners=a))(
                mode, padding, aligned
            ),
            of((GENERIC, "1 2 4 5"), (between(-1.3, 1.3), "1 2 3 2")),
        )
        for mode in ("bilinear", "nearest")
        for padding in ("zeros", "border", "reflection")
        for aligned in (True, False)
    },
    **{
        f"F.grid_sample of volumes, {padding}": (
            (lambda p: lambda x, g: F.grid_sample(x, g, padding_mode=p))(padding),
            of((GENERIC, "1 2 2 3 4"), (between(-1.3, 1.3), "1 2 1 2 3")),
        )
        for padding in ("zeros", "border", "reflection")
    },
    **{
        f"F.affine_grid, {'aligned' if aligned else 'not aligned'}": (
            (lambda a: lambda t: F.affine_grid(t, [2, 1, 3, 4], align_corners=a))(aligned),
            each(GENERIC, "2 2 3"),
        )
        for aligned in (True, False)
    },
    "F.affine_grid of volumes": (
        lambda t: F.affine_grid(t, [2, 1, 2, 3, 4], align_corners=False),
        each(GENERIC, "2 3 4"),
    ),
    "F.embedding": (lambda w: F.embedding(index(0, 0, 1), w), each(REAL, "2 n")),
    "F.embedding of padding": (lambda w: F.embedding(index(0, 0, 1), w, padding_idx=None), each(REAL, "2 n")),
    "F.layer_norm": (
        lambda x, w, b: F.layer_norm(x, x.shape[1:], w, b, 1e-3),
        of((GENERIC, "m n"), (GENERIC, "n"), (GENERIC, "n"), least=2),
    ),
    "F.layer_norm of two axes": (lambda x: F.layer_norm(x, x.shape[1:]), each(GENERIC, "m 2 n", least=2)),
    "F.batch_norm": (
        lambda x, w, b: F.batch_norm(
            x, paddle.zeros([2], x.dtype), paddle.ones([2], x.dtype), w, b, training=True, epsilon=1e-3
        ),
        of((GENERIC, "m 2 3"), (GENERIC, "2"), (GENERIC, "2"), least=2),
    ),
    "F.batch_norm of statistics": (
        lambda x, m, v, w, b: F.batch_norm(x, m, v, w, b, training=False),
        of((GENERIC, "m 2 3"), (GENERIC, "2"), (POSITIVE, "2"), (GENERIC, "2"), (GENERIC, "2"), least=2),
        {"argnums": (0, 3, 4)},
    ),
    "F.instance_norm": (
        lambda x, w, b: F.instance_norm(x, weight=w, bias=b, eps=1e-3),
        of((GENERIC, "m 2 3 2"), (GENERIC, "2"), (GENERIC, "2"), most=2),
    ),
    "F.group_norm": (
        lambda x, w, b: F.group_norm(x, 2, 1e-3, w, b),
        of((GENERIC, "m 4 3"), (GENERIC, "4"), (GENERIC, "4"), most=2),
    ),
    "F.group_norm, channels last": (
        lambda x, w, b: F.group_norm(x, 2, 1e-3, w, b, data_format="NHWC"),
        of((GENERIC, "m 2 3 4"), (GENERIC, "4"), (GENERIC, "4"), most=2),
    ),
    **named(F, "mse_loss l1_loss smooth_l1_loss square_error_cost hinge_embedding_loss", PAIR, "F."),
    **{
        f"F.smooth_l1_loss of {delta}, {huber}": (
            (lambda d, h: lambda x, y: F.smooth_l1_loss(x, y, delta=d, is_huber=h))(delta, huber),
            of((GENERIC, "m n"), (GENERIC, "m n")),
        )
        for delta in (0.3, 2.0)
        for huber in (True, False)
    },
    "F.binary_cross_entropy": (
        lambda x, y: F.binary_cross_entropy(x, y),
        of((between(0.05, 0.95), "m n"), (UNIT, "m n")),
        OF_X,
    ),
    "F.binary_cross_entropy of weights": (
        lambda x, y, w: F.binary_cross_entropy(x, y, w),
        of((between(0.05, 0.95), "m n"), (UNIT, "m n"), (UNIT, "m n")),
        OF_X,
    ),
    "F.binary_cross_entropy_with_logits": (F.binary_cross_entropy_with_logits, of((REAL, "m n"), (UNIT, "m n")), OF_X),
    "F.binary_cross_entropy_with_logits of weights": (
        lambda x, y, w, p: F.binary_cross_entropy_with_logits(x, y, w, pos_weight=p),
        of((REAL, "m n"), (UNIT, "m n"), (UNIT, "m n"), (ABOVE_1, "n")),
        OF_X,
    ),
    "F.cross_entropy": (lambda x: F.cross_entropy(x, paddle.arange(len(x)) % x.shape[1]), each(REAL)),
    "F.cross_entropy of normed shares": (
        lambda x, y: F.cross_entropy(x, F.softmax(y), soft_label=True),
        of((REAL, "m n"), (GENERIC, "m n")),
        OF_X,
    ),
    "F.cross_entropy of weights": (
        lambda x, w: F.cross_entropy(x, paddle.arange(len(x)) % x.shape[1], w),
        of((REAL, "m n"), (between(0.2, 2.0), "n")),
        OF_X,
    ),
    "F.cross_entropy of weights, sum": (
        lambda x, w: F.cross_entropy(x, paddle.arange(len(x)) % x.shape[1], w, reduction="sum"),
        of((REAL, "m n"), (between(0.2, 2.0), "n")),
        OF_X,
    ),
    "F.cross_entropy, smoothed": (
        lambda x: F.cross_entropy(x, paddle.arange(len(x)) % x.shape[1], label_smoothing=0.2),
        each(REAL, least=2),
    ),
    "F.cross_entropy of probabilities": (
        lambda x: F.cross_entropy(x, paddle.arange(len(x)) % x.shape[1], use_softmax=False),
        each(between(0.05, 0.95)),
    ),
    "F.cross_entropy of axis 1": (
        lambda x: F.cross_entropy(x, paddle.zeros([x.shape[0], 1, 2], "int64"), axis=1),
        each(REAL, "m n 2"),
    ),
    "F.cross_entropy, ignored": (
        lambda x: F.cross_entropy(x, index(0, 1, 0), ignore_index=1),
        each(REAL, "3 2"),
    ),
    "F.softmax_with_cross_entropy": (
        lambda x: F.softmax_with_cross_entropy(x, (paddle.arange(len(x)) % x.shape[1]).unsqueeze(1)),
        ANY,
    ),
    "F.dice_loss": (lambda x: F.dice_loss(x, index([0], [1], [0])), each(between(0.05, 0.95), "3 2")),
    "F.kl_div": (F.kl_div, of((GENERIC, "m n"), (UNIT, "m n")), OF_X),
    "F.kl_div, sum": (lambda x, y: F.kl_div(x, y, "sum"), of((GENERIC, "m n"), (UNIT, "m n")), OF_X),
    "F.kl_div, batchmean": (lambda x, y: F.kl_div(x, y, "batchmean"), of((GENERIC, "m n"), (UNIT, "m n")), OF_X),
    "F.kl_div of log target": (
        lambda x, y: F.kl_div(x, y, log_target=True),
        of((GENERIC, "m n"), (GENERIC, "m n")),
        OF_X,
    ),
    "F.margin_ranking_loss": (
        lambda x, y: F.margin_ranking_loss(x, y, paddle.ones_like(x), 0.3),
        of((GENERIC, "n"), (GENERIC, "n")),
    ),
    "F.multi_label_soft_margin_loss": (
        lambda x: F.multi_label_soft_margin_loss(x, (x > 0).astype(x.dtype)),
        each(GENERIC),
    ),
    "F.nll_loss": (lambda x: F.nll_loss(x, index(0, 1, 0)), each(REAL, "3 2")),
    "F.nll_loss of weights": (
        lambda x, w: F.nll_loss(x, index(0, 1, 0), w),
        of((REAL, "3 2"), (between(0.2, 2.0), "2")),
        OF_X,
    ),
    "F.nll_loss of images": (
        lambda x: F.nll_loss(x, index([[0, 1]], [[1, 1]]), ignore_index=0),
        each(REAL, "2 2 1 2"),
    ),
    "F.poisson_nll_loss": (
        lambda x, y: F.poisson_nll_loss(x, y),
        of((GENERIC, "m n"), (between(0.0, 4.0), "m n")),
    ),
    "F.poisson_nll_loss, full": (
        lambda x, y: F.poisson_nll_loss(x, y, log_input=False, full=True),
        of((between(0.1, 3.0), "m n"), (between(1.1, 4.0), "m n")),
    ),
    "F.gaussian_nll_loss": (
        lambda x, y, v: F.gaussian_nll_loss(x, y, v, full=True),
        of((GENERIC, "m n"), (GENERIC, "m n"), (between(0.1, 2.0), "m n")),
    ),
    "F.sigmoid_focal_loss": (
        lambda x: F.sigmoid_focal_loss(x, (x > 0).astype(x.dtype)),
        each(GENERIC),
    ),
    "F.ctc_loss": (
        lambda x: F.ctc_loss(x, index([1, 2], [2, 2]).astype("int32"), index(5, 4), index(2, 2)),
        each(GENERIC, "5 2 3"),
    ),
    "F.ctc_loss, norm by times": (
        lambda x: F.ctc_loss(x, index([1, 2], [2, 2]).astype("int32"), index(5, 4), index(2, 2), norm_by_times=True),
        each(GENERIC, "5 2 3"),
    ),
    "F.rnnt_loss": (
        lambda x: F.rnnt_loss(
            x, index([1, 2]).astype("int32"), index(4).astype("int32"), index(2).astype("int32"), fastemit_lambda=0.0
        ),
        each(GENERIC, "1 4 3 3"),
    ),
    "F.rnnt_loss of two": (
        lambda x: F.rnnt_loss(
            x,
            index([1, 2], [2, 1]).astype("int32"),
            index(4, 3).astype("int32"),
            index(2, 1).astype("int32"),
            fastemit_lambda=0.0,
        ),
        each(GENERIC, "2 4 3 3"),
    ),
    "F.hsigmoid_loss": (
        lambda x, w, b: F.hsigmoid_loss(x, index(0, 3, 4), 5, w, b),
        of((GENERIC, "3 n"), (GENERIC, "4 n"), (GENERIC, "4 1")),
    ),
    "F.cosine_embedding_loss": (
        lambda x, y: F.cosine_embedding_loss(x, y, index(1, -1, 1), 0.1),
        of((GENERIC, "3 n"), (GENERIC, "3 n")),
    ),
    "F.triplet_margin_loss": (lambda x, y, z: F.triplet_margin_loss(x, y, z), ROWS3),
    "F.triplet_margin_loss, swap": (lambda x, y, z: F.triplet_margin_loss(x, y, z, p=3.0, swap=True), ROWS3),
    "F.multi_margin_loss": (lambda x: F.multi_margin_loss(x, index(0, 1, 0), 2, 0.7), each(GENERIC, "3 2")),
    "F.soft_margin_loss": (lambda x: F.soft_margin_loss(x, paddle.sign(x.detach())), each(GENERIC)),
    "F.scaled_dot_product_attention": (
        lambda q, k, v: F.scaled_dot_product_attention(q, k, v),
        of((GENERIC, "1 m 2 n"), (GENERIC, "1 m 2 n"), (GENERIC, "1 m 2 n"), most=3),
    ),
    **{
        f"geometric.segment_{how}": (
            (lambda f: lambda x: f(x, index(0, 0, 2, 2)))(getattr(geometric, f"segment_{how}")),
            each(GENERIC, "4 n"),
        )
        for how in ("sum", "mean", "min", "max")
    },
    "geometric.segment_max of ties": (lambda x: geometric.segment_max(x, index(0, 0, 1, 1)), each(TIES, "4 n")),
    **{
        f"geometric.send_u_recv, {how}": (
            (lambda h: lambda x: geometric.send_u_recv(x, index(0, 1, 2, 0), index(1, 1, 0, 0), reduce_op=h))(how),
            each(GENERIC, "3 n"),
        )
        for how in ("sum", "mean", "min", "max")
    },
    **{
        f"geometric.send_ue_recv, {message}, {how}": (
            (
                lambda m, h: (
                    lambda x, y: geometric.send_ue_recv(
                        x, y, index(0, 1, 2, 0), index(1, 1, 0, 0), message_op=m, reduce_op=h
                    )
                )
            )(message, how),
            of((GENERIC, "3 n"), (ABOVE_1, "4 n")),
        )
        for message in ("add", "sub", "mul", "div")
        for how in ("sum", "mean", "min", "max")
    },
    **{
        f"geometric.send_ue_recv, broadcast, {message}, {how}": (
            (
                lambda m, h: (
                    lambda x, y: geometric.send_ue_recv(
                        x, y, index(0, 1, 2, 0), index(1, 1, 0, 0), message_op=m, reduce_op=h
                    )
                )
            )(message, how),
            of((GENERIC, "3 n"), (ABOVE_1, "4 1")),
        )
        for message in ("add", "mul", "div")
        for how in ("sum", "mean", "max")
    },
    **{
        f"geometric.send_uv, {message}": (
            (lambda m: lambda x, y: geometric.send_uv(x, y, index(0, 1, 2, 0), index(1, 1, 0, 0), message_op=m))(
                message
            ),
            of((GENERIC, "3 n"), (ABOVE_1, "3 n")),
        )
        for message in ("add", "sub", "mul", "div")
    },
    "vision.roi_align": (
        lambda x: vision.ops.roi_align(
            x, paddle.to_tensor([[0.3, 0.2, 3.1, 3.7]], dtype=x.dtype), paddle.to_tensor([1], dtype="int32"), 2
        ),
        each(GENERIC, "1 2 4 5"),
    ),
    "vision.roi_align, not aligned": (
        lambda x: vision.ops.roi_align(
            x,
            paddle.to_tensor([[0.3, 0.2, 3.1, 3.7]], dtype=x.dtype),
            paddle.to_tensor([1], dtype="int32"),
            2,
            sampling_ratio=3,
            aligned=False,
        ),
        each(GENERIC, "1 2 4 5"),
    ),
    "vision.roi_pool": (
        lambda x: vision.ops.roi_pool(
            x, paddle.to_tensor([[0.0, 0.0, 3.0, 3.0]], dtype=x.dtype), paddle.to_tensor([1], dtype="int32"), 2
        ),
        each(GENERIC, "1 2 4 5"),
    ),
    "vision.deform_conv2d": (
        lambda x, o, w: vision.ops.deform_conv2d(x, o, w, padding=1),
        of((GENERIC, "1 2 3 4"), (between(-0.45, 0.45), "1 18 3 4"), (GENERIC, "2 2 3 3")),
    ),
    "vision.deform_conv2d of a mask": (
        lambda x, o, w, m: vision.ops.deform_conv2d(x, o, w, padding=0, stride=2, mask=m),
        of((GENERIC, "1 2 4 4"), (between(-0.9, 0.9), "1 8 2 2"), (GENERIC, "2 2 2 2"), (UNIT, "1 4 2 2")),
    ),
}
TIED = "a choice of Paddle: with ties, each largest entry gets the gradient, or the first one"
WRONG = [
    *("lerp", "lerp, broadcast", "diagonal_scatter", "masked_fill of a value", "masked_fill, broadcast", "as_strided"),
    *("as_strided of a matrix", "unfold of a tensor", "unfold of steps", "F.gaussian_nll_loss", "linalg.lu_solve, T"),
    "F.binary_cross_entropy_with_logits",
    *(f"{name} of complex, {part}" for name in ("acosh", "prod") for part in ("real", "imag")),
    *("pow of two complex, imag", "F.log_softmax of large x"),
    *(f"linalg.triangular_solve, lower, {how}, unit" for how in ("transposed", "as it is")),
]
SINGLE = [
    *(f"{name} of complex, {part}" for name in ("exp", "sigmoid") for part in ("real", "imag")),
    *("F.lp_pool1d", "F.lp_pool1d of generic", "F.lp_pool2d", "F.lp_pool2d of order 3", "F.lp_pool2d, padded"),
]
ZEROS = ["all, prod", "prod of axis 0", "prod of axis -1", "prod of ties", "prod of zeros"]
KNOWN = {
    **{name: {"WrongGradient": FOUND} for name in WRONG},
    **{
        name: dict.fromkeys(("WrongGradient", "NotDeterministic", "NotLinear", "NotPure", "WrongForLayout"), FOUND)
        for name in ("as_strided", "as_strided of a matrix", "unfold of a tensor", "unfold of steps")
    },
    **{name: {"NotFinite": FOUND} for name in [*ZEROS, "F.silu of large x"]},
    **{name: {"Inconclusive": "float64 has relative errors of 1e-8 to 1e-7"} for name in SINGLE},
    **{name: {"NotFinite": FOUND, "WrongForFloat32": FOUND} for name in ("F.celu", "F.celu of 2", "F.celu of large x")},
    "F.selu": {"WrongGradient": "alpha times scale is rounded to float32"},
    **{
        name: {"Crashed": FOUND}
        for name in ("linalg.lu_unpack, L", "linalg.lu_unpack, U", "linalg.qr, R", "linalg.qr, Q", "linalg.qr of wide")
    },
    "F.normalize 3 of axis 0": {"WrongGradient": FOUND},
    "diag_embed": {"NoDerivative": FOUND},
    "matmul of stacks": {"Raised": FOUND},
    "linalg.householder_product": {"Raised": FOUND},
    "linalg.matrix_exp": {"Raised": FOUND},
    **{f"linalg.{name}": {"NoDerivative": "Paddle has none"} for name in ("eigvals", "qr, complete", "qr of mode r")},
    "linalg.lstsq": {"NoDerivative": "Paddle has none", "NotDeterministic": "the last digits of two calls differ"},
    "F.ctc_loss, norm by times": {
        "WrongGradient": "documented: the gradient is divided by the length, the loss is not",
        **dict.fromkeys(("Hung", "Crashed"), "a batch with fewer rows than labels is waited for, or ends the process"),
    },
    "F.max_pool2d of ties": {"WrongTogether": TIED, "WrongAtKink": TIED},
    "geometric.segment_max of ties": {"WrongTogether": TIED, "WrongAtKink": TIED},
}
# norms and interpolation weights have the precision of float32, or a summand of 1e-12
ROUGH = re.compile("dist|linalg.*norm|renorm|normalize|triplet|cosine|interpolate|avg_pool|smoothed|selu")
ROWS = {
    name: (f, arguments, {**dict(*options), **({"tolerance": 1e-5} if ROUGH.search(name) else {})})
    for name, (f, arguments, *options) in TABLE.items()
}
TARGETS = targets(ROWS, pair, KNOWN)
