"""The name of the mistake in an answer that is no backward pass: wrong rules that are run, and their values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import attrs
import numpy as np

from funcnn.arrays import Array, kind
from funcnn.checked import checked
from funcnn.errors import KindError, RangeError
from funcnn.fields import check_function
from funcnn.needs import Function, instance
from funcnn.teach.progress import Diagnosis

CLOSE = 1e-6  # chosen: the relative difference up to which two numbers are the same


@attrs.frozen
class AnswerRules:
    """The right rule of an exercise, wrong ones, each by what is wrong with it, and the arguments of the calls.

    `parts` are the names of the values that a rule returns: of one, or of each in a tuple. Numbers are the same up to
    the relative difference `close`.

    Raises:
        KindError: a rule is not a function, `wrong` is not a mapping, or `args` is not a sequence of tuples.
        RangeError: there is no call.
    """

    right: Callable[..., Any]
    wrong: Mapping[str, Callable[..., Any]]
    args: Sequence[tuple[Any, ...]]
    parts: tuple[str, ...] = ("the result",)
    close: float = CLOSE

    def __attrs_post_init__(self) -> None:
        check_function("AnswerRules", "right", self.right)
        if not isinstance(self.wrong, Mapping):
            raise KindError(f"AnswerRules: wrong must be a mapping from texts to functions, not {kind(self.wrong)}")
        for text, rule in self.wrong.items():
            check_function("AnswerRules", f"wrong[{text!r}]", rule)
        if not (isinstance(self.args, Sequence) and all([isinstance(one, tuple) for one in self.args])):
            raise KindError("AnswerRules: args must be a sequence of tuples, the arguments of each call")
        if not self.args:
            raise RangeError("AnswerRules: args must have at least one call")


@checked
def diagnose_answer(answer: Function, rules: Annotated[AnswerRules, instance(AnswerRules, "AnswerRules")]) -> Diagnosis:
    """Name the mistake in a function by wrong rules that are run: the one whose values are those of the function.

    >>> from funcnn.teach import AnswerRules, diagnose_answer
    >>> wrong = {"x is multiplied by itself, not by 2": lambda x: x * x}
    >>> rules = AnswerRules(lambda x: 2 * x, wrong, [(3.0,), (5.0,)], parts=("the double",))
    >>> found = diagnose_answer(lambda x: x**2, rules)
    >>> print(found.kind)
    x is multiplied by itself, not by 2.

    A mistake is named if its values are those of the function in every call. Each part is
    compared by itself, so two parts may have a mistake each.

    Args:
        answer: the function.
        rules: the right rule and the wrong ones. A call in which a rule raises an exception gives what another rule
            gives that raises one of the same class.

    Raises:
        RangeError: the right rule raises an exception, or does not return a number or an array for each part.
    """
    given, right = [_values(rule, rules) for rule in (answer, rules.right)]
    n = len(rules.parts)
    if not all([isinstance(part, np.ndarray) for parts in right for part in parts]):
        needed = f"return {'numbers' if n == 1 else f'{n} values of numbers'} in each call"
        raise RangeError(f"diagnose_answer: rules.right must {needed}")
    wrong = [k for k in range(n) if not _agree(given, right, k, rules.close)]
    if not wrong:
        return Diagnosis(None, "no result is wrong at these arguments.", "", "")
    where = _where(given, right, wrong, rules)
    made = {text: _values(rule, rules) for text, rule in rules.wrong.items()}
    fits = {k: [text for text, values in made.items() if _agree(given, values, k, rules.close)] for k in wrong}
    common = [text for text in made if all(text in fit for fit in fits.values())]
    chosen = common[:1] or [fit[0] if fit else "" for fit in fits.values()]  # of rules that give the same, the first
    if not all(chosen):
        agree = [name for k, name in enumerate(rules.parts) if k not in wrong]
        rest = f" {' and '.join(agree)} agree with the right rule." if agree else ""
        return Diagnosis(None, where, f"no known mistake gives these numbers.{rest}", "")
    return Diagnosis("usual mistake", where, "; ".join(dict.fromkeys(chosen)) + ".", "")


def first(*found: Diagnosis) -> Diagnosis:
    """The first diagnosis of something wrong, or else the last one."""
    return next((one for one in found if one.kind), found[-1])


def _values(rule: Callable[..., Any], rules: AnswerRules) -> list[list[Any]]:
    """For each call, its parts as arrays, or the class of the exception for each part."""
    found: list[list[Any]] = []
    n = len(rules.parts)
    for args in rules.args:
        try:
            with np.errstate(all="ignore"):
                made = rule(*[a.copy() if isinstance(a, np.ndarray) else a for a in args])
            parts = [made] if n == 1 else list(made)
            found.append([_array(part) for part in parts] if len(parts) == n else [None] * n)
        except Exception as error:  # noqa: BLE001  a learner writes anything
            found.append([type(error)] * n)
    return found


def _array(part: Any) -> Array | None:
    try:
        return None if part is None else np.asarray(part, float)
    except (TypeError, ValueError):
        return None


def _agree(a: list[list[Any]], b: list[list[Any]], k: int, close: float) -> bool:
    return all([_same(one[k], other[k], close) for one, other in zip(a, b, strict=True)])


def _same(a: Any, b: Any, close: float) -> bool:
    if not (isinstance(a, np.ndarray) and isinstance(b, np.ndarray)):
        return isinstance(a, type) and a is b
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=close, atol=close * 1e-3, equal_nan=True))


def _where(
    given: list[list[Any]],
    right: list[list[Any]],
    wrong: list[int],
    rules: AnswerRules,
) -> str:
    texts = []
    for k in wrong:
        calls = [
            (one[k], other[k])
            for one, other in zip(given, right, strict=True)
            if not _same(one[k], other[k], rules.close)
        ]
        raised = [one for one, _ in calls if isinstance(one, type)]
        texts.append(f"{rules.parts[k]} raises {raised[0].__name__}." if raised else f"{rules.parts[k]} is wrong.")
    return " ".join(texts)
