"""What a name of a mistake says, and the lines of pages that derive the right rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import attrs

from funcnn.arrays import Array
from funcnn.teach.tutor.quoting import Facts
from funcnn.teach.tutor.view import Prediction, View

Hypothesis = Callable[[View], Iterator[Prediction]]


@attrs.frozen
class PageLine:
    """A line of a page under docs/: the page, the title of its section, and the words of the line."""

    page: str
    section: str
    words: str


@attrs.frozen
class Mistake:
    """A name, what it says about the gradient, the line that explains it, and what predicts the gradient.

    The line is quoted if it derives the right rule of what f computes: if `quotes` is true. `hypotheses` predict a
    Jacobian. `by_dA` predict a gradient from dA, for rules that are not linear in dA. Mistakes in a part of f are
    predicted by `funcnn.teach.parts`.
    """

    name: str
    kind: str
    line: PageLine | None
    hypotheses: tuple[Hypothesis, ...] = ()
    by_dA: tuple[Callable[[View, Array], Array], ...] = ()  # noqa: N815  dA is its name everywhere
    quotes: Callable[[Facts], bool] = bool


UPSTREAM = PageLine(
    "questions/what_dA_is.md",
    "What is dA, the upstream gradient?",
    "Backward, each gate takes its $dA$ and multiplies it by its own slopes.",
)
TWO_PATHS = PageLine(
    "questions/what_dA_is.md",
    "What is dA, the upstream gradient?",
    "$x$ reaches the cost on two paths. The chain rule adds them: $dx = 2 + 6 = 8$.",
)
BY_OUT = PageLine(
    "questions/why_a_cache.md",
    "Why does backward need a cache?",
    r"The slope of tanh has two formulas: $1 - \tanh(x)^2$ takes the input, $1 - \text{out}^2$ the output.",
)
OF_A_COPY = PageLine(
    "questions/why_db_sums_over_rows.md",
    "Why does the bias gradient db sum over rows?",
    "Backward, the gradient is the sum along that axis: **the gradient of a copy is a sum**.",
)
OF_SLOPE = PageLine("layers/activations.md", "Activations", r"$dx = dA \cdot f'(x)$.")
KINKS = PageLine("questions/kinks.md", "Kinks: what is the derivative of Relu at 0?", "$dA$ where out > 0, else 0.")
BATCH_NORM = ("questions/batch_norm.md", "Batch norm backward: the derivation")
CONVOLUTION = ("questions/convolution.md", "Convolution by hand: 3 x 3 numbers and a 2 x 2 kernel")
