"""Strategies of arguments that the specs share, and targets from a table."""

import numpy  # noqa: ICN001  in a spec, np is the numpy of its library
from hypothesis import strategies as st

from funcnn.testing import strategies as fst
from funcnn.testing.hunt import Target
from tests.nasty.base import among, between, decades, drawn, mixed, normal

REAL = mixed(normal(), normal(0, 5), among(-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0))
GENERIC = normal()
POSITIVE = mixed(decades(-5, 1, signed=False), between(0.1, 5.0))
UNIT = mixed(between(0.0, 1.0), decades(-5, -1, signed=False), decades(-5, -1, signed=False, around=0.5))
OPEN = mixed(between(-1.0, 1.0), decades(-5, -1))
ABOVE_1 = mixed(between(1.1, 5.0), decades(-5, 1, signed=False, around=1.0))
TIES = among(0.0, 1.0, 2.0)

ONE = fst.tensors("n")
TWO = fst.tensors("n", "n")
ANY = fst.tensors("m n")
PAIR = fst.tensors("m n", "m n")

SYMMETRIC, DEFINITE, LOWER = (
    {"structure": {"A": structure}} for structure in ("symmetric", "positive definite", "lower triangular")
)


def named(module, names, arguments, prefix=""):
    """Rows of a table: functions of a module that take the same arguments."""
    return {prefix + name: (getattr(module, name), arguments) for name in names.split()}


def targets(table, pair, known):
    """The targets of a table whose rows are a function, its arguments and perhaps options of the check."""
    assert known.keys() <= table.keys()
    return [
        Target(name, pair(f), arguments, known=known.get(name), **dict(*options))
        for name, (f, arguments, *options) in table.items()
    ]


def of(*parts, least=1, most=4):
    """Arrays from (fill, shape) with named sizes."""
    names = sorted({name for _, shape in parts for name in shape.split() if not name.isdecimal()})

    def filled(sizes, seed):
        rng = numpy.random.default_rng(seed)
        return tuple([fill(rng, tuple([int(sizes.get(n, n)) for n in shape.split()])) for fill, shape in parts])

    return st.builds(filled, fst.dims(*names, least=least, most=most), st.integers(0, 2**32 - 1))


def each(fill, shape="m n", **sizes):
    return of((fill, shape), **sizes)


def regular(rng, n):
    """A matrix with singular values from 0.5 to 2."""
    left, right = (numpy.linalg.qr(rng.standard_normal((n, n)))[0] for _ in range(2))
    return (left * rng.uniform(0.5, 2, n)) @ right


def definite(rng, n):
    A = regular(rng, n)
    return (A @ A.T + (A @ A.T).T) / 2


def symmetric(rng, n):
    """Eigenvalues that are at least 0.5 apart."""
    vectors = numpy.linalg.qr(rng.standard_normal((n, n)))[0]
    A = (vectors * (numpy.cumsum(rng.uniform(0.5, 2, n)) - n / 2)) @ vectors.T
    return (A + A.T) / 2


def triangular(rng, n):
    return numpy.tril(rng.standard_normal((n, n)), -1) + numpy.diag(rng.uniform(0.5, 2, n))


def matrices(make, *shapes):
    """A square matrix of size n, and arrays whose shapes are named sizes."""

    def filled(rng):
        sizes = {"n": int(rng.integers(1, 4)), "k": int(rng.integers(1, 4))}
        others = [rng.standard_normal(tuple([sizes[name] for name in shape.split()])) for shape in shapes]
        return (make(rng, sizes["n"]), *others)

    return drawn(filled)


def probabilities(rng, n):
    p = rng.uniform(0.1, 1, n)
    return p / p.sum()


def recorded(variable, value, backward, gradient):
    """An adapter for a library whose variables record what is computed with them.

    `backward(out, dA)` computes the gradients; `gradient(x)` is None if x received none, so that it is 0.
    """

    def pair(f):
        def vjp(args, dA):
            xs = [variable(numpy.array(a)) for a in args]
            backward(f(*xs), numpy.array(dA))
            found = [gradient(x) for x in xs]
            return [numpy.zeros(a.shape) if g is None else numpy.array(g) for a, g in zip(args, found, strict=True)]

        return lambda *args: numpy.array(value(f(*[variable(numpy.array(a)) for a in args]))), vjp

    return pair
