"""A function of HIPS autograd as the pair (f, vjp) that `check_vjp` takes."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import update_wrapper
from typing import Any

import numpy as np
from autograd import make_vjp

from funcnn.arrays import Array
from funcnn.fields import check_function
from funcnn.testing.differentiation.constants import REPEATED
from funcnn.testing.verdict import NotPure

Vjp = Callable[[Sequence[Array], Array], tuple[Any, ...]]


def pair(function: Callable[..., Any]) -> tuple[Callable[..., Array], Vjp]:
    """The values of a function of arrays, and its gradients by the rules of its primitives.

    The function is an `autograd.extend.primitive` with rules from `defvjp`, or any function of `autograd.numpy` that
    takes one argument or several and returns one array.

    >>> import autograd.numpy as np
    >>> from funcnn.testing import check_vjp
    >>> from funcnn.testing.autograd import pair
    >>> print(check_vjp(*pair(lambda x, W: np.tanh(np.dot(x, W))), (np.ones((2, 3)), np.ones((3, 2)))))
    pass: ...

    Backward is called for one argument at a time. For several at once, autograd would broadcast a gradient of a wrong
    shape to the shape of its argument, and the mistake would not be found. An argument without influence has a gradient
    of zeros. Backward runs twice, and in between the function is called with other arguments: this finds rules that
    share state between calls.

    Raises:
        KindError: `function` is not a function.
        GradientError: from vjp: a rule gives another result the second time.
    """
    check_function("pair", function, "function")

    def f(*args: Array) -> Any:
        return function(*args)

    def vjp(args: Sequence[Array], dA: Array) -> tuple[Any, ...]:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Output seems independent")  # zeros are checked like other gradients
            backwards = [make_vjp(function, i)(*args)[0] if a.dtype.kind == "f" else None for i, a in enumerate(args)]
            first = [backward and backward(dA) for backward in backwards]
            _disturb(function, args)
            gradients = [backward and backward(dA) for backward in backwards]
        if not all(a is None or _close(a, b) for a, b in zip(first, gradients, strict=True)):
            raise NotPure("a rule gives another result after the function was called with other arguments")
        return tuple(gradients)

    update_wrapper(f, getattr(function, "fun", function), updated=())  # a primitive hides the names of its arguments
    return f, vjp


def _disturb(function: Callable[..., Any], args: Sequence[Array]) -> None:
    """Call the function with half of each number, which lies in most domains that contain the number."""
    try:
        function(*[a / a.dtype.type(2) if a.dtype.kind == "f" else a for a in args])
    except Exception:  # noqa: BLE001  these arguments are not the user's own: they may lie outside the domain
        return


def _close(a: Any, b: Any) -> bool:
    return np.shape(a) == np.shape(b) and bool(np.allclose(a, b, rtol=REPEATED, equal_nan=True))
