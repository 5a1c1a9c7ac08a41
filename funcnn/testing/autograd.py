"""A function of HIPS autograd as the pair (f, vjp) that `check_vjp` takes."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import update_wrapper
from typing import Any

import numpy as np

from funcnn.arrays import Array
from funcnn.checked import checked
from funcnn.extras import needing
from funcnn.needs import Function
from funcnn.testing.adapting import Vjp, check_repeated, disturb, named_without_rule
from funcnn.testing.pytrees import leaves

with needing(__name__, "autograd"):
    from autograd import make_vjp


@checked
def pair(function: Function) -> tuple[Callable[..., Array], Vjp]:
    """The values of a function of arrays, and its gradients by the rules of its primitives.

    The function is an `autograd.extend.primitive` with rules from `defvjp`, or any function of `autograd.numpy` that
    takes one argument or several, also lists, tuples and dicts of arrays, and returns one array.

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
        GradientError: from vjp: a rule gives another result the second time; or autograd has no rule for a part of the
            function, which is a `NoDerivative`.
    """

    def f(*args: Array) -> Any:
        return function(*args)

    def vjp(args: Sequence[Any], dA: Array) -> tuple[Any, ...]:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Output seems independent")  # zeros are checked like other gradients
            with named_without_rule("autograd"):
                backwards = [make_vjp(function, i)(*args)[0] if _has_floats(a) else None for i, a in enumerate(args)]
                first = [backward and backward(dA) for backward in backwards]
                disturb(function, args)
                gradients = [backward and backward(dA) for backward in backwards]
        check_repeated("a rule", first, gradients)
        return tuple(gradients)

    update_wrapper(f, getattr(function, "fun", function), updated=())  # a primitive hides the names of its arguments
    return f, vjp


def _has_floats(arg: Any) -> bool:
    return any(np.asarray(leaf).dtype.kind in "fc" for _, leaf in leaves(arg))
