"""Check of the gradient of a scalar function, as SciPy, statsmodels and scikit-learn write it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import update_wrapper
from numbers import Number
from typing import Annotated, Any, Literal, Unpack

import attrs
import numpy as np

from funcnn.arrays import Array, is_array, kind, namespace, short
from funcnn.checked import checked
from funcnn.errors import KindError
from funcnn.needs import Function, Need, function, instance
from funcnn.testing.arguments import claim_of, flattened
from funcnn.testing.checked_pair import as_gradient
from funcnn.testing.claim import Rules, is_special
from funcnn.testing.flattening import Flattened
from funcnn.testing.memory import check_not_shared
from funcnn.testing.options import CheckOptions, takes_options
from funcnn.testing.purity import Returned
from funcnn.testing.pytrees import children, leaves, map_leaves, shaped
from funcnn.testing.recording import verdict
from funcnn.testing.verdict import Report

_OTHERS = function("a function or True")
FunctionOrTrue = Annotated[Callable[..., Any] | Literal[True], Need(_OTHERS.needed, "value is True", _OTHERS.explain)]
Rest = Annotated[Sequence[Any], instance(tuple | list, "a tuple of further arguments")]


@takes_options
@checked
def check_gradient(
    f: Function, grad: FunctionOrTrue, x: Any, *, args: Rest = (), **options: Unpack[CheckOptions]
) -> Report:
    """Check `grad(x, *args)`, the gradient of one number, against the values of `f(x, *args)` alone.

    These are the functions that `scipy.optimize.minimize` takes as fun and jac, the loglike and score of a model of
    statsmodels, and the loss and gradient of scikit-learn. The check computes in float64, as
    these libraries do.

    >>> import numpy as np
    >>> from funcnn.testing import check_gradient
    >>> def loss(x, A, y):
    ...     return 0.5 * ((A @ x - y) ** 2).sum()
    >>> A, y = np.array([[1.0, 2.0], [3.0, 5.0]]), np.array([1.0, 0.0])
    >>> print(check_gradient(loss, lambda x, A, y: A.T @ (A @ x - y), [1.0, -1.0], args=(A, y)))
    pass: every entry of x and 4 directions: ...
    >>> check_gradient(loss, lambda x, A, y: A @ (A @ x - y), [1.0, -1.0], args=(A, y))
    Traceback (most recent call last):
    ...
    funcnn.testing.verdict.WrongGradient: loss: dx, 2 of 2 entries wrong, first x[0]
    ...

    Args:
        f: the function, which returns one number; or value and gradient, if grad is True.
        grad: its gradient, an array of the shape of x; True for a function like that of `minimize(fun, x, jac=True)`.
        x: an array of numbers, or a list of them, whose whole numbers become floats, as in SciPy; or a dict, a named
            tuple or an instance of a class that holds arrays, as in `check_vjp`. The gradient has its structure.
        args: further arguments of f and grad. They are constants.
        **options: as in `check_vjp`, except `float32`; a function for `domain` gets x and args.

    Raises:
        GradientError, Inconclusive, RangeError: as `check_vjp`.
        KindError: as `check_vjp`; or f does not return one number.
    """
    function = "check_gradient"

    def value(x: Any, *rest: Any) -> Array:
        found = f(wide(x), *rest)
        if grad is True:
            found, _ = _as_pair(function, found)
        number = _array(found)
        if number.size != 1 or number.dtype.kind not in "fiub":
            raise KindError(f"{function}: f must return one number, not {short(found)}")
        return number.astype(np.float64).reshape(())

    returned, derivative = Returned(), "f" if grad is True else "grad"

    def vjp(args: tuple[Any, ...], dA: Array) -> list[Any]:
        x, *rest = args
        found = _as_pair(function, f(wide(x), *rest))[1] if grad is True else grad(wide(x), *rest)
        parts = [as_gradient("x", part) for part in _leaves(x, found)] if children(x) is None else _leaves(x, found)
        returned.check(f"{derivative} changes an array that it returned before", "the array")
        returned.keep(parts)
        if not chosen.aliasing:
            for part in parts:
                check_not_shared("the gradient of x", np.asarray(part), leaves(x, "x"))
        return [_with_leaves(x, found, [np.asarray(part, np.float64) * dA for part in parts])]

    flat = (of_tree if _is_tree(x) else of_x)(function, f, value, x, args)
    claim, chosen = claim_of(flat, flat.gradients(vjp), options, derivative=derivative)
    quick_calls = 5 if grad is True else 0
    return verdict(attrs.evolve(claim, rules=_rules(flat, f, grad), quick_calls=quick_calls), chosen)


def _rules(function: Flattened, f: Any, grad: Any) -> Rules:
    """f and its gradient for arrays of any library."""

    def as_array(args: Any, value: Any) -> Any:
        return namespace(next(leaf for _, leaf in leaves(args[0]))).asarray(value)

    def forward(*args: Any) -> Any:
        found = f(*args)
        return as_array(args, found[0] if grad is True else found)

    def backward(args: Any, dA: Any) -> list[Any]:
        found = f(*args)[1] if grad is True else grad(*args)
        return [_with_leaves(args[0], found, [as_array(args, part) * dA.sum() for part in _leaves(args[0], found)])]

    return attrs.evolve(function, f=forward).rules(backward)._replace(first_drawn=1)


def _leaves(x: Any, found: Any) -> list[Any]:
    """The leaves of a gradient of x; a gradient of an array is one, also as a list."""
    return [found] if children(x) is None else [leaf for _, leaf in leaves(found)]


def _with_leaves(x: Any, found: Any, made: list[Any]) -> Any:
    """The gradient of x with other leaves."""
    return made[0] if children(x) is None else shaped(found, iter(made))


def of_x(function: str, f: Any, value: Callable[..., Any], x: Any, args: Rest) -> Flattened:
    """A function of x, an array or a list of numbers, and of constants, with the name and the parameters of f."""
    numbers = _array(x)
    if numbers.dtype.kind not in "fiu" or isinstance(x, bool):
        given = short(x) if isinstance(x, list) else kind(x)
        raise KindError(f"{function}: x must be an array or a list of numbers, not {given}")
    return of_tree(function, f, value, numbers.astype(np.float64), args)


def of_tree(function: str, f: Any, value: Callable[..., Any], x: Any, args: Rest) -> Flattened:
    """A function of x, an array or a tree of arrays, and of constants, with the name and the parameters of f."""
    update_wrapper(value, f, updated=())
    return flattened(function, value, (x, *args), 0)


def _is_tree(x: Any) -> bool:
    """Whether x is a dict, a named tuple or an instance that holds floats."""
    plain = type(x) in (tuple, list) or not children(x)
    return not plain and any([np.asarray(leaf).dtype.kind == "f" for _, leaf in leaves(x)])


def _as_pair(function: str, found: Any) -> tuple[Any, Any]:
    if not isinstance(found, tuple | list) or len(found) != 2:
        raise KindError(f"{function}: f must return value and gradient if grad is True, not {short(found)}")
    return found[0], found[1]


def _array(x: Any) -> Array:
    """x as an array; an array of objects if x is not an array of numbers, a number or a list of numbers."""
    if is_special(x) or not (is_array(x) or isinstance(x, Number | list | tuple)):
        return np.zeros((), object)
    try:
        return np.asarray(x)
    except ValueError:  # of rows of different lengths
        return np.zeros((), object)


def wide(x: Any) -> Any:
    """X in float64, in which SciPy computes; complex numbers as they are."""
    if isinstance(x, np.ndarray):
        return x.astype(np.float64, copy=False) if x.dtype.kind == "f" else x
    return map_leaves(wide, x)
