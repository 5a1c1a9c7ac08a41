"""Shapes, declared once: `axes` on a field, `shapes` on a class of layers.

    @shapes(x="m ... n_in", out="m ... n_out")
    @record
    class Dense:
        W: Array = axes("n_in n_out")
        b: Array | None = axes("n_out")

Equal names are equal sizes, and a number is a fixed size. `...` is any number of axes, `t+` has a size above 0, and
`gates*k` is a product of axes of fields and attributes of the layer. `record` makes of it the check of the fields, and
each verb the guard before a rule: one fast test for arrays of NumPy, after whose failure `shape_errors` decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from importlib import import_module
from typing import Any, TypeVar

import attrs
import numpy as np

from funcnn.arrays import is_native_float

C = TypeVar("C", bound=type)

declared: dict[type, LayerShapes] = {}


def axes(text: str, *, nonempty: bool = False, torch: bool = False) -> Any:
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

    def parts(self) -> list[str]:
        """What each part of the cache holds; one part, if the cache is no tuple."""
        return self.cache.removesuffix(",").split(", ")


def shapes(*, x: str, out: str, cache: str = "x", forms: int = 1, **fields: str) -> Callable[[C], C]:
    """Declare the axes of x, of out, of the cache and of fields of a base, for a class of layers and its subclasses."""

    def declare(cls: C) -> C:
        declared[cls] = LayerShapes(x, out, cache, forms, fields)
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


def size(cls: type, axis: str) -> str:
    """The size of an axis, as an expression of `params`; empty if the fields do not determine it."""
    places = places_of(cls)
    if "*" not in axis and not axis.isdecimal() and axis not in places:
        return ""
    return " * ".join([_factor(places, factor) for factor in axis.split("*")])


def _factor(places: dict[str, tuple[str, int]], factor: str) -> str:
    if factor in places:
        return "params.{}.shape[{}]".format(*places[factor])
    return factor if factor.isdecimal() else f"params.{factor}"


def check_axes_of(cls: Any) -> None:
    """Let a class that is about to become a record check the axes of its fields first, if they are declared."""
    own = [getattr(value, "metadata", {}) for value in vars(cls).values()]
    inherited = [f.metadata for base in cls.__bases__ for f in getattr(base, "__attrs_attrs__", ())]
    finish = vars(cls).get("__attrs_post_init__")
    if not any(["axes" in one for one in own + inherited * (finish is not None)]):
        return

    def check(self: Any) -> None:
        check_axes(self)
        if finish is not None:
            finish(self)

    cls.__attrs_post_init__ = check


def check_axes(params: Any) -> None:
    """Check that the arrays in the fields of a record have the axes that are declared, and one dtype."""
    cls: Any = type(params)
    if not _fields_test(cls)(params):
        _explain("check_fields", params)


@cache
def _fields_test(cls: Any) -> Callable[[Any], bool]:
    ndims, tests = list[str](), list[str]()  # the sizes of an axis can be compared where the axis is there
    first = next(iter(axes_of(cls)))
    for field in attrs.fields(cls):
        if field.name in axes_of(cls):
            array, names = f"params.{field.name}", axes_of(cls)[field.name]
            ndims.append(f"({array} is None or {array}.ndim == {len(names)})")
            each = [f"{array}.dtype == params.{first}.dtype"]
            sizes = [(f"{array}.shape[{i}]", size(cls, axis)) for i, axis in enumerate(names)]
            each += [f"{here} == {known}" for here, known in sizes if here != known]
            each += [f"min({array}.shape) > 0"] * field.metadata.get("nonempty", False)
            tests.append(f"({array} is None or {' and '.join(each)})")
    source = f"lambda params: {' and '.join(ndims + tests)}"
    made: Callable[[Any], bool] = eval(compile(source, f"<axes of {cls.__name__}>", "eval"), {})  # noqa: S307  names of axes
    return made


def _explain(check: str, *given: Any) -> None:
    """Decide where a fast test failed: raise the error, or return if the arguments are in order."""
    getattr(import_module("funcnn.layers.shape_errors"), check)(*given)


def guarded(function: str, cls: type, owner: type, rule: Callable[..., Any]) -> Callable[..., Any]:
    """The rule of a verb for a class, with the guard of its declared shapes; `owner` is the class of the rule."""
    base, shapes = declaration_of(cls)
    if base is None or shapes is None or not issubclass(base, owner):
        return rule
    if function in {"forward", "forward_only"}:
        return _composed(rule, "params, x", _test_of_x(cls, shapes), "check_x", shapes)
    if function == "step" and shapes.forms == 1:
        return _composed(rule, "params, x, memory=None", _test_of_x(cls, shapes), "check_x", shapes)
    if function in {"backward", "backward_params"} and shapes.cache != "_":
        return _composed(rule, "params, cache, dA", _test_of_gradient(cls, shapes), "check_gradient", shapes)
    return rule


def _composed(rule: Any, arguments: str, test: Iterator[str], check: str, shapes: LayerShapes) -> Any:
    passed = arguments.replace("=None", "")
    explained = passed.removesuffix(", memory")
    source = f"def guard({arguments}):\n if not ({' and '.join(test)}): explain({explained})\n return rule({passed})"
    space = {"ndarray": np.ndarray, "is_native_float": is_native_float, "rule": rule}
    space["explain"] = partial(_explain, check, shapes)
    exec(compile(source, f"<guard of {rule.__name__}>", "exec"), space)  # noqa: S102  made of names of fields and axes
    return space["guard"]


def _test_of_x(cls: type, shapes: LayerShapes) -> Iterator[str]:
    yield from _test("x", cls, shapes.x.split())
    if like := next(iter(axes_of(cls)), ""):
        yield f"x.dtype == params.{like}.dtype"


def _test_of_gradient(cls: type, shapes: LayerShapes) -> Iterator[str]:
    parts, like = shapes.parts(), next(iter(axes_of(cls)), "")
    i = next(i for i, part in enumerate(parts) if part != "_")
    kept = f"cache[{i}]" if "," in shapes.cache else "cache"
    if "," in shapes.cache:
        yield f"type(cache) is tuple and len(cache) == {len(parts)}"
    wanted, out = shapes.axes_of(parts[i]), shapes.out.split()
    yield from _test(kept, cls, wanted, of_floats=parts[i] != "mask")
    if like:
        yield f"{kept}.dtype == params.{like}.dtype"
    of_dA = f"dA.dtype == {f'params.{like}' if like else kept}.dtype" if parts[i] != "mask" else "is_native_float(dA)"
    yield f"type(dA) is ndarray and {of_dA}"
    yield from _alike(kept, cls, wanted, out)


def _test(array: str, cls: type, wanted: list[str], *, of_floats: bool = True) -> Iterator[str]:
    """The tests of an array, apart from its dtype if fields determine it."""
    yield f"is_native_float({array})" if of_floats and not axes_of(cls) else f"type({array}) is ndarray"
    n = len(wanted) - ("..." in wanted)
    if wanted != ["..."]:
        yield f"{array}.ndim {'>=' if '...' in wanted else '=='} {n}"
    yield from [f"{array}.shape[{i}] > 0" for i in filled(wanted)]
    for i, axis in placed(wanted):
        if known := size(cls, axis):
            yield f"{array}.shape[{i}] == {known}"


def filled(wanted: list[str]) -> list[int]:
    """The indices of the axes that must have a size above 0."""
    return [
        i for (i, _), axis in zip(placed(wanted), [a for a in wanted if a != "..."], strict=True) if axis[-1] == "+"
    ]


def placed(wanted: list[str]) -> Iterator[tuple[int, str]]:
    """Each axis with its index, from the end behind `...`"""
    dots = wanted.index("...") if "..." in wanted else len(wanted)
    for i, axis in enumerate(wanted):
        if axis != "...":
            yield i if i < dots else i - len(wanted), axis.removesuffix("+")


def _alike(kept: str, cls: type, wanted: list[str], out: list[str]) -> Iterator[str]:
    """The tests of the axes of dA: those of `kept` with the same name, and those of fields."""
    if wanted == out:
        yield f"dA.shape == {kept}.shape"
        return
    here = {axis: i for i, axis in placed(wanted)}
    if "..." in out:  # all axes up to those behind `...` are alike
        after, before = len(out) - out.index("...") - 1, len(wanted) - wanted.index("...") - 1
        yield f"dA.shape[:{-after}] == {kept}.shape[:{-before}]"
        rest = [(i, axis) for i, axis in placed(out) if i < 0]
    else:
        yield f"dA.ndim == {len(out)}"
        rest = list(placed(out))
    for i, axis in rest:
        if known := size(cls, axis) or (f"{kept}.shape[{here[axis]}]" if axis in here else ""):
            yield f"dA.shape[{i}] == {known}"
