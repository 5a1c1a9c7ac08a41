"""What a check can say: nothing (the gradient passed), that it is wrong, or that it could not tell."""


class GradientError(AssertionError):
    """A backward pass that is wrong: its gradient, its shapes, its dtypes, or what it does to its arguments."""


class Inconclusive(Exception):  # noqa: N818  no error, a verdict
    """No probe could tell right from wrong: rounding, or a kink wherever it looked."""
