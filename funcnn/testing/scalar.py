"""Check of the gradient of a scalar function, as SciPy, statsmodels and scikit-learn write it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import update_wrapper
from numbers import Number
from typing import Any, Literal, Unpack

import numpy as np

from funcnn.arrays import Array, is_array, kind, short
from funcnn.errors import KindError
from funcnn.fields import check_function
from funcnn.testing.arguments import claim_of, flattened
from funcnn.testing.checked_pair import as_gradient
from funcnn.testing.claim import is_special
from funcnn.testing.flattening import Flattened
from funcnn.testing.numbers import change
from funcnn.testing.options import FunctionOptions, takes
from funcnn.testing.recording import verdict
from funcnn.testing.verdict import NotPure, Report


@takes(FunctionOptions)
def check_gradient(
    f: Callable[..., Any],
    grad: Callable[..., Any] | Literal[True],
    x: Any,
    *,
    args: Sequence[Any] = (),
    **options: Unpack[FunctionOptions],
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
        x: an array of numbers, or a list of them. Whole numbers become floats, as in SciPy.
        args: further arguments of f and grad. They are constants.
        **options: those of `check_vjp` that the signature names; a function for `domain` gets x and args.

    Raises:
        GradientError: the gradient is wrong. There is a subclass for each kind of mistake.
        Inconclusive: as `check_vjp`.
        KindError: f or grad is not a function, x is not an array of numbers, args is not a tuple, f does not return one
            number, or an option is of the wrong kind.
        RangeError: as `check_vjp`.
    """
    whose = "check_gradient"
    check_function(whose, f, "f")
    if grad is not True:
        check_function(whose, grad, "grad", "a function or True")

    def value(x: Array, *rest: Any) -> Array:
        found = f(wide(x), *rest)
        if grad is True:
            found, _ = _pair(whose, found)
        number = _array(found)
        if number.size != 1 or number.dtype.kind not in "fiub":
            raise KindError(f"{whose}: f must return one number, not {short(found)}")
        return number.astype(np.float64).reshape(())

    kept: list[tuple[Any, Array]] = []

    def vjp(args: tuple[Any, ...], dA: Array) -> list[Any]:
        x, *rest = args
        found = _pair(whose, f(wide(x), *rest))[1] if grad is True else grad(wide(x), *rest)
        found = as_gradient("x", found)
        refuse_changes(kept, found, "grad" if grad is not True else "f")
        return [np.asarray(found, np.float64) * dA]

    function = of_x(whose, f, value, x, args)
    derivative = "f" if grad is True else "grad"
    return verdict(*claim_of(function, function.gradients(vjp), options, derivative=derivative))


def of_x(whose: str, f: Any, value: Callable[..., Any], x: Any, args: Any) -> Flattened:
    """A function of x and constants, with the name and the parameters of f."""
    if not isinstance(args, tuple | list):
        raise KindError(f"{whose}: args must be a tuple of further arguments, not {kind(args)}")
    numbers = _array(x)
    if numbers.dtype.kind not in "fiu" or isinstance(x, bool):
        raise KindError(f"{whose}: x must be an array or a list of numbers, not {kind(x)}")
    update_wrapper(value, f, updated=())
    return flattened(whose, value, (numbers.astype(np.float64), *args), 0, None, None)


def _pair(whose: str, found: Any) -> tuple[Any, Any]:
    if not isinstance(found, tuple | list) or len(found) != 2:
        raise KindError(f"{whose}: f must return value and gradient if grad is True, not {short(found)}")
    return found[0], found[1]


def _array(x: Any) -> Array:
    """x as an array; an array of objects if x is not an array of numbers, a number or a list of numbers."""
    if is_special(x) or not (is_array(x) or isinstance(x, Number | list | tuple)):
        return np.zeros((), object)
    try:
        return np.asarray(x)
    except ValueError:  # of rows of different lengths
        return np.zeros((), object)


def wide(x: Array) -> Array:
    """X in float64, in which SciPy computes; complex numbers as they are."""
    return x.astype(np.float64) if x.dtype == np.float32 else x


def refuse_changes(kept: list[tuple[Any, Array]], found: Any, who: str) -> None:
    """Check that an array that was returned before is unchanged, and keep this one."""
    for now, was in kept:
        if not np.array_equal(now, was, equal_nan=True):
            raise NotPure(f"{who} changes an array that it returned before: {change('the array', was, now)}")
    kept[:] = [(found, np.array(found, np.float64))]
