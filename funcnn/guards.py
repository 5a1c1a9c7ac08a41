"""Guards, made of declared shapes: the check of a record's fields, and of the arguments of a rule.

A guard is one fast test for arrays of NumPy. Where it fails, `layers.shape_errors` raises the error, or finds that all
is in order: arrays of another library, tracers and symbols take this way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from importlib import import_module
from typing import Any

import attrs
import numpy as np

from funcnn.arrays import is_native_float
from funcnn.shapes import Alternative, LayerShapes, alternatives_of, around, declaration_of, kept_part, parts_of, placed


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
    alternatives, nonempty = alternatives_of(cls), [f.name for f in attrs.fields(cls) if f.metadata.get("nonempty")]
    first, *others = alternatives[0].fields
    tests = [*_either([_fields_tests(one) for one in alternatives])]
    tests += [_if_there(name, [f"params.{name}.dtype == params.{first}.dtype"]) for name in others]
    tests += [_if_there(name, [f"0 not in params.{name}.shape"]) for name in nonempty]
    return _compiled("params", tests, f"<axes of {cls.__name__}>")


@cache
def fits(one: Alternative, part: str = "") -> Callable[[Any, Any], bool]:
    """A test `(params, array)`: whether the fields have these axes, and an array those of x or of out."""
    return _compiled("params, array", [*_fields_tests(one), *(_axes_tests("array", one, one.of(part)) if part else [])])


def _compiled(arguments: str, tests: list[str], name: str = "<axes>") -> Callable[..., bool]:
    source = f"lambda {arguments}: {' and '.join(tests) or True}"
    made: Callable[..., bool] = eval(compile(source, name, "eval"), {})  # noqa: S307  made of names of fields and axes
    return made


def _fields_tests(one: Alternative) -> Iterator[str]:
    for name, names in one.fields.items():
        yield _if_there(name, [f"params.{name}.ndim == {len(names)}"])
    for name, names in one.fields.items():  # sizes can be compared where the axes are there
        if tests := [*_size_tests(f"params.{name}", one, names)]:
            yield _if_there(name, tests)


def _if_there(name: str, tests: list[str]) -> str:
    return f"(params.{name} is None or {' and '.join(tests)})"


def _either(alternatives: list[Iterable[str]]) -> Iterator[str]:
    """One test, that all tests of some alternative hold; none, if there is an alternative without tests."""
    texts = dict.fromkeys([" and ".join(tests) for tests in alternatives])
    if "" not in texts:
        yield f"({' or '.join(texts)})" if len(texts) > 1 else next(iter(texts))


def _explain(check: str, *given: Any) -> None:
    """Decide where a fast test failed: raise the error, or return if the arguments are in order."""
    getattr(import_module(ERRORS), check)(*given)


ERRORS = "funcnn.layers.shape_errors"  # the module of the errors, which is imported after a failure


def guarded(function: str, cls: type, owner: type, rule: Callable[..., Any]) -> Callable[..., Any]:
    """The rule of a verb for a class, with the guard of its declared shapes; `owner` is the class of the rule."""
    base, shapes = declaration_of(cls)
    if base is None or shapes is None or owner is object or not issubclass(base, owner):  # a default calls other verbs
        return rule
    if function in {"forward", "forward_only"} and shapes.x != "_":
        return _composed(rule, "params, x", _test_of_x(cls), "check_x", shapes)
    if function == "step" and shapes.x != "_" and shapes.forms < 3:  # with a state x is not for `step`
        return _composed(rule, "params, x, memory=None", _test_of_x(cls), "check_x", shapes)
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


def _test_of_x(cls: type) -> Iterator[str]:
    alternatives = alternatives_of(cls)
    yield _of_dtype("x", next(iter(alternatives[0].fields), ""))
    yield from _either([[*_fields_apart(one), *_axes_tests("x", one, one.x)] for one in alternatives])


def _test_of_gradient(cls: type, shapes: LayerShapes) -> Iterator[str]:
    alternatives, parts, key = alternatives_of(cls), parts_of(shapes.cache), kept_part(shapes.cache)
    like, names = next(iter(alternatives[0].fields), ""), ["cache"]
    if "," in shapes.cache:
        yield f"type(cache) is tuple and len(cache) == {len(parts)}"
        names = [f"cache[{i}]" for i in range(len(parts))]
    kept = {name: part for name, part in zip(names, parts, strict=True) if part != "_"}
    yield from [f"type({name}) is ndarray" if part == "mask" else _of_dtype(name, like) for name, part in kept.items()]
    is_alike = f"type(dA) is ndarray and dA.dtype == {f'params.{like}' if like else names[key]}.dtype"
    yield "is_native_float(dA)" if parts[key] == "mask" else is_alike
    yield from _either([
        [
            *_fields_apart(one),
            *[test for name, part in kept.items() for test in _axes_tests(name, one, one.of(part))],
            *_alike(names[key], one, one.of(parts[key])),
        ]
        for one in alternatives
    ])


def _of_dtype(array: str, like: str) -> str:
    """The test that an array is of floats, or of the dtype of a field."""
    return f"type({array}) is ndarray and {array}.dtype == params.{like}.dtype" if like else f"is_native_float({array})"


def _fields_apart(one: Alternative) -> Iterable[str]:
    """The tests of the fields, if their axes differ between alternatives."""
    return _fields_tests(one) if len({str(other.fields) for other in alternatives_of(one.cls)}) > 1 else []


def _axes_tests(array: str, one: Alternative, wanted: list[str]) -> Iterator[str]:
    dots = around(wanted)
    if dots != (0, 0):
        yield f"{array}.ndim {'>=' if dots else '=='} {len(wanted) - (dots is not None)}"
    yield from _size_tests(array, one, wanted)


def _size_tests(array: str, one: Alternative, wanted: list[str]) -> Iterator[str]:
    if "...+" in wanted:
        yield f"0 not in {_slice(array, *around(wanted))}"
    for i, axis in placed(wanted):
        here, known = f"{array}.shape[{i}]", [_factor(one, axis, factor) for factor in axis.split("*")]
        if f"{axis}+" in wanted:
            yield f"{here} > 0"
        if all(known) and [here] != known:
            yield f"{here} == {' * '.join(known)}"
        elif any(known) and not all(known):
            yield f"{here} % ({' * '.join(filter(None, known))}) == 0"


def _size(one: Alternative, axis: str) -> str:
    """The size of an axis, as an expression of `params`; empty if the fields do not determine it."""
    known = [_factor(one, axis, factor) for factor in axis.split("*")]
    return " * ".join(known) if all(known) else ""


def _factor(one: Alternative, axis: str, factor: str) -> str:
    if factor in one.places:
        return "params.{}.shape[{}]".format(*one.places[factor])
    return factor if factor.isdecimal() else f"params.{factor}" * (factor != axis and hasattr(one.cls, factor))


def _alike(kept: str, one: Alternative, wanted: list[str]) -> Iterator[str]:
    """The tests of the axes of dA: those of `kept` with the same name, and those of fields."""
    if wanted == one.out:
        yield f"dA.shape == {kept}.shape"
        return
    here, rest = {axis: i for i, axis in placed(wanted)}, [*placed(one.out)]
    if (dots := around(one.out)) and (others := around(wanted)):
        (before, after), (first, last) = dots, others
        if one.out[:before] == wanted[:first]:  # all axes up to those behind `...` are compared at once
            before, first, rest = 0, 0, [(i, axis) for i, axis in rest if i < 0]
        yield f"{_slice('dA', before, after)} == {_slice(kept, first, last)}"
    else:
        yield f"dA.ndim == {len(one.out)}"
    for i, axis in rest:
        if known := _size(one, axis) or (f"{kept}.shape[{here[axis]}]" if axis in here else ""):
            yield f"dA.shape[{i}] == {known}"


def _slice(array: str, before: int, behind: int) -> str:
    return f"{array}.shape[{before}:{array}.ndim - {behind}]"
