"""Shapes, declared once: `axes` on a field, `shapes` on a class of layers.

    @shapes(x="m ... n_in", out="m ... n_out")
    @record
    class Dense:
        W: Array = axes("n_in n_out")
        b: Array | None = axes("n_out")

Equal names are equal sizes, and a number is a fixed size. `...` is any number of axes, `t+` has a size above 0, and
`gates*k` is a product of axes of fields and attributes of the layer. `guards` makes the checks of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Annotated, Any, TypeVar

import attrs

from funcnn.arrays import kind, short
from funcnn.checked import checked
from funcnn.errors import KindError
from funcnn.needs import Flag, passing

C = TypeVar("C", bound=type)

declared: dict[type, LayerShapes] = {}


_AXIS = re.compile(r"\.\.\.|[a-zA-Z_]\w*\+?|[0-9]+|\w+(\*\w+)+")


def _check_names(function: str, argument: str, text: Any) -> None:
    names = text.split() if type(text) is str else [""]
    if not all(map(_AXIS.fullmatch, names)) or names.count("...") > 1:
        raise KindError(f'{function}: {argument} must name axes, such as "m ... n", not {short(text)}')


def _check_cache(function: str, argument: str, text: Any) -> None:
    parts = parts_of(text) if type(text) is str else [""]
    if not {"x", "out", "mask", "_"}.issuperset(parts) or (text != "_" and {*parts} == {"_"}):
        needed = 'must be "x", "out", "mask", "_" or parts such as "x, _"'
        raise KindError(f"{function}: {argument} {needed}, not {short(text)}")


def _check_fields(function: str, argument: str, value: Any) -> None:
    if type(value) is not dict:
        raise KindError(f"{function}: {argument} must be a dict from names of fields to axes, not {kind(value)}")
    for name, text in value.items():
        _check_names(function, f"{argument}[{name!r}]", text)


def _check_forms(function: str, argument: str, value: Any) -> None:
    if type(value) is not int or not 1 <= value <= 3:
        raise KindError(f"{function}: {argument} must be 1, 2 or 3, not {short(value)}")


Axes = Annotated[str, passing("names of axes", _check_names)]
Kept = Annotated[str, passing("parts of a cache", _check_cache)]
FieldAxes = Annotated[dict[str, str], passing("a dict from names of fields to axes", _check_fields)]
Forms = Annotated[int, passing("1, 2 or 3", _check_forms)]


def parts_of(cache: str) -> list[str]:
    """What each part of a cache holds; one part, if the cache is not a tuple."""
    return cache.removesuffix(",").split(", ")


@checked
def axes(text: Axes, *, nonempty: Flag = False, torch: Flag = False) -> Any:
    """A parameter with these axes, such as "n_in n_out"; with `nonempty` no size is 0.

    With `torch` an error says how to move the axes of torch's array, whose last two axes come first, exchanged.
    """
    return attrs.field(metadata={"axes": text, "nonempty": nonempty, "torch": torch})


@attrs.frozen(eq=False)
class LayerShapes:
    """The axes of x and of out, and what the cache holds: "x", "out", a "mask" of out, a tuple such as "x, _", or "_".

    With `forms=2` x may also be (x, mask), with `forms=3` (x, mask, state). `fields` are the axes of fields of a base.
    """

    x: str
    out: str
    cache: str = "x"
    forms: int = 1
    fields: dict[str, str] = attrs.field(factory=dict)

    def axes_of(self, part: str) -> list[str]:
        """The axes of x, of out, or of a mask."""
        return (self.x if part == "x" else self.out).split()


@checked
def shapes(
    *, x: Axes, out: Axes, cache: Kept = "x", forms: Forms = 1, fields: FieldAxes | None = None
) -> Callable[[C], C]:
    """Declare the axes of x, of out, of the cache and of fields of a base, for a class of layers and its subclasses.

    Raises:
        KindError: out has `...` where x has none, or the class is not a record.
    """
    if "..." in out and "..." not in x:
        raise KindError(f"shapes: x must have the axes '...', as out has them, not {short(x)}")
    made = LayerShapes(x, out, cache, forms, fields or {})

    def declare(cls: C) -> C:
        if not isinstance(cls, type) or not hasattr(cls, "__attrs_attrs__"):
            name = cls.__name__ if isinstance(cls, type) else kind(cls)
            raise KindError(f"shapes: {name} is not a class of records; put @shapes above @record")
        declared[cls] = made
        return cls

    return declare


def declaration_of(cls: type) -> tuple[type | None, LayerShapes | None]:
    """The nearest class with declared shapes, and the shapes."""
    return next(((base, declared[base]) for base in cls.__mro__ if base in declared), (None, None))


@cache
def axes_of(cls: Any) -> dict[str, list[str]]:
    """The axes of each field that declares them, in the order of the fields."""
    shapes = declaration_of(cls)[1]
    found = {f.name: f.metadata["axes"] for f in attrs.fields(cls) if "axes" in f.metadata}
    return {name: text.split() for name, text in (found | (shapes.fields if shapes else {})).items()}


@cache
def places_of(cls: Any) -> dict[str, tuple[str, int]]:
    """For each axis of the fields, a field and the index of the axis in it."""
    found: dict[str, tuple[str, int]] = {}
    for name, names in axes_of(cls).items():
        for i, axis in enumerate(names):
            if axis.isidentifier():
                found.setdefault(axis, (name, i))
    return found


def filled(wanted: list[str]) -> list[int]:
    """The indices of the axes that must have a size above 0."""
    return [i for i, axis in _indices(wanted) if axis.endswith("+")]


def placed(wanted: list[str]) -> Iterator[tuple[int, str]]:
    """Each axis with its index, from the end behind `...`"""
    yield from [(i, axis.removesuffix("+")) for i, axis in _indices(wanted)]


def _indices(wanted: list[str]) -> list[tuple[int, str]]:
    dots = wanted.index("...") if "..." in wanted else len(wanted)
    return [(i if i < dots else i - len(wanted), axis) for i, axis in enumerate(wanted) if axis != "..."]
