"""How the layers inside a layer are connected: one after another, or in branches whose results are joined."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

import attrs

from funcnn.arrays import kind, short
from funcnn.core import is_layer
from funcnn.dispatch import verb
from funcnn.errors import KindError
from funcnn.inspection.checks import check_network
from funcnn.layers.activations.glu import Glu
from funcnn.layers.attention.heads import MultiHead
from funcnn.layers.combinators.residual import Residual
from funcnn.layers.combinators.shared import Shared
from funcnn.layers.recurrent.bidirectional import Bidirectional
from funcnn.needs import as_text
from funcnn.records import values

P = TypeVar("P")
Parts = Mapping[str, Any]


@attrs.frozen
class Branches:
    """The layers inside a layer, as `diagram` draws them: branches side by side, and the node that joins them.

    `branches` has a dict for each branch, from the path of a layer, a field such as "layer" or "layers.0", to the
    layer; several layers of one dict are drawn one after another. An empty dict is a branch that x passes unchanged. No
    branch at all draws the layer as a box. `join` is the text of the node below the branches; without it their results
    stay side by side.

    >>> from funcnn import Relu
    >>> from funcnn.inspection import Branches
    >>> Branches(({"layer": Relu()}, {}), "+")
    Branches(branches=({'layer': Relu()}, {}), join='+')

    Raises:
        KindError: `branches` is not a tuple of dicts from strings to layers, or `join` is not a string.
    """

    branches: tuple[Parts, ...]
    join: str = ""

    def __attrs_post_init__(self) -> None:
        as_text("Branches", "join", self.join)
        if type(self.branches) is not tuple:
            raise KindError(f"Branches: branches must be a tuple of dicts, not {kind(self.branches)}")
        for i, branch in enumerate(self.branches):
            if not isinstance(branch, Mapping) or not all([isinstance(path, str) for path in branch]):
                given = short(branch) if isinstance(branch, Mapping) else kind(branch)
                raise KindError(f"Branches: branches[{i}] must be a dict from paths, strings, to layers, not {given}")
            for path, layer in branch.items():
                check_network("Branches", path, layer)


def _by_default(params: Any) -> Branches:
    """A branch for each field that holds layers; a field of `branches` has several"""
    found: list[Parts] = []
    for field, value in zip(attrs.fields(type(params)), values(params), strict=True):
        if "branches" in field.metadata:
            found += [{f"{field.name}.{i}": layer} for i, layer in enumerate(value)]
        elif holds_layers(value):
            found.append({field.name: value})
    return Branches(tuple(found))


def holds_layers(value: Any) -> bool:
    """Whether `value` is a layer or a tuple that has one, at any depth."""
    return any(map(holds_layers, value)) if type(value) is tuple else is_layer(value)


class BranchesVerb(Protocol):
    """`branches_of(params) -> Branches`."""

    def __call__(self, params: Any, /) -> Branches: ...
    def register(self, cls: type[P], /) -> Callable[[Callable[[P], Branches]], Callable[[P], Branches]]: ...


_by_default.__name__ = "diagram"  # the name in errors of register
branches_of = verb(BranchesVerb, gives=Branches, needed="a Branches")(_by_default)


for _layer, _rule in {
    Residual: lambda params: Branches(({"layer": params.layer}, {}), "+"),
    Glu: lambda params: Branches(({"gate": params.gate}, {}), "\N{MULTIPLICATION SIGN}"),
    Bidirectional: lambda params: Branches(({"ahead": params.ahead}, {"behind": params.behind}), "concat"),
    Shared: lambda params: Branches(({"net": params.held()},)),
    MultiHead: lambda _: Branches(()),  # attention is a box, as it is a row of `summary`
}.items():
    branches_of.register(_layer)(_rule)
