"""What a value must be, as annotations of arguments and fields: `def cosine(lr: Rate, steps: Count)`.

Type checkers read them as plain types; `checked` makes the checks of a function of them, `record` the converters of a
class.
"""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Callable
from functools import cached_property
from os import PathLike
from types import NoneType, UnionType
from typing import Annotated, Any, Union, cast, get_args, get_origin

import numpy as np

from funcnn.arrays import check_arrays, is_array, kind, short
from funcnn.errors import KindError, RangeError
from funcnn.fields import as_float_dtype, check_function, is_number, is_whole
from funcnn.remedies import written
from funcnn.seeds import NEEDED, Key, as_seed_words

__all__ = ["Count", "Finite", "Flag", "FloatDtype", "Fraction", "Natural", "Number", "Positive", "Rate", "Seed", "Text"]

Explain = Callable[[str, str, Any], Any]

MOST_WHOLE = 2**63 - 1
"""The most that an int of 64 bits holds: the limit of steps and counts, also where an address has 32 bits."""


class Need:
    """A value for which `test`, an expression of `value`, is true stays as it is; `explain` decides about any other.

    `explain(function, argument, value)` returns the value, converted, or raises an error that begins with the function.
    `needed` says for the API pages what the value must be.
    """

    def __init__(self, needed: str, test: str, explain: Explain) -> None:
        self.needed, self.test, self.explain = needed, test, explain

    @cached_property
    def holds(self) -> Callable[[Any], bool]:
        """The test as a function"""
        return cast("Callable[[Any], bool]", _read(f"lambda value: {self.test}", {"inf": math.inf}))


def _read(source: str, space: dict[str, Any]) -> Any:
    """The value of an expression that is written in the code of a module."""
    return eval(compile(source, "<annotation>", "eval"), space)  # noqa: S307  code of a module, as annotations are


def passing(needed: str, check: Callable[[str, str, Any], None]) -> Need:
    """The need for a value that passes a check (function, argument, value); the value stays as it is."""

    def explain(function: str, argument: str, value: Any) -> Any:
        check(function, argument, value)
        return value

    return Need(needed, "False", explain)


def function(needed: str = "a function", takes: int | None = None) -> Need:
    """A function that takes so many arguments by position."""
    return passing(
        needed, lambda function, argument, value: check_function(function, argument, value, needed, takes=takes)
    )


def fitting(needed: str, fits: Callable[[Any], bool], given: Callable[[Any], str] = kind) -> Need:
    """A value for which `fits` is true; of another one the error says what `given` says, its kind."""

    def check(function: str, argument: str, value: Any) -> None:
        if not fits(value):
            raise KindError(f"{function}: {argument} must be {needed}, not {given(value)}")

    return passing(needed, check)


def instance(classes: Any, needed: str) -> Need:
    """An instance of a class, or of one of several: `instance(str | PathLike, "a path")`."""
    return fitting(needed, lambda value: isinstance(value, classes))


def word(*words: str) -> Need:
    """One of the words."""
    *others, last = [f'"{word}"' for word in words]
    given = lambda value: short(value) if isinstance(value, str) else kind(value)
    return fitting(f"{', '.join(others)} or {last}", lambda value: isinstance(value, str) and value in words, given)


def number(limits: str = "", needed: str = "") -> Need:
    """A real number within limits, an expression of `value`, to a Python float: np.float64 would widen float32."""

    def explain(function: str, argument: str, value: Any) -> float:
        if not is_number(value):
            remedy = _as_number(argument, value, need if limits else None)
            raise KindError(f"{function}: {argument} must be a number, not {kind(value)}{remedy}")
        try:
            made = float(value)
        except TypeError:  # from JAX, for a tracer, whose value is not known
            return cast("float", value)
        except OverflowError:
            most = f"{sys.float_info.max:.2g}"
            raise RangeError(f"{function}: {argument} must be in [-{most}, {most}], not {written(value)}") from None
        if limits and not need.holds(made):
            raise RangeError(f"{function}: {argument} must be {needed}, not {value}")
        return made

    words = f"a number, {needed}" if needed else "a number"
    need = Need(words, f"type(value) is float and {limits}" if limits else "type(value) is float", explain)
    return need


def _as_number(argument: str, value: Any, need: Need | None) -> str:
    """The remedy for what has a number, such as a Plateau, or becomes one within the limits: a Decimal, text"""
    if is_number(getattr(value, "lr", None)):
        return f"; write {argument}.lr"
    if " " in argument:  # words, and no expression
        return ""
    try:
        made = math.nan if isinstance(value, bool | np.bool_ | np.ndarray) else float(value)
        becomes_one = math.isfinite(made) and (need is None or need.holds(made))
    except (TypeError, ValueError, OverflowError):
        becomes_one = False
    return f"; write float({argument})" if becomes_one else ""


