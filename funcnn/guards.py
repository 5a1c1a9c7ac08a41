"""Guards, made of declared shapes: the check of a record's fields, and of the arguments of a rule.

A guard is one fast test for arrays of NumPy. Where it fails, `layers.shape_errors` raises the error, or finds that all
is in order: arrays of another library, tracers and symbols take this way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from importlib import import_module
from typing import Any

import attrs
import numpy as np

from funcnn.arrays import NATIVE
from funcnn.shapes import LayerShapes, axes_of, declaration_of, filled, parts_of, placed, places_of


def add_check(cls: Any) -> None:
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
    getattr(import_module(ERRORS), check)(*given)


ERRORS = "funcnn.layers.shape_errors"  # the module of the errors, which is imported after a failure


def guarded(function: str, cls: type, owner: type, rule: Callable[..., Any]) -> Callable[..., Any]:
    """The rule of a verb for a class, with the guard of its declared shapes; `owner` is the class of the rule."""
    base, shapes = declaration_of(cls)
    if base is None or shapes is None or owner is object or not issubclass(base, owner):  # a default calls other verbs
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
    space = {"ndarray": np.ndarray, "NATIVE": NATIVE, "rule": rule}
    space["explain"] = partial(_explain, check, shapes)
    exec(compile(source, f"<guard of {rule.__name__}>", "exec"), space)  # noqa: S102  made of names of fields and axes
    return space["guard"]


def _test_of_x(cls: type, shapes: LayerShapes) -> Iterator[str]:
    yield from _test("x", cls, shapes.x.split())
    if like := next(iter(axes_of(cls)), ""):
        yield f"x.dtype == params.{like}.dtype"


def _test_of_gradient(cls: type, shapes: LayerShapes) -> Iterator[str]:
    parts, like = parts_of(shapes.cache), next(iter(axes_of(cls)), "")
    i = next(i for i, part in enumerate(parts) if part != "_")
    kept = f"cache[{i}]" if "," in shapes.cache else "cache"
    if "," in shapes.cache:
        yield f"type(cache) is tuple and len(cache) == {len(parts)}"
    wanted, out = shapes.axes_of(parts[i]), shapes.out.split()
    yield from _test(kept, cls, wanted, of_floats=parts[i] != "mask")
    if like:
        yield f"{kept}.dtype == params.{like}.dtype"
    of_dA = f"dA.dtype == {f'params.{like}' if like else kept}.dtype" if parts[i] != "mask" else "dA.dtype in NATIVE"
    yield f"type(dA) is ndarray and {of_dA}"
    yield from _alike(kept, cls, wanted, out)


def _test(array: str, cls: type, wanted: list[str], *, of_floats: bool = True) -> Iterator[str]:
    """The tests of an array, apart from its dtype if fields determine it."""
    yield f"type({array}) is ndarray"
    if of_floats and not axes_of(cls):
        yield f"{array}.dtype in NATIVE"
    n = len(wanted) - ("..." in wanted)
    if wanted != ["..."]:
        yield f"{array}.ndim {'>=' if '...' in wanted else '=='} {n}"
    yield from [f"{array}.shape[{i}] > 0" for i in filled(wanted)]
    for i, axis in placed(wanted):
        if known := size(cls, axis):
            yield f"{array}.shape[{i}] == {known}"


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


def _alike(kept: str, cls: type, wanted: list[str], out: list[str]) -> Iterator[str]:
    """The tests of the axes of dA: those of `kept` with the same name, and those of fields."""
    if wanted == out:
        yield f"dA.shape == {kept}.shape"
        return
    here, rest = {axis: i for i, axis in placed(wanted)}, [*placed(out)]
    if "..." in out:
        (before, after), (first, last) = _around(out), _around(wanted)
        if out[:before] == wanted[:first]:  # all axes up to those behind `...` are compared at once
            before, first, rest = 0, 0, [(i, axis) for i, axis in rest if i < 0]
        yield f"dA.shape[{before}:dA.ndim - {after}] == {kept}.shape[{first}:{kept}.ndim - {last}]"
    else:
        yield f"dA.ndim == {len(out)}"
    for i, axis in rest:
        if known := size(cls, axis) or (f"{kept}.shape[{here[axis]}]" if axis in here else ""):
            yield f"dA.shape[{i}] == {known}"


def _around(wanted: list[str]) -> tuple[int, int]:
    """The numbers of axes before and behind `...`"""
    before = wanted.index("...")
    return before, len(wanted) - before - 1
