"""The code of guards: tests of declared axes, as expressions of the record, of x, of the cache and of dA."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any

import attrs

from funcnn.shapes import (
    Alternative,
    LayerShapes,
    alternatives_in,
    alternatives_of,
    around,
    fewest,
    kept_part,
    parts_of,
    placed,
)

Code = tuple[list[str], list[str]]
"""Statements, and the tests that follow them."""


def code_of_x(cls: type, shapes: LayerShapes) -> Code:
    """The code for the arguments of `forward` or `step`."""
    alternatives, x = alternatives_of(cls), "a" if shapes.forms > 1 else "x"
    tests = [[*_fields_apart(one), *_part_tests(x, "x", one, shapes)] for one in alternatives]
    statements = [_taken_apart("x", shapes)] if shapes.forms > 1 else []
    return statements, [_of_dtype(x, next(iter(alternatives[0].fields), "")), *_either(tests)]


def code_of_gradient(cls: type, shapes: LayerShapes) -> Code:
    """The code for the arguments of `backward`."""
    alternatives, parts, key = alternatives_of(cls), parts_of(shapes.cache), kept_part(shapes.cache)
    like, names, dA = next(iter(alternatives[0].fields), ""), ["cache"], "dA"
    statements, tests, is_given = list[str](), list[str](), "True"
    if "," in shapes.cache:
        tests.append(is_given := f"type(cache) is tuple and len(cache) == {len(parts)}")
        names = [f"cache[{i}]" for i in range(len(parts))]
    if shapes.forms > 1 and "x" in parts:
        statements = [f"given = {names[parts.index('x')]} if {is_given} else None", _taken_apart("given", shapes)]
        names[parts.index("x")] = "a"
        if shapes.passes_mask:
            dA, like_given = "d", "type(dA) is tuple and len(dA) == len(given)"
            statements.append(f"d = dA if type(given) is not tuple else dA[0] if {like_given} else None")
    kept = {name: part for name, part in zip(names, parts, strict=True) if part != "_"}
    tests += [f"type({name}) is ndarray" if part == "mask" else _of_dtype(name, like) for name, part in kept.items()]
    is_alike = f"type({dA}) is ndarray and {dA}.dtype == {f'params.{like}' if like else names[key]}.dtype"
    tests.append(_of_dtype("dA", "") if parts[key] == "mask" else is_alike)
    every = []
    for one in alternatives:
        own = [test for name, part in kept.items() for test in _part_tests(name, part, one, shapes)]
        every.append([*_fields_apart(one), *own, *_alike(dA, names[key], one, one.of(parts[key]))])
    return statements, [*tests, *_either(every)]


def _taken_apart(x: str, shapes: LayerShapes) -> str:
    """The statement that names the array of x and its mask, which is None if there is none."""
    return f"a, mask = {x}[:2] if type({x}) is tuple and 1 < len({x}) <= {shapes.forms} else ({x}, None)"


def _part_tests(array: str, part: str, one: Alternative, shapes: LayerShapes) -> Iterator[str]:
    """The tests of the axes of x and its mask, or of out."""
    yield from _axes_tests(array, one, one.of(part))
    if part == "x" and shapes.forms > 1:
        sizes = {axis: f"{array}.shape[{i}]" for i, axis in placed(one.x)}
        forms = [f"({''.join([f'{sizes[axis]}, ' for axis in names])})" for names in alternatives_in(shapes.mask)]
        is_mask = f"type(mask) is ndarray and mask.dtype == bool and mask.shape in ({', '.join(forms)},)"
        yield f"(mask is None or ({array}.ndim == 3 and {is_mask}))"


def _of_dtype(array: str, like: str) -> str:
    """The test that an array is of floats, or of the dtype of a field."""
    return f"type({array}) is ndarray and {array}.dtype {f'== params.{like}.dtype' if like else 'in NATIVE'}"


def _fields_apart(one: Alternative) -> Iterable[str]:
    """The tests of the fields, if their axes differ between alternatives."""
    return _fields_tests(one) if len({str(other.fields) for other in alternatives_of(one.cls)}) > 1 else []


def _axes_tests(array: str, one: Alternative, wanted: list[str]) -> Iterator[str]:
    dots = around(wanted)
    if dots != (0, 0):
        yield f"{array}.ndim {'>=' if dots else '=='} {fewest(wanted)}"
    yield from _size_tests(array, one, wanted)


def _size_tests(array: str, one: Alternative, wanted: list[str]) -> Iterator[str]:
    if "...+" in wanted:
        yield f"0 not in {_slice(array, *(around(wanted) or ()))}"
    for i, axis in placed(wanted):
        here, known = f"{array}.shape[{i}]", [_factor(one, axis, factor) for factor in axis.split("*")]
        if f"{axis}+" in wanted:
            yield f"{here} > 0"
        if all(known) and [here] != known:
            yield f"{here} == {' * '.join(known)}"
        elif any(known) and not all(known):
            yield f"{here} % ({' * '.join(filter(None, known))}) == 0"


@cache
def size_of(one: Alternative, axis: str) -> Callable[[Any], int | None]:
    """A function of the record: the size of an axis, or None if the fields do not determine it."""
    return _compiled("params", [_size(one, axis) or "None"])


def _size(one: Alternative, axis: str) -> str:
    """The size of an axis, as an expression of `params`; empty if the fields do not determine it."""
    known = [_factor(one, axis, factor) for factor in axis.split("*")]
    return " * ".join(known) if all(known) else ""


def _factor(one: Alternative, axis: str, factor: str) -> str:
    if factor in one.places:
        return "params.{}.shape[{}]".format(*one.places[factor])
    return factor if factor.isdecimal() else f"params.{factor}" * (factor != axis and hasattr(one.cls, factor))


def _alike(dA: str, kept: str, one: Alternative, wanted: list[str]) -> Iterator[str]:
    """The tests of the axes of dA: those of `kept` with the same name, and those of fields."""
    wanted = [axis.removesuffix("+") for axis in wanted]
    if wanted == one.out:
        yield f"{dA}.shape == {kept}.shape"
        return
    here, rest = {axis: i for i, axis in placed(wanted)}, [*placed(one.out)]
    if (dots := around(one.out)) and (others := around(wanted)):
        (before, after), (first, last) = dots, others
        if one.out[:before] == wanted[:first]:  # all axes up to those behind `...` are compared at once
            before, first, rest = 0, 0, [(i, axis) for i, axis in rest if i < 0]
        yield f"{_slice(dA, before, after)} == {_slice(kept, first, last)}"
    else:
        yield f"{dA}.ndim == {len(one.out)}"
    for i, axis in rest:
        if known := _size(one, axis) or (f"{kept}.shape[{here[axis]}]" if axis in here else ""):
            yield f"{dA}.shape[{i}] == {known}"


def _slice(array: str, before: int, behind: int) -> str:
    return f"{array}.shape[{before}:{array}.ndim - {behind}]"


def fields_test(cls: Any) -> Callable[[Any], bool]:
    """A test of a record: whether its fields have their axes and one dtype."""
    alternatives, nonempty = alternatives_of(cls), [f.name for f in attrs.fields(cls) if f.metadata.get("nonempty")]
    first, *others = alternatives[0].fields
    tests = [*_either([_fields_tests(one) for one in alternatives])]
    tests += [_if_there(name, [f"params.{name}.dtype == params.{first}.dtype"]) for name in others]
    tests += [_if_there(name, [f"0 not in params.{name}.shape"]) for name in nonempty]
    made: Callable[[Any], bool] = _compiled("params", tests)
    return made


@cache
def fits(one: Alternative, part: str = "") -> Callable[[Any, Any], bool]:
    """A test `(params, array)`: whether the fields have these axes, and an array those of x or of out."""
    return _compiled("params, array", [*_fields_tests(one), *(_axes_tests("array", one, one.of(part)) if part else [])])


def _compiled(arguments: str, tests: list[str]) -> Any:
    source = f"lambda {arguments}: {' and '.join(tests) or True}"
    return eval(compile(source, "<axes>", "eval"), {})  # noqa: S307  made of names of fields and axes


def _fields_tests(one: Alternative) -> Iterator[str]:
    for name, names in one.fields.items():
        yield _if_there(name, [f"params.{name}.ndim == {len(names)}"])
    for name, names in one.fields.items():  # sizes can be compared where the axes are there
        if tests := [*_size_tests(f"params.{name}", one, names)]:
            yield _if_there(name, tests)


def _if_there(name: str, tests: list[str]) -> str:
    return f"(params.{name} is None or {' and '.join(tests)})"


def _either(alternatives: Sequence[Iterable[str]]) -> Iterator[str]:
    """One test, that all tests of some alternative hold; none, if there is an alternative without tests."""
    texts = dict.fromkeys([" and ".join(tests) for tests in alternatives])
    if "" not in texts:
        yield f"({' or '.join(texts)})" if len(texts) > 1 else next(iter(texts))
