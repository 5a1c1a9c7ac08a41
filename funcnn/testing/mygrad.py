"""A function of MyGrad as the pair (f, vjp) that `check_vjp` takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import update_wrapper
from typing import Annotated, Any

import numpy as np

from funcnn.arrays import Array, is_array, kind
from funcnn.checked import checked
from funcnn.errors import KindError
from funcnn.extras import needing
from funcnn.fields import check_function
from funcnn.needs import passing
from funcnn.testing.adapting import Vjp, check_repeated, disturb, named_without_rule
from funcnn.testing.pytrees import leaves, map_leaves
from funcnn.testing.verdict import NoDerivative

with needing(__name__, "mygrad"):
    import mygrad

_UFUNC: Any = type(mygrad.add).__base__  # functions such as mygrad.add are classes, of this class


def _check(function: str, argument: str, value: Any) -> None:
    if not isinstance(value, _UFUNC):
        check_function(function, argument, value)


Function = Annotated[Callable[..., Any], passing("a function", _check)]


@checked
def pair(function: Function) -> tuple[Callable[..., Array], Vjp]:
    """The values of a function of tensors, and its gradients by MyGrad's backward, as functions of arrays.

    The function is any function of tensors, for example one that calls `mygrad.execute_op` with your `Operation`. It
    takes one argument or several, also lists, tuples and dicts of tensors, and returns one tensor. Arrays of whole
    numbers become constant tensors.

    >>> import mygrad, numpy as np
    >>> from funcnn.testing import check_vjp
    >>> from funcnn.testing.mygrad import pair
    >>> print(check_vjp(*pair(lambda x, W: mygrad.tanh(x @ W)), (np.ones((2, 3)), np.ones((3, 2)))))
    pass: ...

    An argument without influence has a gradient of zeros. Forward and backward run twice, the second time with a call
    with other arguments in between: this finds values that operations share between calls.

    Raises:
        KindError: from f: `function` does not return a tensor.
        GradientError: from vjp: backward gives another result the second time; or MyGrad has no derivative of the
            function, which is a `NoDerivative`.
    """

    def f(*args: Any) -> Any:
        with mygrad.no_autodiff:
            out = function(*map_leaves(lambda a: mygrad.tensor(a, constant=True), args))
        if not isinstance(out, mygrad.Tensor) and not is_array(out):
            raise KindError(f"pair: function must return a tensor, not {kind(out)}")
        return np.asarray(out)

    def vjp(args: Sequence[Any], dA: Array) -> tuple[Any, ...]:
        first = _gradients(function, args, dA, lambda: None)
        of_tensors = lambda *args: function(*map_leaves(mygrad.tensor, args))
        gradients = _gradients(function, args, dA, lambda: disturb(of_tensors, args))
        check_repeated("backward", first, gradients)
        return gradients

    update_wrapper(f, function, updated=())
    return f, vjp


def _gradients(
    function: Callable[..., Any], args: Sequence[Any], dA: Array, disturb: Callable[[], None]
) -> tuple[Any, ...]:
    tensors = map_leaves(mygrad.tensor, tuple(args))
    with named_without_rule("MyGrad", "cannot involve non-constant"):
        out = function(*tensors)
    disturb()
    if isinstance(out, mygrad.Tensor):
        out.backward(np.array(dA, order="K"))
    found = [t.grad for _, t in leaves(tensors)]
    if all(g is None for g in found):
        raise NoDerivative("MyGrad has no derivative of this function: no argument gets a gradient")
    return map_leaves(lambda t: None if t.constant else np.zeros_like(t.data) if t.grad is None else t.grad, tensors)
