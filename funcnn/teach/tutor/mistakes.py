"""The names of mistakes: what each says, the hypotheses that predict it, and the line that derives the right rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import attrs

from funcnn.arrays import Array
from funcnn.teach.hypotheses import orders, paths, slopes, statistics, sums
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

    `hypotheses` predict a Jacobian. `by_dA` predict a gradient from dA, for rules that are not linear in dA.
    """

    name: str
    kind: str
    line: PageLine
    hypotheses: tuple[Hypothesis, ...] = ()
    by_dA: tuple[Callable[[View, Array], Array], ...] = ()  # noqa: N815  dA is its name everywhere


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
BATCH_NORM = ("questions/batch_norm.md", "Batch norm backward: the derivation")
CONVOLUTION = ("questions/convolution.md", "Convolution by hand: 3 x 3 numbers and a 2 x 2 kernel")

MISTAKES = (
    Mistake("zero gradient", "the gradient is 0, although f depends on the argument", TWO_PATHS, (paths.zero,)),
    Mistake("sign", "the gradient has the opposite sign", UPSTREAM, (paths.sign,)),
    Mistake(
        "factor",
        "a constant factor is missing or too much, such as 2, 1/m, or a mean in place of a sum",
        PageLine(
            "questions/one_over_m.md",
            "Why is there a 1/m in the gradient?",
            r"Each layer is linear in $dA$, for example $dW = \sum_i x_i^T dA_i$, so the factor reaches every gradient "
            "from there: **no layer divides by** $m$.",
        ),
        (paths.factor,),
    ),
    Mistake("missing dA", "the gradient does not depend on dA", UPSTREAM, by_dA=(paths.without_dA,)),
    Mistake("doubled dA", "dA is multiplied in twice", UPSTREAM, by_dA=(paths.doubled_dA,)),
    Mistake(
        "wrong sum",
        "a sum or a mean runs over an axis that must remain",
        OF_A_COPY,
        (sums.wrong_sum, statistics.quotient_axis),
    ),
    Mistake(
        "missing sum",
        "only one term of a sum is kept, or its terms are not added",
        OF_A_COPY,
        (sums.missing_sum,),
    ),
    Mistake(
        "transposed",
        "a matrix or an array is transposed and must not be, or must be and is not",
        PageLine(
            "questions/why_the_transpose.md",
            "Why transpose in backprop?",
            "The transpose exchanges the two indices of $W$, so that the sum for $dx$ is a matrix product too.",
        ),
        (orders.transposed,),
    ),
    Mistake(
        "flipped",
        "the gradient is reversed along an axis",
        PageLine(
            *CONVOLUTION,
            r"The chain rule sums over all of them: $dW_{kl} = \sum_{i,j} x_{i+k,\,j+l}\,dA_{ij}$.",
        ),
        (orders.flipped,),
    ),
    Mistake(
        "kernel not flipped",
        "the kernel must be reversed here, or is reversed and must not be",
        PageLine(
            *CONVOLUTION,
            "So the kernel is rotated here: $dx$ is the correlation of $dA$, with zeros around it, and the rotated "
            "kernel.",
        ),
        (orders.kernel,),
    ),
    Mistake(
        "slope at out",
        "the slope is computed at the output, and must be computed at the input",
        BY_OUT,
        (slopes.slope_at_out,),
    ),
    Mistake(
        "slope at x",
        "the formula of the slope takes the output, and was given the input",
        BY_OUT,
        (slopes.slope_at_x, statistics.softmax_at_x),
    ),
    Mistake(
        "slope missing",
        "dA is not multiplied by a slope",
        PageLine("layers/activations.md", "Activations", r"$dx = dA \cdot f'(x)$."),
        (slopes.slope_missing,),
    ),
    Mistake(
        "branch reversed",
        "the branches of the slope are exchanged",
        PageLine("questions/kinks.md", "Kinks: what is the derivative of Relu at 0?", "$dA$ where out > 0, else 0."),
        (slopes.branch_reversed,),
    ),
    Mistake(
        "diagonal only",
        "each output depends on several entries, and only the slope by its own entry is used",
        PageLine(
            "questions/softmax_derivative.md",
            "The softmax derivative and p - y",
            r"$\dfrac{\partial p_k}{\partial z_j} = p_k\,(\delta_{kj} - p_j)$.",
        ),
        (statistics.diagonal_only,),
    ),
    Mistake(
        "statistics constant",
        "a number that is computed from x, such as a norm or mean and variance, is treated as a constant",
        PageLine(*BATCH_NORM, r"Every $x_j$ changes $\mu$ and $s$, and so all $N$ outputs."),
        (statistics.statistics_constant, statistics.quotient_constant),
    ),
    Mistake(
        "variance constant",
        "the mean has a gradient, and the variance is treated as a constant",
        PageLine(*BATCH_NORM, r"Divide by $2 s$: $\partial s / \partial x_j = u_j / N$."),
        (statistics.variance_constant,),
    ),
    Mistake(
        "mean constant",
        "the variance has a gradient, and the mean is treated as a constant",
        PageLine(
            *BATCH_NORM,
            r"**Mean:** $\partial \mu / \partial x_j = 1/N$, "
            r"so $\partial (x_i - \mu) / \partial x_j = \delta_{ij} - 1/N$.",
        ),
        (statistics.mean_constant,),
    ),
    Mistake(
        "lost residual",
        "the identity beside a branch has no gradient: dA itself is missing",
        PageLine("layers/combinators.md", "Residual blocks", "$out = x + f(x)$ has the derivative $I + J$."),
        (paths.lost_residual,),
    ),
    Mistake(
        "truncated sequence",
        "the gradient does not flow back through earlier steps",
        PageLine(
            "layers/recurrent.md",
            "The derivative",
            "$h_t$ reaches the cost on two paths, through out at $t$ and through step $t + 1$, so its gradient is a "
            "sum.",
        ),
        (paths.truncated,),
    ),
)
NAMED = {mistake.name: mistake for mistake in MISTAKES}
