"""The name of the mistake in a wrong gradient, of a function or of a layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from funcnn.checked import checked
from funcnn.inspection.checks import Network
from funcnn.needs import Arrays
from funcnn.teach.progress import Diagnosis

if TYPE_CHECKING:
    from funcnn.testing.arguments import Argnums, Convention
    from funcnn.testing.domain import Interval


def diagnose(
    f: Callable[..., Any],
    vjp: Callable[..., Any],
    args: Sequence[Any],
    *,
    argnums: Argnums | None = None,
    kwargs: Mapping[str, Any] | None = None,
    convention: Convention | None = None,
    domain: Callable[..., Any] | Mapping[str, Interval] | None = None,
) -> Diagnosis:
    r"""Name the mistake in `vjp(args, dA)`, from f and vjp alone, if one mistake explains the wrong gradient.

    f and vjp are those of `funcnn.testing.check_vjp`. The Jacobian J of f is estimated by finite differences, and that
    of vjp by unit cotangents, at args and at five draws near them. Each known mistake predicts what vjp would give:
    for example $dA\,J^T$ for $dA\,J$ if a matrix is not transposed. A mistake is named if it fits every wrong argument
    in every draw, and no other mistake does. Otherwise f is recorded, if it computes with NumPy's functions, and the
    backward pass of its operations is run with one wrong rule at a time. The name is None if none of them fits. Hint 3
    quotes the line of a page if it derives the rule, and says else how to compute an entry.

    >>> import numpy as np
    >>> from funcnn.teach import diagnose
    >>> def sigmoid(x):
    ...     return 1 / (1 + np.exp(-x))
    >>> found = diagnose(sigmoid, lambda args, dA: [dA * args[0] * (1 - args[0])], [np.linspace(-2, 2, 6)])
    >>> found.name
    'slope at x'
    >>> print(found.hint(2))
    slope at x: the formula of the slope takes the output, and was given the input.
    hint(3) leads to the right rule.
    >>> print(found.hint(3))
    Compute one entry by hand: add slope times dA over all outputs that this number changes.

    Choose arguments of different sizes and without zeros: with one row, a mean and a sum are equal, and the mistake has
    no name.

    Args:
        f: the function.
        vjp: its backward pass, whose mistake is sought.
        args: the arguments, at most 400 numbers together. f's value has at most 400 numbers too.
        argnums: as in `check_vjp`.
        kwargs: as in `check_vjp`.
        convention: as in `check_vjp`.
        domain: as in `check_vjp`: the arguments at which f and vjp may be called.

    Raises:
        KindError: as `check_vjp`.
        RangeError: as `check_vjp`, or there are more than 400 numbers.
        GradientError: vjp does not return a gradient for each argument.
        Inconclusive: f is not finite at args, or args are outside domain.
        MissingError: hypothesis is not installed, which `funcnn.testing` needs.
    """
    from funcnn.teach.tutor import verdict  # noqa: PLC0415  it needs hypothesis, as all of testing does

    return verdict.diagnose(f, vjp, args, argnums, kwargs, convention, domain)


@checked
def diagnose_layer(params: Network[Any], x: Arrays, *, domain: Any = None) -> Diagnosis:
    """Name the mistake in the backward of a layer, as `diagnose` does for a function.

    >>> import numpy as np
    >>> from funcnn import Elementwise, record
    >>> from funcnn.teach import diagnose_layer
    >>> @record
    ... class Tanh2(Elementwise):
    ...     def value(self, x):
    ...         return np.tanh(x)
    ...     def slope(self, kept):
    ...         return 1 - kept**2  # kept is x, and the formula needs out
    >>> diagnose_layer(Tanh2(), np.linspace(-2, 2, 6)).name
    'slope at x'

    Args:
        params: the layer, or a tuple of layers.
        x: its input. The parameters and x have at most 400 numbers together, and so has the output.
        domain: as in `check_layer`.

    Raises:
        RangeError: there are more than 400 numbers.
        GradientError: backward raises an exception, or breaks the protocol of a layer.
        Inconclusive: as `diagnose`.
        MissingError: as `diagnose`.
    """
    from funcnn.teach.tutor.verdict import of_layer  # noqa: PLC0415  it needs hypothesis, as all of testing does

    return of_layer(params, x, domain)
