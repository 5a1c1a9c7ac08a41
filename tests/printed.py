"""Comparison of printed output with the output on a page, whose last digits depend on the processor.

A page shows each message whole. Text and whole numbers must be equal. A decimal number may differ by a relative error
of `CLOSE`, since NumPy sums in another order on another processor. Estimates of rounding errors, and what is counted in
them, have one significant digit, and differ by more.
"""

import re
from doctest import OutputChecker
from math import isclose

from sybil.evaluators.doctest import DocTestEvaluator

CLOSE = 1e-4  # relative
SIZE = 100  # the factor by which two estimates of a rounding error may differ
DIGITS = 2  # the same, in decimal digits that agree
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[+-]\d+)?(?![\w.]*[A-Za-z_])")


def agree(expected: str, printed: str) -> bool:
    """Whether two texts differ by nothing but rounding."""
    if NUMBER.split(expected) != NUMBER.split(printed):
        return False
    found = zip(NUMBER.finditer(expected), NUMBER.finditer(printed), strict=True)
    return all(_same(a[0], b[0], expected[a.end() :]) for a, b in found)


def _same(expected: str, printed: str, after: str) -> bool:
    a, b = float(expected), float(printed)
    if after.startswith((" digits", " of numeric")):
        return abs(a - b) <= DIGITS
    if after.startswith(" bounds") or re.fullmatch(r"-?\de[+-]\d+", expected):
        return a == b or (b != 0 and 1 / SIZE <= a / b <= SIZE)
    return isclose(a, b, rel_tol=CLOSE) if re.search(r"[.e]", expected) else expected == printed


class UpToRounding(OutputChecker):
    """`agree`, and all that doctest accepts; spaces at the ends of lines do not count."""

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        """Whether it is accepted."""
        want, got = ("".join(f"{line.rstrip()}\n" for line in text.splitlines()) for text in (want, got))
        return super().check_output(want, got, optionflags) or agree(want.rstrip(), got.rstrip())


def up_to_rounding(evaluator: DocTestEvaluator) -> DocTestEvaluator:
    """The evaluator, comparing with `agree`."""
    evaluator.runner._checker = UpToRounding()  # its class takes no checker
    return evaluator
