"""The function `from_torch`. Each family of modules registers its rules in a file of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, Protocol, TypeVar, cast

import numpy as np
import torch
from torch.nn.utils.parametrize import is_parametrized

from funcnn.arrays import Array, kind
from funcnn.core import is_layer
from funcnn.errors import FuncnnError, KindError, ShapeError
from funcnn.fields import check_function
from funcnn.inspection.checks import registering
from funcnn.interop.torch.base import layer_of_card
from funcnn.interop.torch.layouts import ROWS, Layout
from funcnn.interop.torch.tensors import array_of, arrays_of
from funcnn.prediction import predict

M = TypeVar("M", bound=torch.nn.Module)


class Given:
    """What a rule of `from_torch` gets as x: the tensor that enters the module, and where the module stands."""

    def __init__(self, tensor: Any, layout: Layout, path: str, seeds: Iterator[int]) -> None:
        """`path`: the names of modules that lead here; `seeds`: one for each layer that is random"""
        self.tensor, self.layout, self.path, self.seeds = tensor, layout, path, seeds
        self.out = layout  # the layout of what the module returns, which a rule may replace

    def at(self, name: str, tensor: Any = None, layout: Layout | None = None) -> Given:
        """What a part of the module gets: this tensor, or else one like the module's own."""
        path = f"{self.path}.{name}" if self.path else name
        return Given(self.tensor if tensor is None else tensor, layout or self.layout, path, self.seeds)

    def named(self, module: Any) -> str:
        """The module in a message, with its path: `2 (Conv3d)`."""
        cls = type(module).__name__
        return f"{self.path} ({cls})" if self.path else cls

    def check_setting(self, module: Any, needed: str, got: Any, *, holds: bool, why: str = "") -> None:
        """Refuse a module with a setting that no layer has."""
        if not holds:
            raise KindError(f"from_torch: {self.named(module)} must have {needed}, not {got}{why}")

    def check_axes(self, module: Any, form: str) -> None:
        """Check that x has the axes of `form`, such as (m, c, t); torch also takes it without m."""
        if self.tensor.ndim != 1 + form.count(","):
            shape = tuple(self.tensor.shape)
            raise ShapeError(f"from_torch: x of {self.named(module)} must be {form}, not {shape}")

    def features_in(self, module: Any, order: str) -> None:
        """Decide where the features of x are; refuse the module if the modules before it decided otherwise."""
        if self.layout.order is None:
            self.layout.order = order
        if self.layout.is_mixed or self.layout.order != order:
            needed = f"the modules before {self.named(module)} must leave the features in {order}"
            raise KindError(f"from_torch: {needed}, not in {self.layout}")


class FromTorch(Protocol):
    """`from_torch(module, x) -> layer`."""

    def __call__(self, module: Any, x: Any, /) -> Any: ...
    def register(self, cls: type[M], /) -> Callable[[Callable[[Any, Any], Any]], Callable[[Any, Any], Any]]: ...


_RULES: dict[type, Callable[[Any, Any], Any]] = {}


def _register(cls: Any) -> Callable[[Any], Any]:
    """A decorator for the rule of a class of modules."""
    if not isinstance(cls, type) or not issubclass(cls, torch.nn.Module):
        raise KindError(
            f"from_torch.register: cls must be a class of modules, such as torch.nn.Linear, not {kind(cls)}"
        )

    def put(rule: Any) -> Any:
        check_function("from_torch.register", "the rule", rule, "a function (module, x)", takes=2)
        _RULES[cls] = rule
        return rule

    return put


@cast("Callable[[Any], FromTorch]", registering(_register))
def from_torch(module: Any, x: Any, /) -> Any:
    """A network that computes what a module of torch computes for x, with copies of its weights.

    x is a tensor that the module takes; its shape and kind say what the module does to it. Where torch has channels in
    axis 1, funcnn has them in the last axis: the network takes (m, h, w, c) where the module takes (m, c, h, w), and
    (m, t, c) for a convolution of (m, c, t). Rows that torch flattens from images have another order in funcnn, and so
    have the weights behind a Flatten. x of four axes that is flattened first is taken as images.

    For x, out of `predict` with the network is compared with out of the module; if they differ by more than rounding,
    from_torch fails. Of a recurrent module or an attention the first part of its result is taken; an attention attends
    to x itself. A dropout becomes a layer with a seed of its own. A normalisation without weights gets a scale of 1,
    and a recurrent module without biases gets biases of 0.

    A module of your own has no rule, since its forward may be any program. Write one that names the layers, in their
    order; pass the x that the rule gets on to from_torch:

    >>> import torch
    >>> from funcnn import Residual
    >>> from funcnn.interop.torch import from_torch
    >>> class Block(torch.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.inner = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Tanh())
    ...     def forward(self, x):
    ...         return x + self.inner(x)
    >>> @from_torch.register(Block)
    ... def block(module, x):
    ...     return Residual(from_torch(module.inner, x))
    >>> from_torch(Block().eval(), torch.ones(1, 2))
    Residual(layer=(Dense(W=<f32 ...>, b=<f32 ...>), Tanh()))

    Raises:
        KindError: there is no rule for a module inside, or it has a setting that no layer has; `module` is not a module
            in evaluation mode with its tensors on the CPU, or uses a parameter twice; x is not a tensor on the CPU, or
            has another dtype.
        ShapeError: the module does not take x, or x has no rows.
        FuncnnError: the network computes something else.
    """
    if isinstance(x, Given):
        layer, _, x.out = converted(module, x)
        return layer
    array, given = _as_array(module, x), Given(x, Layout(), "", count())
    _rule(module, given)
    try:
        with torch.no_grad():
            theirs = array_of("from_torch", "out of the module", called(module, x))
    except (RuntimeError, ValueError, TypeError, LookupError) as error:
        if isinstance(error, FuncnnError):
            raise
        reason = str(error).split("\n", maxsplit=1)[0]
        raise ShapeError(f"from_torch: x must fit the module, but it refuses {tuple(x.shape)}: {reason}") from error
    layer, _, layout = converted(module, given)
    ours, theirs = predict(layer, given.layout.moved(array)), layout.moved(theirs)
    if ours.shape != theirs.shape or not _is_near(ours, theirs):
        apart = f"are {ours.shape} and {theirs.shape}"
        if ours.shape == theirs.shape:
            apart = f"differ by {abs(ours - theirs).max():.2g}"
        raise FuncnnError(f"from_torch: out of the network and of the module must be equal; for x they {apart}")
    return layer


