"""The names of numbers that a rule makes on its way: the local variables of its functions.

When a function returns, each of its variables that is an array with terms is noted. So the rows of an LSTM are those of
its cell, by the names that they have in its source, and a rule of your own needs nothing for it.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import attrs

from funcnn.arrays import Array
from funcnn.teach.numbers import TermArray

# Modules whose variables are steps of a function that is read as one, such as sigmoid, or of the machinery. Those of a
# convolution are images before the bias is added, and windows gathered as rows.
_AS_ONE = ("funcnn.arrays", "funcnn.elementary")
_MACHINERY = (
    "attr",
    "funcnn.dispatch",
    "funcnn.gradients",
    "funcnn.objects",
    "funcnn.rule_errors",
    "funcnn.teach",
    "numpy",
)
_PARTS = ("funcnn.layers.convolution",)
_CHECKS = ("funcnn.layers.checks", "funcnn.layers.notes", "funcnn.inspection.log", "funcnn.losses.base")


@attrs.define(eq=False)
class Variables:
    """The variables of a rule: the function, the number of its call, the name, and the numbers as an array of objects.

    `calls` has the number of calls of each function.
    """

    found: list[tuple[Any, int, str, Array]] = attrs.field(factory=list)
    calls: Counter[Any] = attrs.field(factory=Counter)


class Watch:
    """The variables of the rules that run, a list for each rule that is at work."""

    def __init__(self, most: int) -> None:
        """Note arrays of at most `most` numbers."""
        self.most, self.stack = most, list[Variables]()

    def hook(self, frame: FrameType, event: str, _: Any) -> None:
        """Note the variables of a function that returns."""
        if event != "return" or not self.stack:
            return
        if str(frame.f_globals.get("__name__")).startswith(_AS_ONE + _MACHINERY + _CHECKS + _PARTS):
            return
        rule, code = self.stack[-1], frame.f_code
        rule.calls[code] += 1
        for name, value in frame.f_locals.items():
            if type(value) is TermArray and value.data.dtype == object and 0 < value.data.size <= self.most:
                rule.found.append((code, rule.calls[code], name, value.data.copy()))

    @contextmanager
    def running(self) -> Iterator[None]:
        """A block whose functions are watched, unless a profiler watches the program, of which there can be one."""
        if sys.getprofile() is not None:
            yield
            return
        sys.setprofile(self.hook)
        try:
            yield
        finally:
            sys.setprofile(None)

    @contextmanager
    def rule(self) -> Iterator[Variables]:
        """A block in which one rule runs; the result has its variables, without those of rules inside it."""
        found = Variables()
        self.stack.append(found)
        try:
            yield found
        finally:
            self.stack.pop()
