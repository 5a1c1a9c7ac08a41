"""Errors of a failed call of a verb: wrong arguments, a rule with other parameters, or a wrong result of a rule."""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, signature
from typing import Any

from funcnn.arrays import counted, is_array, kind
from funcnn.errors import FuncnnError, KindError
from funcnn.fields import call_text, parameters_of
from funcnn.records import is_record

Rule = Callable[..., Any]


def call_error(verb: Rule, rule: Rule | None, error: Exception, *given: Any) -> KindError | None:
    """The error that explains `error`, with which a rule failed: wrong arguments, or other parameters of the rule.

    None if the arguments and the parameters are in order. `verb` is the verb as it is declared, and `given` are all
    of its arguments.
    """
    if isinstance(error, FuncnnError):
        return None
    explained = _arguments_error(verb, given)
    if explained is None and type(error) is TypeError:
        explained = _parameters_error(verb, rule, given)
    return explained


def result_error(function: str, params: Any, made: Any, needed: str) -> KindError:
    """The error for a result that no rule for the class of `params` may return."""
    found = counted(len(made), "value") if type(made) is tuple else kind(made)
    return KindError(f"{function}: the rule for {type(params).__name__} must return {needed}, not {found}")


def _arguments_error(verb: Rule, given: tuple[Any, ...]) -> KindError | None:
    """The error for arguments that no rule takes: too few, too many, or one that holds no arrays; None if all fit."""
    function, (_, *parameters) = verb.__name__, signature(verb).parameters.values()
    least = 1 + len([parameter for parameter in parameters if parameter.default is Parameter.empty])
    if not least <= len(given) <= 1 + len(parameters):
        names = ", ".join(signature(verb).parameters)
        return KindError(f"{function}: the arguments must be ({names}), not {counted(len(given), 'argument')}")
    for parameter, value in zip(parameters, given[1:], strict=False):
        is_checked = value is parameter.default or parameter.annotation in ("int", "Values")  # checked by the verb
        if not is_checked and not _holds_arrays(value):
            return KindError(f"{function}: {parameter.name} must be an array or a tuple of arrays, not {kind(value)}")
    return None


def _holds_arrays(value: Any) -> bool:
    """Whether `value` is an array of numbers, a record, or a tuple (or NamedTuple) of these, of None and of ints."""
    if isinstance(value, tuple):
        return all([part is None or type(part) is int or _holds_arrays(part) for part in value])
    return (is_array(value) and getattr(value.dtype, "kind", "no") not in "OSTUVMm") or is_record(value)


def _parameters_error(verb: Rule, rule: Rule | None, given: tuple[Any, ...]) -> KindError | None:
    """The error for a rule that cannot be called with the arguments of the verb; None if it can."""
    if (found := parameters_of(rule)) is None:
        return None
    try:
        found.bind(*given)
    except TypeError:
        function, cls, taken = verb.__name__, type(given[0]).__name__, signature(verb).parameters.values()
        needed = ", ".join([one.name + ("=None" if one.default is None else "") for one in taken])
        return KindError(f"{function}: the rule for {cls} must take ({needed}), not {call_text(rule)}")
    return None
