"""Mutation testing of checks: the share of planted mistakes that a check finds.

A mutant is a backward pass with one likely mistake, together with the correct backward pass. `score` runs a check on a
table of mutants and lists the mutants that the check did not find.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Annotated, Any

import hypothesis
from attrs import frozen
from hypothesis import HealthCheck, Phase, given, reject, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import SearchStrategy

from funcnn.arrays import Array, kind
from funcnn.checked import checked
from funcnn.errors import KindError, RangeError
from funcnn.needs import Count, Function, Need, Text, Whole, fitting, guard, instance
from funcnn.testing.differentiation.vector_function import Vjp
from funcnn.testing.tensors import Strategy
from funcnn.testing.verdict import GradientError, Inconclusive
from funcnn.testing.vjp import check_vjp

# Examples that are drawn and neither kept nor shrunk.
DRAWN_ONCE = settings(
    phases=[Phase.generate],
    database=None,
    deadline=None,
    derandomize=False,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)


def _is_pair(value: Any) -> bool:
    return type(value) is tuple and len(value) == 2 and all(map(callable, value))


Pair = Annotated[tuple[Callable[..., Array], Vjp], fitting("a pair of functions (f, vjp)", _is_pair)]


@frozen
class Mutant:
    """A pair `(f, vjp)` with one mistake, the pair without the mistake, and a strategy for their arguments.

    >>> import numpy as np
    >>> from funcnn.testing import strategies as fst
    >>> from funcnn.testing.mutation import Mutant, is_caught
    >>> doubled = Mutant(
    ...     name="sin: twice the gradient",
    ...     why="added for two uses, but x is used once",
    ...     arguments=fst.tensors("m n"),
    ...     right=(np.sin, lambda args, dA: [dA * np.cos(args[0])]),
    ...     wrong=(np.sin, lambda args, dA: [dA * np.cos(args[0]) * 2]),
    ... )
    >>> is_caught(doubled) is not None
    True
    """

    name: str
    why: str  # why the mistake is likely
    arguments: SearchStrategy[tuple[Any, ...]]
    right: Pair
    wrong: Pair

    def __attrs_post_init__(self) -> None:
        """Check that the fields are strings, a strategy and two pairs of functions."""
        needs = {"name": Text, "why": Text, "arguments": Strategy, "right": Pair, "wrong": Pair}
        for field, need in needs.items():
            guard(need)("Mutant", field, getattr(self, field))


@frozen
class Row:
    """One mutant, and for each seed the name of the error that found it, or None."""

    name: str
    errors: tuple[str | None, ...]

    @property
    def caught(self) -> int:
        """The number of seeds with which the mutant was found."""
        return sum([error is not None for error in self.errors])

    def __str__(self) -> str:
        kinds = Counter(filter(None, self.errors))
        return f"{self.caught}/{len(self.errors)}  {self.name}  {', '.join(kinds)}".rstrip()


@frozen
class Score:
    """The result of a check on a table of mutants. Its `str` lists the mutants, the survivors first."""

    rows: tuple[Row, ...]

    @property
    def survivors(self) -> tuple[Row, ...]:
        """The mutants that were missed with at least one seed."""
        return tuple([row for row in self.rows if row.caught < len(row.errors)])

    def __str__(self) -> str:
        rows = sorted(self.rows, key=lambda row: row.caught)
        caught = len(self.rows) - len(self.survivors)
        return "\n".join([*map(str, rows), f"{caught} of {len(rows)} mutants are caught at every seed"])


def _several(needed: str, annotation: Any) -> Need:
    """A list of values, each of which is as the annotation needs it, made of any iterable."""
    as_one = guard(annotation)

    def explain(function: str, argument: str, value: Any) -> list[Any]:
        try:
            listed = list(value)
        except TypeError:
            raise KindError(f"{function}: {argument} must be {needed}, not {kind(value)}") from None
        if not listed:
            raise RangeError(f"{function}: {argument} must not be empty")
        return [as_one(function, f"{argument}[{i}]", one) for i, one in enumerate(listed)]

    return Need(needed, "False", explain)


OneMutant = Annotated[Mutant, instance(Mutant, "a Mutant")]
Mutants = Annotated[Iterable[Mutant], _several("an iterable of Mutants", OneMutant)]
Seeds = Annotated[Iterable[int], _several("an iterable of whole numbers", Whole)]


@checked
def is_caught(mutant: OneMutant, check: Function = check_vjp, seed: Whole = 0, examples: Count = 100) -> str | None:
    """The name of the error by which a check finds the mistake within `examples` examples; None if it does not.

    Other exceptions of the check are raised. An inconclusive example does not count as found.
    """
    found: list[GradientError] = []

    @hypothesis.seed(seed)
    @settings(DRAWN_ONCE, max_examples=examples)
    @given(mutant.arguments)
    def run(args: tuple[Any, ...]) -> None:
        if found:  # hypothesis repeats a failure to report it, and a mistake that depends on state may not fail again
            raise found[0]
        try:
            check(*mutant.wrong, args)
        except GradientError as error:
            found.append(error)
            raise
        except Inconclusive:
            reject()

    try:
        run()
    except GradientError as error:
        return type(error).__name__
    except Unsatisfiable:
        pass
    return None


@checked
def score(mutants: Mutants, check: Function = check_vjp, seeds: Seeds = range(5), examples: Count = 100) -> Score:
    """Run a check on every mutant, with every seed.

    >>> import numpy as np
    >>> from funcnn.testing import strategies as fst
    >>> from funcnn.testing.mutation import Mutant, score
    >>> right = (np.abs, lambda args, dA: [dA * np.sign(args[0])])
    >>> wrong = (np.abs, lambda args, dA: [dA])
    >>> unsigned = Mutant("abs: the slope is 1", "all examples were positive", fst.tensors("m n"), right, wrong)
    >>> print(score([unsigned], check=lambda f, vjp, args: None, seeds=[0]))
    0/1  abs: the slope is 1
    0 of 1 mutants are caught at every seed
    >>> score([unsigned], seeds=[0]).survivors
    ()

    Raises:
        RangeError: there is no mutant or no seed.
    """
    rows = [Row(one.name, tuple([is_caught(one, check, seed, examples) for seed in seeds])) for one in mutants]
    return Score(tuple(rows))
