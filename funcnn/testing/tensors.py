"""Strategies for arrays with named sizes and with entries that reveal mistakes.

Hypothesis draws two numbers for each array: the regime, which is the kind of its entries, and one integer, from which
all entries are computed. So large arrays cost no more than small ones, and hypothesis shrinks towards the first regime
and, inside it, towards ones, zeros and small numbers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from math import prod
from typing import Annotated, Any, TypeVar

import numpy as np
from hypothesis import strategies as st

from funcnn.arrays import Array, freeze, kind
from funcnn.checked import checked
from funcnn.errors import KindError, RangeError
from funcnn.needs import Natural, Need, as_count, as_text, instance, passing

_DIGIT = 32  # chosen: the number of values of an entry of the lattice
_DIGITS = 24  # chosen: so many entries have a digit of their own; larger arrays hold random numbers from a seed


def _check_name(function: str, argument: str, value: Any) -> None:
    if not as_text(function, argument, value).isidentifier():
        raise KindError(f"{function}: {argument} must be one word, not {value!r}")


def _check_shape(function: str, argument: str, value: Any) -> None:
    text = as_text(function, argument, value)
    if any([not (name.isidentifier() or name.isdecimal()) for name in text.split()]):
        is_list = re.fullmatch(r"[\w\s,;()\[\]]*", text)  # of another character the remedy may change the meaning
        words = " ".join(re.findall(r"\w+", text))
        remedy = f"; write {words!r}" if is_list else ""
        raise KindError(f"{function}: {argument} must be {_NAMES}, not {text!r}{remedy}")


def _as_sizes(function: str, argument: str, value: Any) -> tuple[int, ...]:
    if not isinstance(value, tuple | list):
        raise KindError(f"{function}: {argument} must be a tuple of sizes, not {kind(value)}")
    return tuple([as_count(function, f"{argument}[{i}]", size, least=0) for i, size in enumerate(value)])


_NAMES = "names or numbers with spaces between them"
Name = Annotated[str, passing("a word", _check_name)]
Shape = Annotated[str, passing(_NAMES, _check_shape)]
T = TypeVar("T")
Strategy = Annotated[st.SearchStrategy[T], instance(st.SearchStrategy, "a strategy of hypothesis")]
Sizes = Annotated[Sequence[int], Need("a tuple of sizes", "False", _as_sizes)]


@checked
def dims(*names: Name, least: Natural = 1, most: Natural = 4) -> st.SearchStrategy[dict[str, int]]:
    """A size for each name: in one draw of four all are equal, in one of eight one of them is several times larger.

    Sizes are 1 to 4, or `least` to `most`; with `least=0` a size may be 0. A missing transpose shows only if a matrix
    is not square, a superfluous one only if it is square, and a loop that drops its remainder only if a size is large.

    Raises:
        RangeError: `most` is less than `least`.
    """
    _check_ends("dims", least, most)
    return _dims(names, least, most)


@lru_cache  # hypothesis validates each new strategy, which takes half of the time of a draw
def _dims(names: tuple[str, ...], least: int, most: int) -> st.SearchStrategy[dict[str, int]]:
    size = st.integers(least, most)
    equal = size.map(lambda n: dict.fromkeys(names, n))
    free = st.fixed_dictionaries(dict.fromkeys(names, size))
    if not names:
        return free

    def enlarged(sizes: dict[str, int]) -> st.SearchStrategy[dict[str, int]]:
        large = st.integers(most + 1, 4 * most + 1)
        return st.tuples(st.sampled_from(names), large).map(lambda one: sizes | {one[0]: one[1]})

    return st.integers(0, 7).flatmap(lambda k: equal if k < 2 else free.flatmap(enlarged) if k == 7 else free)


@checked
def tensors(*shapes: Shape, least: Natural = 1, most: Natural = 4) -> st.SearchStrategy[tuple[Array, ...]]:
    """Arrays whose shapes are named sizes: `tensors("m n", "n k", "k")`; a number is a fixed size.

    With `least=0` some arrays are empty: a mean over no rows, or a loop that does not run, has a gradient too.

    >>> from hypothesis import find
    >>> from funcnn.testing import strategies as fst
    >>> find(fst.tensors("m n", "n 2"), lambda arrays: arrays[0].shape == (1, 2))
    (array([[0.125, 0.125]]), array([[0.125, 0.125],
           [0.125, 0.125]]))

    Raises:
        RangeError: as `dims`.
    """
    _check_ends("tensors", least, most)
    return _tensors(shapes, least, most)


@lru_cache
def _tensors(shapes: tuple[str, ...], least: int, most: int) -> st.SearchStrategy[tuple[Array, ...]]:
    split = [shape.split() for shape in shapes]
    names = sorted({name for shape in split for name in shape if not name.isdecimal()})

    def arrays(sizes: dict[str, int]) -> st.SearchStrategy[tuple[Array, ...]]:
        return _together(tuple([tuple([sizes[n] if n in sizes else int(n) for n in shape]) for shape in split]))

    return _dims(tuple(names), least, most).flatmap(arrays)


def _check_ends(function: str, least: int, most: int) -> None:
    if most < least:
        raise RangeError(f"{function}: most must be at least {least}, the value of least, not {most}")


@checked
def tensor(shape: Sizes) -> st.SearchStrategy[Array]:
    """A read-only array in one of seven regimes; the mixture is drawn twice as often as each of the others.

    Multiples of 1/8 up to 2, and multiples of 1/2 up to 8, give exact ties, zeros, ones, and the corners of piecewise
    functions. Normal numbers are the generic case. A mixture of zeros, ties, small numbers, normal numbers, +-30 and
    +-800 saturates activations. Sorted arrays, constant arrays, and arrays of 1 and -1 find results that are right only
    for one order or one magnitude of the entries. Arrays of which all entries are near 1e-3, near 1e-6 or near 1e-9
    reach branches for small lengths and angles.
    """
    return _tensor(tuple(shape))


@lru_cache
def _together(sizes: tuple[tuple[int, ...], ...]) -> st.SearchStrategy[tuple[Array, ...]]:
    return st.tuples(*map(_tensor, sizes))


@lru_cache
@st.composite
def _tensor(draw: st.DrawFn, size: tuple[int, ...]) -> Array:
    regime = draw(_REGIMES)
    return freeze(regime(draw(_SEEDS), size))


def _eighths(k: int, shape: tuple[int, ...]) -> Array:
    return _lattice(k, shape) / 8


def _halves(k: int, shape: tuple[int, ...]) -> Array:
    return _lattice(k, shape) / 2


def _normal(k: int, shape: tuple[int, ...]) -> Array:
    return np.random.default_rng(k).standard_normal(shape)


def _lattice(k: int, shape: tuple[int, ...]) -> Array:
    """The digits of k as whole numbers: 1, 0, -1, 2, -2, ..., the last entry first.

    Ones come before zeros: many mistakes do not show at zeros, and hypothesis, which changes one number at a time,
    could then not shrink from another regime to this one.
    """
    n = prod(shape)
    if n > _DIGITS:
        digits = np.random.default_rng(k).integers(0, _DIGIT, n)
    else:
        digits = np.array([k // _DIGIT**i % _DIGIT for i in range(n)], int)[::-1]
    whole = np.where(digits < 2, 1 - digits, (digits + 1) // 2 * np.where(digits % 2, 1, -1))
    return (whole + 0.0).reshape(shape)


def _mixed(k: int, shape: tuple[int, ...]) -> Array:
    rng = np.random.default_rng(k)
    pool = np.array([0.0, -0.0, 0.5, 0.5, 1.0, -1.0, 30.0, -30.0, 800.0, 800.0, -800.0, -800.0])
    small = rng.choice([-1.0, 1.0], shape) * 10.0 ** -rng.integers(1, 8, shape)
    kind = rng.random(shape)
    return np.where(kind < 0.4, rng.choice(pool, shape), np.where(kind < 0.65, small, rng.standard_normal(shape)))


def _scaled(k: int, shape: tuple[int, ...], scales: tuple[float, ...] = (0.1, 3.0, 10.0)) -> Array:
    rng = np.random.default_rng(k)
    return rng.choice(scales) * rng.standard_normal(shape)


def _small(k: int, shape: tuple[int, ...]) -> Array:
    """Entries of one magnitude, so that their length is as small."""
    return _scaled(k, shape, (1e-3, 1e-6, 1e-9))


def _ordered(k: int, shape: tuple[int, ...]) -> Array:
    rng = np.random.default_rng(k)
    normal = rng.standard_normal(shape)
    kinds = [
        np.sort(normal, axis=None).reshape(shape),
        np.sort(normal, axis=None)[::-1].reshape(shape),
        np.full(shape, rng.choice([0.0, 1.0, -1.0, 0.5, 2.0])),
        rng.choice([-1.0, 1.0], shape),
        rng.choice([-1.0, 0.0, 1.0], shape),
    ]
    return np.array(kinds[rng.integers(len(kinds))], order="C")


_REGIMES = st.sampled_from([_eighths, _halves, _normal, _mixed, _mixed, _scaled, _ordered, _small])
_SEEDS = st.integers(0, _DIGIT**_DIGITS - 1)