def whole(least: int | None = None, most: int = MOST_WHOLE) -> Need:
    """A whole number in [least, most], by default of any size, to a Python int."""

    def explain(function: str, argument: str, value: Any) -> int:
        if not is_whole(value) and not (is_array(value) and value.shape == () and value.dtype.kind in "iu"):
            is_one = is_number(value) and math.isfinite(value) and value == int(value)
            is_one = is_one and (least is None or least <= value <= most)
            remedy = f"; write int({argument})" if is_one else ""
            raise KindError(f"{function}: {argument} must be a whole number, not {kind(value)}{remedy}")
        value = operator.index(value)
        if least is not None and not least <= value <= most:
            limit = f"at least {least}" if value < least else f"at most {most}"
            raise RangeError(f"{function}: {argument} must be {limit}, not {written(value)}")
        return value

    if least is None:
        return Need("a whole number", "type(value) is int", explain)
    return Need(f"a whole number of at least {least}", f"type(value) is int and {least} <= value <= {most}", explain)


def _flag(function: str, argument: str, value: Any) -> bool:
    if not isinstance(value, bool | np.bool_):  # a string would count as true
        raise KindError(f"{function}: {argument} must be True or False, not {kind(value)}")
    return bool(value)


def _text(function: str, argument: str, value: Any) -> str:
    if not isinstance(value, str):
        raise KindError(f"{function}: {argument} must be a string, not {kind(value)}")
    return str.__str__(value)  # a plain str, also from an np.str_ or a member of an enumeration


Number = Annotated[float, number()]
Finite = Annotated[float, number("-inf < value < inf", "finite")]
Rate = Annotated[float, number("0 <= value < inf", "finite and not negative")]
Positive = Annotated[float, number("0 < value < inf", "finite and above 0")]
Fraction = Annotated[float, number("0 <= value < 1", "in [0, 1)")]
Whole = Annotated[int, whole()]
Natural = Annotated[int, whole(0)]
Count = Annotated[int, whole(1)]
Flag = Annotated[bool, Need("True or False", "value is True or value is False", _flag)]
Text = Annotated[str, Need("a string", "type(value) is str", _text)]
Function = Annotated[Callable[..., Any], function()]
FilePath = Annotated[str | PathLike[str], instance(str | PathLike, "a path")]
Arrays = Annotated[Any, passing("an array or a tuple of arrays", check_arrays)]
FloatDtype = Annotated[Any, Need("a type of real floats, such as np.float32", "False", as_float_dtype)]
Seed = Annotated[int | tuple[Any, ...] | Key, Need(NEEDED, "False", as_seed_words)]


def explained(annotation: Any) -> Explain:
    """The function (function, argument, value) that returns the value as the annotation needs it, or raises."""
    return next(data for data in annotation.__metadata__ if isinstance(data, Need)).explain


def guard(annotation: Any) -> Explain:
    """As `explained`, but the test comes first: for arguments that are checked in each step."""
    need = next(data for data in annotation.__metadata__ if isinstance(data, Need))
    return lambda function, argument, value: value if need.holds(value) else need.explain(function, argument, value)


def words_of(seed: Seed) -> tuple[int, ...]:
    """The ints of a seed: one, or those of the tuple."""
    return seed if isinstance(seed, tuple) else (cast("int", seed),)


# For arguments of computed names, such as lr(step).
as_number, as_finite, as_rate, as_positive, as_fraction = map(guard, (Number, Finite, Rate, Positive, Fraction))
as_whole, as_flag, as_text, as_path, as_seed = map(explained, (Whole, Flag, Text, FilePath, Seed))


def as_count(function: str, argument: str, value: Any, *, least: int = 1, most: int = MOST_WHOLE) -> int:
    """The value as a whole number in [least, most]."""
    return cast("int", whole(least, most).explain(function, argument, value))


def as_learning_rate(function: str, argument: str, value: Any) -> Any:
    """The value as a finite number that is not negative; a tracer stays as it is."""
    step = {"sgd": "step", "compiled_step": "state.step"}.get(function, "")
    if step and callable(value) and not isinstance(value, type) and not is_number(value):
        raise KindError(f"{function}: {argument} must be a number, not {kind(value)}; write {argument}({step})")
    return as_rate(function, argument, value)


def need_of(annotation: Any, space: dict[str, Any]) -> Need | None:
    """The need that an annotation declares, a text being read among the names of `space`; None if it declares none.

    Where the annotation allows None beside it, as `Count | None` does, None passes.
    """
    if isinstance(annotation, str):  # a name is looked up, which is faster than to compile it
        annotation = space[annotation] if annotation in space else _read(annotation, space)
    parts = get_args(annotation) if get_origin(annotation) in {Union, UnionType} else (annotation,)
    found = [data for part in parts for data in getattr(part, "__metadata__", ()) if isinstance(data, Need)]
    if found and NoneType in parts:
        return Need(f"{found[0].needed}, or None", f"value is None or ({found[0].test})", found[0].explain)
    return found[0] if found else None
