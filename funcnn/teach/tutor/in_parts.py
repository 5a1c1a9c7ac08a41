"""The names of mistakes in a part of f, and of those in what a backward pass returns, which have no hypotheses."""

from __future__ import annotations

from funcnn.teach.tutor.mistake import OF_A_COPY, OF_SLOPE, TWO_PATHS, UPSTREAM, Mistake

IN_PARTS = (
    Mistake("lost path", "a path has no gradient; a value receives the sum of the gradients of its uses", TWO_PATHS),
    Mistake(
        "term left out",
        "a term of a sum is left out, such as an example, or a round of a loop",
        OF_A_COPY,
        quotes=lambda facts: facts.is_copied,
    ),
    Mistake("max to all", "dA goes to other entries than the largest one, which alone has a slope", None),
    Mistake("wrong slope", "the slope has another formula", OF_SLOPE),
    Mistake("slope of dA", "the slope or the mask is computed from dA, and must be computed from the input", OF_SLOPE),
    Mistake("doubled factor", "a factor or a slope is multiplied in twice", UPSTREAM),
    Mistake("wrong value", "another value has the place of the one that the rule needs", None),
    Mistake("wrong gradient", "another gradient has the place of the upstream gradient", UPSTREAM),
    Mistake("updated weights", "the weights after the step are used, and must be those of the forward pass", None),
    Mistake("missing keepdims", "without keepdims=True a sum for each row is added to the columns", None),
    Mistake("shape", "the numbers are right, and an axis of length 1 is missing or too much", None),
    Mistake("order", "the gradients are returned in another order", None),
    Mistake("term without dA", "a term without dA is added to the gradient, or subtracted from dA", UPSTREAM),
    Mistake("dA added", "dA is added, and must be multiplied", UPSTREAM),
    Mistake("slope too much", "a slope is a factor where f has no such function", None),
    Mistake("factor too late", "a factor is multiplied in after the sums, and must be before them", None),
    Mistake("paths multiplied", "the gradients of two paths are multiplied, and must be added", TWO_PATHS),
    Mistake("several mistakes", "each wrong gradient has a mistake of its own", None),
    Mistake("changed in place", "your backward changes its argument in place", None),
)
RANKED = [
    *(
        "zero gradient",
        "sign",
        "missing dA",
        "doubled dA",
        "dA added",
        "term without dA",
        "order",
        "shape",
        "changed in place",
    ),
    *("lost residual", "kernel not flipped", "transposed", "flipped", "missing keepdims"),
    *("diagonal only", "variance constant", "mean constant", "statistics constant", "max to all"),
    *("slope too much", "factor too late", "paths multiplied", "several mistakes"),
    *("slope missing", "slope at x", "slope at out", "branch reversed", "slope of dA", "doubled factor"),
    *("lost path", "missing sum", "truncated sequence", "term left out", "factor", "wrong sum"),
    *("wrong slope", "updated weights", "wrong value", "wrong gradient"),
]
"""The names in the order in which one is chosen, where mistakes in parts give the same numbers."""
