"""The line of a page that is quoted for a mistake, if it derives the rule, as plain text for a terminal."""

from __future__ import annotations

import re
from collections.abc import Sequence

import attrs

from funcnn.teach.hypotheses.orders import is_convolution
from funcnn.teach.tutor.draws import Draw
from funcnn.teach.tutor.view import View

BY_HAND = "Compute one entry by hand: add slope times dA over all outputs that this number changes."
_WORDS = (
    (r"\\d?frac\{(.*?)\}\{(.*?)\}(?=$|[^}])", r"\1 / \2"),
    (r"\\text\{(\w+)\}", r"\1"),
    (r"\\partial\s*", "d"),
    (r"\\sum_(\{.*?\}|\w)", r"sum over \1 of "),
    (r"\\(mu|delta|tanh|cdot)", lambda found: {"cdot": "*"}.get(found[1], found[1])),
    (r"\\,|\\ ", " "),
    (r"_\{(.*?)\}", r"[\1]"),
    (r"\*\*|[${}]", ""),
    (r"\s+", " "),
)


def plain(words: str) -> str:
    r"""Words of a page without the marks of TeX and Markdown.

    >>> from funcnn.teach.tutor.quoting import plain
    >>> plain(r"**Mean:** $\partial \mu / \partial x_j = 1/N$")
    'Mean: dmu / dx_j = 1/N'
    """
    for pattern, text in _WORDS:
        words = re.sub(pattern, text, words)
    return words.strip()


@attrs.frozen
class Facts:
    """What is known of a named mistake: its details, the draws, the wrong arguments, and the operations of f."""

    detail: str
    draws: Sequence[Draw]
    wrong: Sequence[int]
    operations: frozenset[str]

    @property
    def is_copied(self) -> bool:
        """Whether NumPy copies a wrong argument along an axis, as a bias to each row."""
        out = self.draws[0].function.out.shape
        shapes = [self.draws[0].function.args[i].shape for i in self.wrong]
        is_sum = "matmul" in self.operations
        return any([_is_copied(shape, out) for shape in shapes]) and not (is_sum and all(len(s) > 1 for s in shapes))

    @property
    def is_convolution(self) -> bool:
        """Whether f moves a window along a wrong argument, or along another one."""
        return any([is_convolution(View(self.draws[0], i)) for i in self.draws[0].jacobians])

    @property
    def is_one_over_m(self) -> bool:
        """Whether the factor is the number of rows, or its inverse."""
        found = re.match(r"([\d.e-]+) times the right gradient", self.detail)
        rows = self.draws[0].function.out.shape[:1]
        return found is not None and any([abs(float(found[1]) / c - 1) < 1e-3 for n in rows for c in (n, 1 / n)])

    def has(self, *names: str) -> bool:
        """Whether f has these operations."""
        return self.operations.issuperset(names)


def _is_copied(shape: tuple[int, ...], out: tuple[int, ...]) -> bool:
    return len(shape) < len(out) or any([a < b for a, b in zip(shape, out, strict=False)])


def quoted(page: str, section: str, words: str) -> str:
    """The page, the section and the line."""
    return f'docs/{page}, "{section}":\n{plain(words)}'
