"""A function or a module of torch as the pair (f, vjp) that `check_vjp` takes."""

from __future__ import annotations

import copy
import inspect
import warnings
from collections.abc import Callable, Sequence
from functools import partial, update_wrapper
from typing import Annotated, Any, Literal, TypeVar, cast

import numpy as np

from funcnn.arrays import Array, is_array, kind
from funcnn.checked import checked
from funcnn.errors import KindError
from funcnn.extras import needing
from funcnn.needs import Flag, function, instance
from funcnn.testing.adapting import Vjp, check_repeated, disturb, named_without_rule
from funcnn.testing.pytrees import leaves, leaves_like, map_leaves
from funcnn.testing.verdict import GradientError, NoDerivative

with needing(__name__, "torch"):
    import torch
    from torch.autograd import forward_ad

F = TypeVar("F", bound=Callable[..., Any])
Jvp = Callable[[Sequence[Any], Sequence[Any]], Any]

FunctionOrModule = Annotated[Callable[..., Any], function("a function or a module")]

Module = Annotated[torch.nn.Module, instance(torch.nn.Module, "a torch.nn.Module")]

# The first backward of torch takes half a second: it runs here, not in the first example of a test.
torch.ones(1, requires_grad=True).sum().backward()


@checked
def pair(function: FunctionOrModule, *, parameters: Flag = False) -> tuple[Callable[..., Any], Vjp]:
    """The values of a function of tensors, and its gradients by torch's backward, as functions of arrays.

    The function is the `apply` of a `torch.autograd.Function`, a module, or any function that returns a tensor, or a
    tuple, list or dict of them. For complex numbers write `convention="torch"`. Arguments become tensors of their own
    dtype. A module is copied; the copy computes in the dtype of the arguments.
    With `parameters=True` its parameters are arguments too, before the others, in the order of the module.

    >>> import numpy as np, torch
    >>> from funcnn.testing import check_vjp
    >>> from funcnn.testing.torch import pair, parameters_of
    >>> layer = torch.nn.Linear(3, 2)
    >>> print(check_vjp(*pair(layer, parameters=True), (*parameters_of(layer), np.ones((4, 3)))))
    pass: ...

    An argument without influence has a gradient of zeros, also if backward returns None for it. Backward runs twice,
    and in between the function is called with other arguments: this finds values that are kept outside `ctx`.
    Arguments are contiguous; the cotangent need not be.

    Raises:
        KindError: `function` does not return tensors; or `parameters` is True, and `function` is not a module.
        ValueError: from f or vjp: an argument or the cotangent, which is read-only, was written to.
        GradientError: from vjp: backward gives another result the second time; or torch has no derivative of the
            function, which is a `NoDerivative`.
    """
    call, names = _called("pair", function, parameters)

    @_in_one_thread
    def f(*args: Any) -> Any:
        tensors = map_leaves(_tensor, args)
        with torch.no_grad():
            out = call(*tensors)
        _check_no_writes(tensors, args, "f")
        return map_leaves(_array, _as_tensors(out))

    @_in_one_thread
    def vjp(args: Sequence[Any], dA: Any) -> tuple[Any, ...]:
        tensors = map_leaves(_tensor, tuple(args))
        wanted = [t.requires_grad_() for _, t in leaves(tensors) if _has_gradient(t)]
        with torch.enable_grad():
            outs = [out for _, out in leaves(_as_tensors(call(*tensors))) if _has_gradient(out)]

        def of_tensors(*args: Any) -> None:
            with torch.no_grad():
                call(*map_leaves(_tensor, args))

        def backward() -> list[Array]:
            cotangents = [_tensor(a, "K") for _, a in leaves(dA)]
            pairs = [(out, c) for out, c in zip(outs, cotangents, strict=True) if out.requires_grad]
            if not pairs:
                raise NoDerivative("torch has no derivative of this function: its output does not require a gradient")
            ahead, back = zip(*pairs, strict=True)
            with named_without_rule("torch"):
                found = torch.autograd.grad(ahead, wanted, back, retain_graph=True, allow_unused=True)
            _check_no_writes([*cotangents, tensors], [dA, args], "backward")
            return [_array(torch.zeros_like(t) if g is None else g) for t, g in zip(wanted, found, strict=True)]

        first = backward()
        disturb(of_tensors, args)
        gradients = backward()
        check_repeated("backward", first, gradients)
        rest = iter(gradients)
        return tuple(map_leaves(lambda t: next(rest) if _has_gradient(t) else None, tensors))

    _name_after(f, function, names)
    return f, vjp


