"""The function `from_torch`. Each family of modules registers its rules in a file of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

import torch

from funcnn.arrays import kind
from funcnn.core import is_layer
from funcnn.errors import KindError, ShapeError
from funcnn.fields import check_function
from funcnn.inspection.checks import registering
from funcnn.interop.torch.base import FromTorch, layer_of_card
from funcnn.interop.torch.examples import (
    Arguments,
    as_example,
    check_arguments,
    check_rows,
    compare,
    one_count,
    out_for,
)
from funcnn.interop.torch.layouts import CHANNELS, ROWS, ROWS_FIRST, Layout
from funcnn.interop.torch.trained import as_trained, check_weights, unwrapped


class Given:
    """What a rule of `from_torch` gets as x: the tensor that enters the module, and where the module stands."""

    def __init__(
        self, call: Arguments, layout: Layout, path: str, seeds: Iterator[int], whole: Given | None = None
    ) -> None:
        """`path`: the names of modules that lead here; `seeds`: one for each random layer; `whole`: x of the caller."""
        self.call, self.layout, self.path, self.seeds, self.whole = call, layout, path, seeds, whole
        self.out, self.ndim = layout, call.tensor.ndim  # of what the module returns; a rule may replace the layout
        self.beside: tuple[Any, ...] = ()  # arrays that the network takes beside x, such as a mask
        self.compared: Any = ...  # the places of out that are compared with the module's: all but padding

    @property
    def tensor(self) -> Any:
        """The first argument of the module."""
        return self.call.tensor

    def argument(self, module: Any, name: str) -> Any:
        """Another argument of the module's forward; None if it is not given."""
        return self.call.named(module).get(name)

    def at(self, name: str, tensor: Any = None, layout: Layout | None = None, *others: Any, **named: Any) -> Given:
        """What a part of the module gets: this tensor, or else one like the module's own; and its other arguments."""
        path = f"{self.path}.{name}" if self.path else name
        call = Arguments(self.tensor if tensor is None else tensor, others, named)
        own = self.layout
        if own.order is CHANNELS and call.tensor.ndim != self.tensor.ndim:  # such as the mean over positions
            own = Layout(None, own.rows)
        return Given(call, layout or own, path, self.seeds, self)

    def within(self, call: Arguments) -> Given:
        """What a part of the module gets if the module's rule calls `from_torch` with it as x."""
        tensors = call.each(lambda value: value.tensor if isinstance(value, Given) else value)
        return Given(tensors, self.layout, self.path, self.seeds, self)

    def take(self, part: Given) -> None:
        """The network takes beside x what the network of this part takes."""
        if part.beside:
            self.beside, self.compared = part.beside, part.compared

    def give(self, out: Layout, ndim: int) -> None:
        """What the modules around this one return has this layout and as many axes, unless another part follows."""
        if self.whole is not None:
            self.whole.take(self)
            self.whole.out, self.whole.ndim = out, ndim
            self.whole.give(out, ndim)

    def named(self, module: Any) -> str:
        """The module in a message, with its path: `2 (Conv3d)`."""
        cls = type(module).__name__
        return f"{self.path} ({cls})" if self.path else cls

    def check_setting(self, module: Any, needed: str, got: Any, *, holds: bool, why: str = "") -> None:
        """Refuse a module with a setting that no layer has."""
        if not holds:
            raise KindError(f"from_torch: {self.named(module)} must have {needed}, not {got}{why}")

    def check_axes(self, module: Any, *forms: str) -> None:
        """Check that x has the axes of one of the forms, such as (m, c, t); torch also takes it without m."""
        if self.tensor.ndim not in [1 + form.count(", ") for form in forms]:
            shape = tuple(self.tensor.shape)
            raise ShapeError(f"from_torch: x of {self.named(module)} must be {' or '.join(forms)}, not {shape}")

    def features_in(self, module: Any, order: str) -> None:
        """Decide where the features of x are; refuse the module if the modules before it decided otherwise."""
        if order is CHANNELS:
            self.rows_in(module, ROWS_FIRST)
        if self.layout.order is None:
            self.layout.order = order
        if self.layout.is_mixed or self.layout.order != order:
            needed = f"the modules before {self.named(module)} must leave the features in {order}"
            raise KindError(f"from_torch: {needed}, not in {self.layout}")

    def rows_in(self, module: Any, form: str) -> None:
        """Decide which axes of x are rows and steps; refuse the module if the modules before it decided otherwise."""
        if (decided := self.layout.rows.decided(form)) != form:
            needed = f"the modules before {self.named(module)} must leave x as {form}"
            raise KindError(f"from_torch: {needed}, not as {decided}")


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
def from_torch(module: Any, x: Any, /, *, kwargs: Mapping[str, Any] | None = None) -> Any:
    """A network that computes what a module of torch computes for x, with copies of its weights.

    x is a tensor that the module takes; its shape and kind say what the module does to it. For a module of several
    arguments x is their tuple, such as (tgt, memory) for a decoder, and `kwargs` holds arguments by name, such as a
    mask: torch gets module(*x, **kwargs). The network takes rows first and features last:

    - (m, h, w, c) where the module takes (m, c, h, w), and (m, t, c) for a convolution of (m, c, t). Rows that torch
      flattens from images have another order in funcnn, and so have the weights behind a Flatten. x of four axes that
      is flattened first is taken as images.
    - (m, t, n) where a module with batch_first=False takes (t, m, n), and where it takes one sequence, (t, n), or one
      step of a cell, (m, n).
    - (x, mask) where an argument of the module is a mask of padding or of pairs of positions; mask is True where the
      mask of the module is False. A causal mask becomes the setting `causal` of the attention.
    - (tgt, memory) or (tgt, memory, mask) for a decoder, (src, tgt) or (src, tgt, mask) for a `Transformer`.

    For x, out of `predict` with the network is compared with out of the module; if they differ by more than rounding,
    from_torch fails. Of several results of a module the first is taken; an attention of x alone attends to x itself. A
    dropout becomes a layer with a seed of its own. A module with requires_grad=False becomes `Frozen`, and so does a
    normalisation without weights, but a batch normalisation without weights gets a scale of 1, and a recurrent module
    without biases gets biases of 0.

    A module of your own has no rule, since its forward may be any program. Write one that names the layers, in their
    order; pass the x that the rule gets on to from_torch, and `x.at(name, tensor)` to a part with another x:

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
        KindError: there is no rule for a module inside, or it has a setting or a mask that no layer has; `module` is
            not a module in evaluation mode with its tensors on the CPU, or uses a parameter twice; x is not a tensor on
            the CPU, or has another dtype; `kwargs` are not arguments of the module.
        ShapeError: the module does not take x, or x has no rows.
        FuncnnError: the network computes something else.
    """
    module = unwrapped(module)
    call = Arguments.of(module, x, kwargs)
    if isinstance(call.tensor, Given):
        part = call.tensor.within(call)
        layer, out, layout = converted(module, part)
        part.give(layout, out.ndim)
        return layer
    array = as_example(module, call)
    with one_count() as seeds:
        given = Given(call, Layout(), "", seeds)
        _rule(module, given)
        check_arguments(module, call)
        theirs = out_for(module, call)
        layer, _, layout = converted(module, given)
    rows = given.layout.moved(array)
    check_rows(array, rows)
    compare(layer, (rows, *given.beside), (layout.moved(theirs), theirs), given.compared)
    return layer


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
    return as_trained(module, given, layer)


def _is_network(value: Any) -> bool:
    return all(map(_is_network, value)) if type(value) is tuple else is_layer(value)


def converted(module: Any, given: Given) -> tuple[Any, Any, Layout]:
    """(the layer, out of the module, the layout of out)"""
    layer = layer_of(module, given)
    with torch.no_grad():
        out = given.call.out(module)
    is_like_x = given.out is not given.layout or out.ndim == given.ndim
    return layer, out, given.out if is_like_x else Layout(ROWS)


def _rule(module: Any, given: Given) -> Callable[[Any, Any], Any]:
    """The rule of the class, or of the base from which the class has its forward."""
    cls: Any = type(module)
    check_weights(module, given)
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
    for name, part in zip(module._modules, module, strict=True):  # noqa: SLF001  named_children has each module once
        layer, tensor, layout = converted(part, given.at(name, tensor, layout))
        layers.append(layer)
    given.out = layout
    return tuple(layers)
