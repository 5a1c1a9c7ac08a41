"""The names of mistakes: what each says, the hypotheses that predict it, and the line that derives the right rule."""

from __future__ import annotations

import re

from funcnn.teach.hypotheses import orders, paths, slopes, statistics, sums
from funcnn.teach.tutor.in_parts import IN_PARTS
from funcnn.teach.tutor.mistake import (
    BATCH_NORM,
    BY_OUT,
    CONVOLUTION,
    KINKS,
    OF_A_COPY,
    OF_SLOPE,
    UPSTREAM,
    Mistake,
    PageLine,
)

MISTAKES = (
    Mistake("zero gradient", "the gradient is 0, although f depends on the argument", None, (paths.zero,)),
    Mistake("sign", "the gradient has the opposite sign", None, (paths.sign,)),
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
        quotes=lambda facts: facts.is_one_over_m,
    ),
    Mistake("missing dA", "the gradient does not depend on dA", UPSTREAM, by_dA=(paths.without_dA,)),
    Mistake("doubled dA", "dA is multiplied in twice", UPSTREAM, by_dA=(paths.doubled_dA,)),
    Mistake(
        "wrong sum",
        "a sum or a mean runs over an axis that must remain",
        OF_A_COPY,
        (sums.wrong_sum, statistics.quotient_axis),
        quotes=lambda facts: facts.is_copied,
    ),
    Mistake(
        "missing sum",
        "only one term of a sum is kept, or its terms are not added",
        OF_A_COPY,
        (sums.missing_sum,),
        quotes=lambda facts: facts.is_copied,
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
        quotes=lambda facts: facts.has("matmul"),
    ),
    Mistake(
        "flipped",
        "the gradient is reversed along an axis",
        PageLine(
            *CONVOLUTION,
            r"The chain rule sums over all of them: $dW_{kl} = \sum_{i,j} x_{i+k,\,j+l}\,dA_{ij}$.",
        ),
        (orders.flipped,),
        quotes=lambda facts: facts.is_convolution,
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
        quotes=lambda facts: facts.has("tanh"),
    ),
    Mistake(
        "slope at x",
        "the formula of the slope takes the output, and was given the input",
        BY_OUT,
        (slopes.slope_at_x, statistics.softmax_at_x),
        quotes=lambda facts: facts.has("tanh"),
    ),
    Mistake(
        "slope missing",
        "dA is not multiplied by a slope",
        OF_SLOPE,
        (slopes.slope_missing,),
        quotes=lambda facts: not re.search("factor|sum|deviation|softmax|normal|multiplied", facts.detail),
    ),
    Mistake(
        "branch reversed",
        "the branches of the slope are exchanged",
        KINKS,
        (slopes.branch_reversed,),
        quotes=lambda facts: facts.has("maximum"),
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
        quotes=lambda facts: facts.has("exp", "sum", "divide"),
    ),
    Mistake(
        "statistics constant",
        "a number that is computed from x, such as a norm or mean and variance, is treated as a constant",
        PageLine(*BATCH_NORM, r"Every $x_j$ changes $\mu$ and $s$, and so all $N$ outputs."),
        (statistics.statistics_constant, statistics.quotient_constant),
        quotes=lambda facts: facts.detail == "mean and variance",
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
    *IN_PARTS,
)
NAMED = {mistake.name: mistake for mistake in MISTAKES}
