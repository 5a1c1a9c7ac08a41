"""The form of the tables of mutants: a correct pair of functions, and its mistakes."""

from functools import partial

import numpy as np
from attrs import frozen
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from funcnn import backward, forward, parameters
from funcnn.testing import strategies as fst
from funcnn.testing.mutation import Mutant


@frozen
class Family:
    """A function of `(*arguments)` and its vjp of `(*arguments, dA)`."""

    name: str
    arguments: st.SearchStrategy
    f: object
    vjp: object

    @property
    def right(self):
        return self.f, spread(self.vjp)

    def but(self, text):
        """`family.but("the mistake: why anybody writes it")(vjp, f)` is a mutant of the family with these functions."""
        what, why = text.split(": ", 1)

        def made(vjp=None, f=None, *, narrow=True):
            wrong = f or self.f, spread(vjp or self.vjp, narrow=narrow)
            return Mutant(f"{self.name}: {what}", why, self.arguments, self.right, wrong)

        return made

    def of(self, i):
        """`family.of(i).but(text)(gradient)` is a mutant of the family whose gradient of argument i alone is wrong."""
        return OfArgument(self, i)


@frozen
class OfArgument:
    family: Family
    i: int

    def but(self, text):
        def made(gradient):
            def vjp(*args):
                found = [*self.family.vjp(*args)]
                found[self.i] = gradient(*args)
                return found

            return self.family.but(text)(vjp)

        return made


def family(name, arguments):
    """`family(name, arguments)(f, vjp)` is a family."""
    return partial(Family, name, arguments)


def of_layer(name, arguments, layer):
    """The family of a layer of funcnn, `layer(*parameters)`, as a function of x and its parameters."""

    def vjp(x, *given):
        *arrays, dA = given
        grads = grads_of(layer(*arrays), x, dA)
        return [grads.x, *parameters(grads.params).values()]

    return family(name, arguments)(lambda x, *arrays: forward(layer(*arrays), x)[0], vjp)


grads_of = lambda params, x, dA: backward(params, forward(params, x)[1], dA)


def spread(vjp, *, narrow=True):
    """`vjp(x, W, dA)` as the checker calls it, `vjp((x, W), dA)`.

    Many functions of NumPy return float64. If the cotangent is float32, the gradient is cast to float32, so that the
    planted mistake is the only one.
    """

    def called(args, dA):
        wide = narrow and dA.dtype == np.float32
        return [d.astype(dA.dtype) if wide and getattr(d, "dtype", "") == np.float64 else d for d in vjp(*args, dA)]

    return called


def indexed(*shapes, ids, below, **options):
    """Tensors as `fst.tensors` draws them, and an array of whole numbers less than a size."""
    words = " ".join([*shapes, ids, below]).split()

    def arrays(sizes):
        size = lambda text: [sizes.get(word) or int(word) for word in text.split()]
        numbers = hnp.arrays(np.intp, tuple(size(ids)), elements=st.integers(0, size(below)[0] - 1))
        return st.tuples(*[fst.tensor(size(shape)) for shape in shapes], numbers)

    return fst.dims(*sorted({word for word in words if not word.isdecimal()}), **options).flatmap(arrays)


def sigmoid(x):
    e = np.exp(-abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def log_softmax(x):
    below = x - x.max(axis=-1, keepdims=True)
    return below - np.log(np.exp(below).sum(axis=-1, keepdims=True))


def softmax_slope(p, dp):
    """The vjp of softmax over the last axis, from its output p."""
    return p * (dp - (p * dp).sum(axis=-1, keepdims=True))