@checked
def jvp_pair(function: FunctionOrModule, *, parameters: Flag = False) -> tuple[Callable[..., Any], Jvp]:
    """The values of a function, and its tangents by torch's forward mode, as `check_jvp` takes them; else as `pair`.

    An output that depends on no argument has a tangent of zeros.

    >>> import numpy as np, torch
    >>> from funcnn.testing import check_jvp
    >>> from funcnn.testing.torch import jvp_pair, pair
    >>> x = np.array([-1.0, 2.0])
    >>> print(check_jvp(*jvp_pair(torch.tanh), [x], vjp=pair(torch.tanh)[1]))
    pass: ...

    Raises:
        KindError: as `pair`.
        ValueError: from f: as `pair`.
        GradientError: from jvp: torch has no forward mode of the function, which is a `NoDerivative`.
    """
    call, _ = _called("jvp_pair", function, parameters)
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning), forward_ad.dual_level():
        forward_ad.make_dual(torch.ones(1), torch.ones(1))  # the first one loads rules, and torch warns of itself
    f, _ = pair(function, parameters=parameters)

    @_in_one_thread
    def jvp(args: Sequence[Any], tangents: Sequence[Any]) -> Any:
        rest = map(_tensor, leaves_like(tuple(args), tangents, "tangents", GradientError))  # None for a constant
        tensors = map_leaves(_tensor, tuple(args))
        with forward_ad.dual_level(), named_without_rule("torch"):
            duals = map_leaves(lambda t: t if (v := next(rest)) is None else forward_ad.make_dual(t, v), tensors)
            out = _as_tensors(call(*duals))
            if all([forward_ad.unpack_dual(leaf).tangent is None for _, leaf in leaves(out)]):
                raise NoDerivative("torch has no derivative of this function: its output has no tangent")
            return map_leaves(_tangent, out)

    return f, jvp


@checked
def parameters_of(module: Module) -> tuple[Array, ...]:
    """The parameters of a module as arrays: the first arguments of the pair `pair(module, parameters=True)`."""
    return tuple([p.detach().to("cpu", torch.float64, copy=True).numpy() for p in module.parameters()])


def _called(function: str, f: Any, parameters: Any) -> tuple[Callable[..., Any], tuple[str, ...]]:
    """What `pair` calls, and the names of the parameters that it takes first."""
    if isinstance(f, torch.nn.Module):
        names = tuple([name for name, _ in f.named_parameters()]) if parameters else ()
        return _pure(f, names), names
    if parameters:
        raise KindError(f"{function}: function must be a module if parameters=True, not {kind(f)}")
    return f, ()


def _in_one_thread(function: F) -> F:
    """For arrays as small as in tests, starting threads takes longer than the computation."""

    def call(*args: Any) -> Any:
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            return function(*args)
        finally:
            torch.set_num_threads(before)

    return cast("F", call)


def _tensor(a: Any, order: Literal["C", "K"] = "C") -> Any:
    """A copy, since torch has no read-only tensors; "K" keeps the order of axes. Constants stay as they are."""
    return torch.from_numpy(np.array(a, order=order)) if is_array(a) else a


def _array(tensor: Any) -> Array:
    return tensor.detach().numpy(force=True)


def _has_gradient(tensor: Any) -> bool:
    return torch.is_tensor(tensor) and bool(tensor.is_floating_point() or tensor.is_complex())


def _tangent(out: Any) -> Any:
    if not _has_gradient(out):
        return None
    found = forward_ad.unpack_dual(out).tangent
    return _array(torch.zeros_like(out) if found is None else found)


def _as_tensors(out: Any) -> Any:
    """The result of a function, a tree of tensors."""
    if out is None or not all(isinstance(leaf, torch.Tensor) for _, leaf in leaves(out)):
        raise KindError(f"pair: function must return tensors, not {kind(out)}")
    return out


def _check_no_writes(tensors: Any, arrays: Any, who: str) -> None:
    for (_, tensor), (_, array) in zip(leaves(tensors), leaves(arrays), strict=True):
        if torch.is_tensor(tensor) and _array(tensor).tobytes() != array.tobytes():
            raise ValueError(f"{who} wrote to a tensor of shape {array.shape}, which is read-only")


def _pure(module: torch.nn.Module, names: Sequence[str]) -> Callable[..., Any]:
    """A module as a function: each call starts from the same parameters and buffers, in the dtype of its arguments."""
    module = copy.deepcopy(module).cpu()
    state = {name: t.detach() for name, t in (*module.named_parameters(), *module.named_buffers())}

    def call(*tensors: Any) -> Any:
        dtype = next((t.dtype for t in tensors if torch.is_tensor(t) and t.is_floating_point()), torch.float64)
        own = {n: t.to(dtype, copy=True) if t.is_floating_point() else t.clone() for n, t in state.items()}
        own.update(zip(names, tensors, strict=False))
        return torch.func.functional_call(module, own, tensors[len(names) :])

    return call


def _name_after(f: Any, function: Any, names: Sequence[str]) -> None:
    """Give f the names that the function and its arguments have in the source, for reports."""
    cls: Any = getattr(function, "__self__", None)
    if isinstance(function, torch.nn.Module):
        f.__name__ = type(function).__name__
        inputs = inspect.signature(function.forward).parameters
        every = dict.fromkeys([*["params_" + name.replace(".", "_") for name in names], *inputs])
        f.__signature__ = inspect.Signature(
            [inspect.Parameter(n, inspect.Parameter.POSITIONAL_OR_KEYWORD) for n in every]
        )
    elif isinstance(cls, type) and issubclass(cls, torch.autograd.Function):
        made: Any = cls
        has_ctx = made.setup_context is torch.autograd.Function.setup_context  # forward takes ctx first
        update_wrapper(f, partial(made.forward, None) if has_ctx else made.forward)
        f.__name__ = cls.__name__
    else:
        update_wrapper(f, function, updated=())
