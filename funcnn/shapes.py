"""Shapes, declared once: `axes` on a field, `shapes` on a class of layers.

    @shapes(x="m ... n_in", out="m ... n_out")
    @record
    class Dense:
        W: Array = axes("n_in n_out")
        b: Array | None = axes("n_out")

Equal names are equal sizes, and a number is a fixed size. `...` is any number of axes, `t+` and `...+` have no size 0,
and `gates*k` is a product of numbers, axes and attributes of the layer; `2*n` is even, if no field has the axis n.
`m t c | m h w c` are alternatives, the first of x with the first of out, and `()` has no axes. Arrays in fields with
axes, x and dA have one dtype, that of the first such field. `guards` makes the checks of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from inspect import cleandoc
from typing import Annotated, Any, TypeVar

import attrs

from funcnn.arrays import kind, short
from funcnn.checked import checked
from funcnn.errors import KindError
from funcnn.needs import Flag, passing

C = TypeVar("C", bound=type)

declared: dict[type, LayerShapes] = {}


_AXIS = r"\.\.\.\+?|[a-zA-Z_]\w*\+?|[0-9]+|\w+(\*\w+)+"  # compiled at first use: most names are identifiers


def alternatives_in(text: str) -> list[list[str]]:
    """The names of axes in each alternative of a text."""
    return [[] if one == "()" else one.split() for one in text.split(" | ")]


def _check_names(function: str, argument: str, text: Any) -> None:
    for names in alternatives_in(text) if type(text) is str else [[""]]:
        are_axes = [name.isidentifier() or name == "..." or re.fullmatch(_AXIS, name) for name in names]
        if not all(are_axes) or sum([name.startswith("...") for name in names]) > 1:
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


def kept_part(cache: str) -> int:
    """The index of the part that dA is compared with: out or its mask, if the cache holds one, else x."""
    parts = parts_of(cache)
    return min(range(len(parts)), key=lambda i: ["out", "mask", "x", "_"].index(parts[i]))


@checked
def axes(text: Axes, *, nonempty: Flag = False, torch: Flag = False) -> Any:
    """A parameter with these axes, such as "n_in n_out"; with `nonempty` no size is 0.

    With `torch` an error says how to move the axes of torch's array, whose last two axes come first, exchanged.
    """
    return attrs.field(metadata={"axes": text, "nonempty": nonempty, "torch": torch})


class LayerShapes:
    """The axes of x and of out, and what the cache holds: "x", "out", a "mask" of out, a tuple such as "x, _", or "_".

    With `forms=2` a sequence x, (m, t, n), may also be (x, mask), with `forms=3` (x, mask, state); out is in the form
    of x if it has the axes of `mask`. `fields` are the axes of fields of a base, or of a layer in a field, such as
    "query.W". An x of "_" is not checked.
    """

    def __init__(
        self, x: str, out: str, cache: str = "x", forms: int = 1, fields: FieldAxes | None = None, mask: str = "m t"
    ) -> None:
        self.x, self.out, self.cache, self.forms, self.fields, self.mask = x, out, cache, forms, fields or {}, mask

    @property
    def passes_mask(self) -> bool:
        """Whether out has the mask of x, since it has the axes of the mask."""
        return {*alternatives_in(self.mask)[0]}.issubset(self.out.replace("+", "").split())


@checked
def shapes(
    *, x: Axes, out: Axes, cache: Kept = "x", forms: Forms = 1, fields: FieldAxes | None = None, mask: Axes = "m t"
) -> Callable[[C], C]:
    """Declare the axes of x, of out, of the cache and of fields of a base, for a class of layers and its subclasses.

    The declaration, in words, becomes the second paragraph of the docstring of the class.

    Raises:
        KindError: x lacks axes of the mask, or `...` of out; or x, out and the fields have different numbers of
            alternatives; or the class is not a record.
    """
    if any([around(of_out) and not around(of_x) for of_x, of_out in _paired([x, out])]):
        raise KindError(f"shapes: x must have the axes '...', as out has them, not {short(x)}")
    if forms > 1 and not {*mask.replace("|", "").split()}.issubset(x.replace("+", "").split()):
        raise KindError(f"shapes: x must have the axes of the mask, {short(mask)}, not {short(x)}")
    made = LayerShapes(x, out, cache, forms, fields, mask)

    def declare(cls: C) -> C:
        if not isinstance(cls, type) or not hasattr(cls, "__attrs_attrs__"):
            name = cls.__name__ if isinstance(cls, type) else kind(cls)
            raise KindError(f"shapes: {name} is not a class of records; put @shapes above @record")
        declared[cls] = made
        if cls.__doc__ is not None:  # `python -OO` leaves docstrings out
            first, *others = cleandoc(cls.__doc__).split("\n\n")
            cls.__doc__ = "\n\n".join([first, f"{described(cls)}.", *others])
        return cls

    return declare


def declaration_of(cls: type) -> tuple[type | None, LayerShapes | None]:
    """The nearest class with declared shapes, and the shapes."""
    return next(((base, declared[base]) for base in cls.__mro__ if base in declared), (None, None))


class Alternative:
    """Axes that belong together: of x, of out, and of fields by name; `places` has each axis of the fields."""

    def __init__(
        self, cls: type, x: list[str], out: list[str], fields: dict[str, list[str]], places: dict[str, tuple[str, int]]
    ) -> None:
        self.cls, self.x, self.out, self.fields, self.places = cls, x, out, fields, places

    def of(self, part: str) -> list[str]:
        """The axes of x, of out, or of a mask of out."""
        return self.x if part == "x" else self.out


@cache
def alternatives_of(cls: Any) -> list[Alternative]:
    """The alternatives that a class declares, mostly one."""
    shapes = declaration_of(cls)[1] or LayerShapes("_", "_", "_")
    fields = {f.name: f.metadata["axes"] for f in attrs.fields(cls) if "axes" in f.metadata} | shapes.fields
    made = []
    for x, out, *others in _paired([shapes.x, shapes.out, *fields.values()]):
        axes = dict(zip(fields, others, strict=True))
        places = [(axis, (name, i)) for name, names in axes.items() for i, axis in enumerate(names)]
        known = dict([one for one in places[::-1] if one[0].isidentifier()])
        made.append(Alternative(cls, x, [axis.removesuffix("+") for axis in out], axes, known))
    return made


def _paired(texts: list[str]) -> list[tuple[list[str], ...]]:
    """The alternatives of several texts side by side; a text of one alternative stands beside each."""
    split = [alternatives_in(text) for text in texts]
    n = max(map(len, split))
    if not {1, n}.issuperset(map(len, split)):
        raise KindError(
            f"shapes: the shapes must have one alternative each, or equally many, not {', '.join(map(repr, texts))}"
        )
    return [*zip(*[one * (n // len(one)) for one in split], strict=True)]


def around(wanted: list[str]) -> tuple[int, int] | None:
    """The numbers of axes before and behind `...`, if it is there."""
    return next(((i, len(wanted) - i - 1) for i, axis in enumerate(wanted) if axis.startswith("...")), None)


def fewest(wanted: list[str]) -> int:
    """The number of axes, without `...`"""
    return len(wanted) - (around(wanted) is not None)


def placed(wanted: list[str]) -> Iterator[tuple[int, str]]:
    """Each axis with its index, from the end behind `...`"""
    dots = around(wanted)
    for i, axis in enumerate(wanted):
        if not axis.startswith("..."):
            yield i if dots is None or i < dots[0] else i - len(wanted), axis.removesuffix("+")


def in_words(wanted: list[str], name: Callable[[str], str] = lambda axis: axis.replace("*", " ")) -> str:
    """Axes in words, each by its `name`: (m, ..., 3)"""
    words = [axis if axis == "..." else name(axis) for axis in [axis.removesuffix("+") for axis in wanted]]
    return f"({', '.join(words)}{',' * (len(words) == 1 and words != ['...'])})"


def described(cls: Any) -> str:
    """The declared shapes of a class of layers, in words.

    >>> from funcnn import Dense
    >>> described(Dense)
    'x: (m, ..., n_in), W: (n_in, n_out), b: (n_out,) or None, out: (m, ..., n_out)'

    Raises:
        KindError: `cls` is not a class with declared shapes.
    """
    if not isinstance(cls, type) or (shapes := declaration_of(cls)[1]) is None:
        raise KindError(f"described: cls must be a class with declared shapes, such as Dense, not {kind(cls)}")
    optional = {field.name for field in attrs.fields(cls) if "None" in str(field.type)}
    every = []
    for one in alternatives_of(cls):
        said = [(name, in_words(axes) + " or None" * (name in optional)) for name, axes in one.fields.items()]
        if shapes.forms > 1:
            said.insert(0, ("mask", " or ".join(map(in_words, alternatives_in(shapes.mask)))))
        if shapes.x != "_":
            x, out = in_words(one.x), in_words(one.out)
            said.insert(0, ("x and out" if x == out else "x", x + least([one.x]).replace(",", " with", 1)))
            said += [("out", out)] * (x != out)
        every.append(", ".join([f"{name}: {axes}" for name, axes in said]).replace("(...)", "any shape"))
    return "; or ".join(every)


def listed(words: list[str]) -> str:
    """a, b and c"""
    return " and ".join([", ".join(words[:-1]), *words[-1:]] if words[1:] else words)


def least(alternatives: list[list[str]]) -> str:
    """Which sizes are at least 1, in words that follow the axes."""
    filled = dict.fromkeys([axis[:-1] for wanted in alternatives for axis in wanted if axis.endswith("+")])
    return f", {listed([f'all of {axis}' if axis == '...' else axis for axis in filled])} at least 1" if filled else ""