def _as_array(module: Any, x: Any) -> Array:
    """x as an array, after checks of both"""
    if not isinstance(module, torch.nn.Module):
        raise KindError(f"from_torch: module must be a module of torch, not {kind(module)}")
    if not isinstance(x, torch.Tensor):
        raise KindError(f"from_torch: x must be a tensor of torch, not {kind(x)}")
    for name, part in module.named_modules():
        if part.training and type(part) is not torch.nn.Sequential:  # whose parts have modes of their own
            mode = f"{name or 'it'} ({type(part).__name__}) is in training mode"
            raise KindError(f"from_torch: module must be in evaluation mode, but {mode}; write module.eval()")
    names: dict[int, str] = {}
    for name, tensor in module.named_parameters(remove_duplicate=False):
        if (other := names.setdefault(id(tensor), name)) != name:
            rule = f"{name} and {other} must be two parameters, since each layer has its own"
            raise KindError(f"from_torch: {rule}; they are one tensor")
    array = array_of("from_torch", "x", x)
    arrays_of("from_torch", module)
    if x.ndim < 2 or not len(x):
        raise ShapeError(f"from_torch: x must be (m, ...), with one row or more, not {tuple(x.shape)}")
    for name, tensor in module.named_parameters():
        if x.is_floating_point() and tensor.dtype != x.dtype:
            raise KindError(
                f"from_torch: x must be {tensor.dtype}, as {name} is, not {x.dtype}; write x.to({tensor.dtype})"
            )
    return array


def _is_near(ours: Any, theirs: Any) -> bool:
    if theirs.dtype.kind != "f":
        return bool((ours == theirs).all())
    reach = np.finfo(theirs.dtype).eps ** 0.5 * max(1.0, abs(np.nan_to_num(theirs)).max(initial=0))
    return np.allclose(ours, theirs, rtol=0, atol=reach, equal_nan=True)


def called(module: Any, x: Any) -> Any:
    """out of the module; of an attention, to x itself; of several outs the first."""
    x = x.clone()  # the module may write to it
    out = module(x, x, x) if isinstance(module, torch.nn.MultiheadAttention) else module(x)
    return out[0] if isinstance(out, tuple) else out


def layer_of(module: Any, given: Given) -> Any:
    """The layer that the rule of the module returns"""
    rule = _rule(module, given)
    try:
        layer = rule(module, given)
    except Exception as error:
        is_placed = str(error).startswith("from_torch: ") or hasattr(error, "__notes__")
        if not is_placed:  # the innermost module says where it is
            error.add_note(f"in {given.named(module)}, x: {tuple(given.tensor.shape)}")
        raise
    if not _is_network(layer):
        needed = f"a layer or a tuple of layers, not {kind(layer)}"
        raise KindError(f"from_torch: the rule for {type(module).__name__} must return {needed}")
    return layer


def _is_network(value: Any) -> bool:
    return all(map(_is_network, value)) if type(value) is tuple else is_layer(value)


def converted(module: Any, given: Given) -> tuple[Any, Any, Layout]:
    """(the layer, out of the module, the layout of out)"""
    layer = layer_of(module, given)
    with torch.no_grad():
        out = called(module, given.tensor)
    is_like_x = given.out is not given.layout or out.ndim == given.tensor.ndim
    return layer, out, given.out if is_like_x else Layout(ROWS)


def _rule(module: Any, given: Given) -> Callable[[Any, Any], Any]:
    """The rule of the class, or of the base from which the class has its forward."""
    cls: Any = type(module)
    if is_parametrized(module):
        names = ", ".join(module.parametrizations)
        raise KindError(f"from_torch: {given.named(module)} must not have a parametrization, but it has one of {names}")
    for base in cls.__mro__:
        if base in _RULES and base.forward is cls.forward:
            return _RULES[base]
        if getattr(base, "forward", None) is cls.forward and (layer := layer_of_card(module, base)) is not None:
            return lambda *_: layer
    where = f" at {given.path!r}" if given.path else ""
    remedy = f"write one with @from_torch.register({cls.__name__})"
    raise KindError(f"from_torch: there is no rule for {cls.__name__}{where}; {remedy}")


@from_torch.register(torch.nn.Sequential)
def sequential_from_torch(module: Any, given: Given) -> tuple[Any, ...]:
    """A chain of the converted modules"""
    layers, tensor, layout = [], given.tensor, given.layout
    for name, part in module.named_children():
        layer, tensor, layout = converted(part, given.at(name, tensor, layout))
        layers.append(layer)
    given.out = layout
    return tuple(layers)
