"""Tables of the layers of a network, with shapes, parameters and costs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from types import FunctionType
from typing import Any

import attrs

from funcnn.arrays import counted, is_array, short
from funcnn.checked import checked
from funcnn.core import forward
from funcnn.errors import KindError
from funcnn.inspection.checks import Network, check_example
from funcnn.inspection.costs import flops
from funcnn.inspection.nesting import contents
from funcnn.layers.combinators.frozen import Frozen
from funcnn.needs import Flag
from funcnn.records import is_record, record, values
from funcnn.tables import filled, html, text
from funcnn.trees.walks import arrays_in, count

_HEAD = ("layer", "x -> out", "parameters", "forward", "arrays", "cache")


@record
class Summary:
    """The table that `summary` makes: rows of strings, the head first, and lines with the totals.

    The table is text at a prompt and in `print`, and HTML in a notebook.
    """

    rows: tuple[tuple[str, ...], ...]
    totals: tuple[str, ...]

    def __repr__(self) -> str:
        lines = text(self.rows[1:]).splitlines()
        return "\n".join(["[", *[f"  {line}" for line in lines], "]", *self.totals])

    def _repr_html_(self) -> str:
        return html(self.rows, *self.totals)


@checked
def summary(params: Network[Any], x: Any = None, *, costs: Flag = False) -> Summary:
    """A table of the layers: each with its settings, the shapes of x and out, and the number of its parameters.

    The number of a layer is its path, as in errors and in `parameters`; settings at their defaults are left out, and
    so are the shapes if x is not given. Parameters inside a `Frozen` count as frozen. With `costs`, each row has the
    operations of its forward (`flops`), the bytes of its arrays, and the bytes that its cache keeps only for backward,
    which excludes x, the arrays of the network, and arrays that the cache of a row above keeps. The last line has the
    sums.

    >>> import numpy as np
    >>> from funcnn import Relu, mlp, summary
    >>> summary(mlp([2, 27, 1], hidden=Relu(), seed=1), np.zeros((9400, 2)))
    [
      0 -> Dense (W: 2x27, b: 27)  9400x2 -> 9400x27   81 parameters
      1 -> Relu                    9400x27 -> 9400x27
      2 -> Dense (W: 27x1, b: 1)   9400x27 -> 9400x1   28 parameters
    ]
    There are 109 trainable parameters in the model.

    Raises:
        KindError: `x` is not an array or a tuple of arrays, or `costs` is True without x.
        Any error of `forward(params, x)`.
    """
    check_example("summary", params, x)
    if x is None and costs:
        raise KindError("summary: x must be given if costs is True; write summary(params, x, costs=True)")
    rows: list[tuple[tuple[str, ...], Any]] = []
    _add(rows, params, x, "", costs=costs, trained=True)
    held = held_bytes([(0, cache) for _, cache in rows], params, x)
    cells = [(*row, f"{scaled(n, 'B')} cache" if costs and n else "") for (row, _), n in zip(rows, held, strict=True)]
    trained = counted(count(params), "trainable parameter")
    totals = [f"There {'is' if trained.startswith('1 ') else 'are'} {trained} in the model."]
    if costs:
        total, own = scaled(flops(params, x), "flop"), scaled(_bytes(params), "B")
        totals.append(f"Forward is {total}; the arrays are {own}, and {scaled(sum(held), 'B')} are kept for backward.")
    return Summary(tuple(filled([_HEAD, *cells])), tuple(totals))


def _add(rows: list[tuple[tuple[str, ...], Any]], layer: Any, x: Any, path: str, *, costs: bool, trained: bool) -> Any:
    """Append the row and the cache of each layer, for a Frozen the rows of the layers inside; returns out."""
    if type(layer) is Frozen:
        return _add(rows, layer.layer, x, f"{path}.layer".lstrip("."), costs=costs, trained=False)
    if type(layer) is tuple:
        for i, part in enumerate(layer):
            x = _add(rows, part, x, f"{path}.{i}".lstrip("."), costs=costs, trained=trained)
        return x
    out, cache = (None, None) if x is None else forward(layer, x)
    row = (
        f"{path} -> {described(layer)}" if path else described(layer),
        "" if x is None else f"{shape(x)} -> {shape(out)}",
        numbers(layer, trained=trained),
        *(_costs(layer, x) if costs else ("", "")),
    )
    rows.append((row, cache))
    return out


def numbers(layer: Any, *, trained: bool) -> str:
    """`12 parameters, 6 frozen`."""
    own, frozen = count(layer), _frozen(layer)
    counts = {"parameters": own if trained else 0, "frozen": frozen if trained else own + frozen}
    return ", ".join([f"{n} {unit}" for unit, n in counts.items() if n])


def _frozen(tree: Any) -> int:
    if type(tree) is Frozen:
        return count(tree.layer) + _frozen(tree.layer)
    return sum(map(_frozen, contents(tree)))


def _costs(layer: Any, x: Any) -> tuple[str, str]:
    own = _bytes(layer)
    return scaled(flops(layer, x), "flop"), f"{scaled(own, 'B')} arrays" if own else ""


def _bytes(tree: Any) -> int:
    return sum([leaf.nbytes for leaf in arrays_in(tree)])


def described(layer: Any) -> str:
    """A layer with its fields: arrays by their shapes, records by their classes, and settings that are not defaults."""
    fields = details(layer)
    return f"{type(layer).__name__} ({', '.join(fields)})" if fields else type(layer).__name__


def details(layer: Any, without: Collection[str] = ()) -> list[str]:
    """The texts of the fields of a layer, except those in `without`."""
    return [
        f"{field.name}: {shape(value)}" if is_array(value) else f"{field.name}={_kind(value)}"
        for field, value in zip(attrs.fields(type(layer)), values(layer), strict=True)
        if value is not None and field.name not in without and not _is_default(value, field.default)
    ]


def _is_default(value: Any, default: Any) -> bool:
    """Whether a setting has its default; for a tuple, as in strides, whether each part has it."""
    if type(value) is tuple and value:
        return all([_is_default(part, default) for part in value])
    return not is_array(value) and bool(value == default)


def _kind(value: Any) -> str:
    if type(value) is tuple and any([type(part) is tuple or is_record(part) for part in value]):
        kinds = list(map(_kind, value))
        kinds[3:-1] = ["..."] if len(kinds) > 6 else kinds[3:-1]
        return f"({', '.join(kinds)}{',' if len(value) == 1 else ''})"
    if isinstance(value, FunctionType):
        return value.__qualname__  # its repr has an address, which differs in each process
    return type(value).__name__ if is_record(value) else short(value)


def shape(value: Any, sign: str = "x", rows: Callable[[int], str] = str) -> str:
    """A shape as text: `9400x2`, `(5x9, 5)` for a tuple, `number` for a 0-d array; `rows` writes the first size."""
    if type(value) is tuple:
        return f"({', '.join([shape(part, sign, rows) for part in value])})"
    if value is None:
        return "None"
    return sign.join([rows(value.shape[0]), *map(str, value.shape[1:])]) if value.shape else "number"


# Bytes.


def held_bytes(caches: Iterable[tuple[int, Any]], *given: Any) -> list[int]:
    """For each (depth, cache), the bytes that only this cache keeps in memory.

    Two kinds of arrays are not counted: those in `given` (x and the parameters), and those in an earlier cache of the
    same depth. So the sum over the caches of one depth is the memory that they need together. The depth of a layer is
    the number of layers around it: the cache of an inner layer is part of the cache of the layer around it, which is
    listed earlier, and its arrays count at both depths. A view counts as the whole array that it keeps in memory;
    several views of one array count once.
    """
    known = {0: _owners(given)}
    counts = []
    for depth, cache in caches:
        before = known[depth]
        own = {key: n for key, n in _owners(cache).items() if key not in before}
        known |= {depth: before | own, depth + 1: before}
        counts.append(sum(own.values()))
    return counts


def _owners(tree: Any) -> dict[int, int]:
    """The bytes of each array that owns its memory, by the id of the array."""
    if is_array(tree):
        while is_array(base := getattr(tree, "base", None)):
            tree = base
        return {id(tree): tree.nbytes}
    found: dict[int, int] = {}
    for part in contents(tree):
        found |= _owners(part)
    return found


def scaled(number: float, unit: str) -> str:
    """`872 B`, `2.03 MB`: a number with three digits and a metric prefix."""
    prefixes = ["", "k", "M", "G", "T", "P", "E"]
    while number >= 999.5 and len(prefixes) > 1:
        number /= 1000
        prefixes.pop(0)
    return f"{number:.3g} {prefixes[0]}{unit}"
