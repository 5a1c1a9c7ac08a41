"""Constraints on parameters: after a step, each is projected onto the nearest allowed point."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeVar

from funcnn.arrays import Array, as_array, float_namespace, is_array, kind, short, wide
from funcnn.checked import checked
from funcnn.errors import KindError, ShapeError
from funcnn.needs import function
from funcnn.paths import Where, map_chosen
from funcnn.trees.walks import Tree

P = TypeVar("P")
Projection = Annotated[Callable[[Array], Array], function("a function of an array", takes=1)]


@checked
def project(params: Tree[P], onto: Projection, where: Where = "*") -> P:
    """`params` with `onto(p)` in place of each parameter p that `where` chooses: projected gradient descent.

    Write `params = project(sgd(params, grads, lr), nonnegative, "*.W")` as the last of the four lines, or pass
    `constraint=partial(project, onto=nonnegative, where="*.W")` to `train`. Goldstein 1964, Convex programming in
    Hilbert space.

    >>> import numpy as np
    >>> from funcnn import Dense
    >>> from funcnn.optimizers import nonnegative, project
    >>> project(Dense(np.array([[-1.0, 2.0]]), np.array([-1.0, 2.0])), nonnegative, "W")
    Dense(W=<f64 [[0. 2.]]>, b=<f64 [-1.  2.]>)

    Raises:
        FuncnnError: a pattern of `where` matches no parameter.
        KindError: `onto` does not return an array.
        ShapeError: `onto` gives an array of another shape or dtype.
    """

    def projected(p: Array) -> Array:
        new = as_array(onto(p))
        if not is_array(new):
            raise KindError(f"project: onto must give an array like {short(p)}, not {kind(new)}")
        if new.shape != p.shape or new.dtype != p.dtype:
            raise ShapeError(f"project: onto must give an array like {short(p)}, not {short(new)}")
        return new

    return map_chosen(projected, where, params, function="project")


def nonnegative(p: Array) -> Array:
    """max(p, 0): the nearest array without negative numbers

    Raises:
        KindError: `p` is not an array of floats.
    """
    return float_namespace("nonnegative", "p", p).maximum(p, 0)


def unit_norm(p: Array) -> Array:
    """p / |p|, where |p| is the length along the first axis, so that each unit of a Dense layer has weights of length 1

    A column of zeros, which has no direction, is unchanged.

    Raises:
        KindError: `p` is not an array of floats.
    """
    xp = float_namespace("unit_norm", "p", p)
    full = wide(p)
    largest = abs(full).max(0, initial=0)  # the square of p may overflow, or be 0
    scaled = full / xp.where(largest == 0, 1, largest)
    length = (scaled * scaled).sum(0) ** 0.5
    return (scaled / xp.where(length == 0, 1, length)).astype(p.dtype)
