"""A function for `scipy.optimize` as the pair (f, vjp) that `check_vjp` takes. SciPy itself is not needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import update_wrapper
from typing import Any

import numpy as np

from funcnn.arrays import Array
from funcnn.checked import checked
from funcnn.needs import Function
from funcnn.testing.adapting import Vjp
from funcnn.testing.scalar import FunctionOrTrue, wide


@checked
def pair(fun: Function, jac: FunctionOrTrue) -> tuple[Callable[[Array], Array], Vjp]:
    """`fun` and `jac` of one x, as `minimize` (one value), `least_squares` and `root` (an array of values) take them.

    `jac(x)` is the gradient of the one value, or a matrix with a row for each value: an array, a sparse matrix or a
    linear operator. With `jac=True`, `fun(x)` returns value and gradient. To check a Hessian, write `pair(jac, hess)`.

    >>> import numpy as np
    >>> from scipy.optimize import rosen, rosen_der
    >>> from funcnn.testing import check_vjp
    >>> from funcnn.testing.scipy import pair
    >>> print(check_vjp(*pair(rosen, rosen_der), [np.array([1.0, 2.0, 3.0])]))
    pass: ...

    f and vjp compute in float64, as SciPy does, also if x is float32. Bind other arguments, as in `lambda x: fun(x,
    a)`.
    """

    def f(x: Array) -> Array:
        value = fun(wide(x))
        return _like(x, value[0] if jac is True else value)

    def vjp(args: Sequence[Array], dA: Array) -> tuple[Array, ...]:
        (x,) = args
        J = fun(wide(x))[1] if jac is True else jac(wide(x))
        rows = J if hasattr(J, "T") else np.asarray(J)
        return (_like(x, rows.T @ dA if dA.ndim else rows * dA),)

    update_wrapper(f, fun, updated=())
    return f, vjp


def _like(x: Array, value: Any) -> Array:
    """A result as an array in the dtype of x; it may be given as a list or a number."""
    return np.asarray(value, x.dtype)
