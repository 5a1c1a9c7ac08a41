"""Mutation testing of checks: the share of planted mistakes that a check finds.

A mutant is a backward pass with one likely mistake, together with the correct backward pass. `score` runs a check on a
table of mutants and lists the mutants that the check did not find.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import hypothesis
from attrs import frozen
from hypothesis import HealthCheck, Phase, given, reject, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import SearchStrategy

from funcnn.arrays import Array, kind
from funcnn.errors import KindError, RangeError
from funcnn.fields import as_count, check_function, check_text, check_whole
from funcnn.testing.differentiation.vector_function import Vjp
from funcnn.testing.verdict import GradientError, Inconclusive
from funcnn.testing.vjp import check_vjp

Pair = tuple[Callable[..., Array], Vjp]
Check = Callable[..., Any]


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
        check_text("Mutant", self.name, "name")
        check_text("Mutant", self.why, "why")
        if not isinstance(self.arguments, SearchStrategy):
            raise KindError(f"Mutant: arguments must be a strategy of hypothesis, not {kind(self.arguments)}")
        for name, pair in (("right", self.right), ("wrong", self.wrong)):
            if type(pair) is not tuple or len(pair) != 2 or not all(map(callable, pair)):
                raise KindError(f"Mutant: {name} must be a pair of functions (f, vjp), not {kind(pair)}")


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


def is_caught(mutant: Mutant, check: Check = check_vjp, seed: int = 0, examples: int = 100) -> str | None:
    """The name of the error by which a check finds the mistake within `examples` examples; None if it does not.

    Other exceptions of the check are raised. An inconclusive example does not count as found.

    Raises:
        KindError: `mutant` is not a Mutant, `check` not a function, `seed` or `examples` not a whole number.
        RangeError: `examples` is less than 1.
    """
    _check("is_caught", mutant, check, seed, examples)
    found: list[GradientError] = []

    @hypothesis.seed(int(seed))
    @settings(
        max_examples=int(examples),
        phases=[Phase.generate],
        database=None,
        deadline=None,
        derandomize=False,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
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


def score(
    mutants: Iterable[Mutant], check: Check = check_vjp, seeds: Iterable[int] = range(5), examples: int = 100
) -> Score:
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
        KindError: `mutants` are not Mutants, or `seeds` not whole numbers; `check` and `examples` as in `is_caught`.
        RangeError: there is no mutant or no seed; `examples` is less than 1.
    """
    table, rerun = _listed(mutants, "mutants"), _listed(seeds, "seeds")
    for mutant in table:
        for seed in rerun:
            _check("score", mutant, check, seed, examples)
    rows = [Row(one.name, tuple([is_caught(one, check, seed, examples) for seed in rerun])) for one in table]
    return Score(tuple(rows))


def _check(whose: str, mutant: Any, check: Any, seed: Any, examples: Any) -> None:
    if not isinstance(mutant, Mutant):
        raise KindError(f"{whose}: a mutant must be a Mutant, not {kind(mutant)}")
    check_function(whose, check, "check")
    check_whole(whose, seed, "a seed")
    as_count(whose, examples, "examples")


def _listed(values: Any, what: str) -> list[Any]:
    try:
        listed = list(values)
    except TypeError:
        raise KindError(f"score: {what} must be a list or another iterable, not {kind(values)}") from None
    if not listed:
        raise RangeError(f"score: {what} must not be empty")
    return listed
