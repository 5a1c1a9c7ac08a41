"""The verb `to_torch`. Each family of layers registers its rules in a file of its own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any, Protocol, TypeVar, cast

import attrs
import numpy as np
import torch

from funcnn.about.table import card_of, cards
from funcnn.about.twins import is_of_x, twin_of
from funcnn.arrays import Array
from funcnn.core import is_layer
from funcnn.dispatch import verb
from funcnn.errors import KindError
from funcnn.refusals import no_rule_error

P = TypeVar("P")  # a layer
M = TypeVar("M", bound=torch.nn.Module)


class ToTorch(Protocol):
    """`to_torch(layer) -> module`."""

    def __call__(self, layer: Any, /) -> torch.nn.Module: ...
    def dispatch(self, cls: type, /) -> Callable[..., Any]: ...
    def register(self, cls: type[P], /) -> Callable[[Callable[[P], M]], Callable[..., M]]: ...


class FromTorch(Protocol):
    """`from_torch(module, x, kwargs=...) -> layer`."""

    def __call__(self, module: Any, x: Any, /, *, kwargs: Mapping[str, Any] | None = None) -> Any: ...
    def register(self, cls: type[M], /) -> Callable[[Callable[[Any, Any], Any]], Callable[[Any, Any], Any]]: ...


@verb(ToTorch)
def to_torch(layer: Any, /) -> torch.nn.Module:
    """A module of torch that computes what `layer` computes, with copies of its weights.

    The first axis is the batch, as in funcnn. Where torch has the channels in axis 1, the module permutes the axes
    of x and out. A state, such as running statistics, becomes a buffer, and a chain becomes a `torch.nn.Sequential`.

    >>> import numpy as np
    >>> import torch
    >>> from funcnn import mlp, predict
    >>> from funcnn.interop.torch import to_torch
    >>> net, x = mlp([2, 3, 1], seed=0), np.ones((4, 2))
    >>> bool(np.allclose(to_torch(net)(torch.tensor(x)).detach(), predict(net, x)))
    True

    Raises:
        KindError: there is no rule for the layer, and no twin in its card; write one with `@to_torch.register(Layer)`.
    """
    return module_of_card(layer)


def module_of_card(layer: Any) -> torch.nn.Module:
    """The twin that the card names or writes"""
    card = card_of(type(layer))
    if card is None or not card.torch or not is_layer(layer):
        error = no_rule_error("to_torch", layer)
        has_none = card is not None and is_layer(layer)
        raise KindError(f'{error}, or a twin in its card, torch="module:name"') if has_none else error
    settings = {field.name: getattr(layer, field.name) for field in attrs.fields(type(layer))}
    twin = twin_of(card.torch, settings, torch=torch)
    if not is_of_x(card.torch) or (isinstance(twin, type) and issubclass(twin, torch.nn.Module)):
        return twin(*settings.values())
    return Computed(OfCard(card.torch, settings))


class OfCard:
    """The function of x that a card names or writes, for these settings; it pickles as the text and the settings."""

    def __init__(self, text: str, settings: dict[str, Any]) -> None:
        """`text`: the twin in the card; its name, or the expression, is shown by the module"""
        self.text, self.settings, self.__name__ = text, settings, text.rpartition(":")[2]
        self.function = twin_of(text, settings, torch=torch)

    def __call__(self, x: Any) -> Any:
        """The function of x and the settings"""
        return self.function(x, *self.settings.values())

    def __reduce__(self) -> tuple[type[OfCard], tuple[str, dict[str, Any]]]:
        """An expression has no name in a module, which pickle asks for"""
        return OfCard, (self.text, self.settings)


def layer_of_card(module: Any, base: type) -> Any:
    """The layer whose card names this base of the module's class; None if there is none."""
    for layer, card in (cards("activations") | cards()).items():  # those of funcnn first
        home, _, name = card.torch.partition(":")
        if getattr(sys.modules.get(home), name, None) is base:
            arguments = list(signature(base).parameters)[: len(attrs.fields(layer))]
            return layer(*[getattr(module, argument) for argument in arguments])
    return None


for _layer in [layer for layer, card in cards("activations").items() if card.torch]:
    to_torch.register(_layer)(module_of_card)


def parameter(array: Array) -> torch.nn.Parameter:
    """A copy of the array as a trainable parameter."""
    return torch.nn.Parameter(torch.from_numpy(np.array(array)))


def filled(module: torch.nn.Module, **arrays: Array | None) -> torch.nn.Module:
    """`module` with copies of these arrays as its parameters and buffers; with None the module keeps its own."""
    for name, array in arrays.items():
        if array is not None:
            old = getattr(module, name)
            new = torch.from_numpy(np.array(array))
            setattr(module, name, torch.nn.Parameter(new) if isinstance(old, torch.nn.Parameter) else new)
    return module


class Computed(torch.nn.Module):
    """A module that computes `function(x, **parts)`; parts are modules, and arrays, of which copies are parameters."""

    def __init__(self, function: Callable[..., Any], **parts: Any) -> None:
        """Store the function, which takes tensors, and its parts by their names"""
        super().__init__()
        self.function = function
        for name, part in parts.items():
            setattr(self, name, part if isinstance(part, torch.nn.Module) else parameter(part))

    def forward(self, x: Any) -> Any:
        """function(x, **parts)"""
        return self.function(x, **self._parameters, **self._modules)

    def extra_repr(self) -> str:
        """The name of the function"""
        return str(getattr(self.function, "func", self.function).__name__).lstrip("_")


class Around(Computed):
    """A `Computed` with one part, a module of torch's own, whose weights `weights_from` takes by torch's names."""


@to_torch.register(tuple)
def chain_to_torch(layer: tuple[Any, ...]) -> torch.nn.Module:
    """A Sequential of the converted layers"""
    return torch.nn.Sequential(*[cast("torch.nn.Module", to_torch(part)) for part in layer])
