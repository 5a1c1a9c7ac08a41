"""Full-batch training by the methods of `scipy.optimize`, for small networks and data that fit into memory."""

from __future__ import annotations

import math
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from funcnn.arrays import Array, counted, freeze, short
from funcnn.checked import checked
from funcnn.core import Loss, value_and_grad
from funcnn.errors import KindError, NotFiniteError
from funcnn.extras import needing
from funcnn.inspection.checks import Network
from funcnn.logits import squashed_twice
from funcnn.needs import Arrays, Count, Rate
from funcnn.trees.vectors import from_vector, to_vector

__all__ = ["Minimum", "minimize"]

P = TypeVar("P")

METHODS = "L-BFGS-B", "BFGS", "CG", "Newton-CG"  # need only the gradient, and report the cost of each iteration


class Minimum(NamedTuple, Generic[P]):
    """The result of `minimize`.

    `history[k]` is the cost after k iterations, `history[0]` the cost at the start. `evaluations` is how often cost and
    gradient were computed, `converged` whether the method met its own stopping criterion, `message` is SciPy's message.
    """

    params: P
    cost: float
    history: Array
    evaluations: int
    converged: bool
    message: str


@checked
def minimize(
    params: Network[P],
    x: Arrays,
    y: Any,
    loss: Loss,
    *,
    method: str = "L-BFGS-B",
    steps: Count = 1000,
    tolerance: Rate | None = None,
) -> Minimum[P]:
    """The network with the least `loss(forward(params, x)[0], y)` that a method of `scipy.optimize.minimize` finds.

    Every step uses all rows, and a line search replaces the learning rate. `method` is one of
    L-BFGS-B (Byrd, Lu, Nocedal & Zhu 1995, A Limited Memory Algorithm for Bound Constrained Optimization), BFGS, CG and
    Newton-CG (Nocedal & Wright 2006, Numerical Optimization, chapters 6, 5 and 7), `steps` the largest number of
    iterations, and `tolerance` SciPy's `tol`, whose meaning and default depend on the method.

    SciPy works in float64; a float32 network is rounded in each evaluation and stays float32. Parameters that are
    arrays of JAX become arrays of NumPy. The states of layers do not change: each evaluation starts from the states of
    `params`, so a dropout layer has the same mask in all of them, and running statistics need a step with learning rate
    0 after the training.

    >>> import numpy as np
    >>> from funcnn import Dense, mse
    >>> from funcnn.interop.scipy import minimize
    >>> x = np.arange(-2.0, 5.0)[:, None]
    >>> line = minimize(Dense(np.zeros((1, 1)), np.zeros(1)), x, 2 * x + 1, mse)
    >>> line.params, line.converged
    (Dense(W=<f64 [[2.]]>, b=<f64 [1.]>), True)

    Raises:
        MissingError: SciPy is not installed.
        KindError: `params` has no real numbers to train, `loss` takes logits of a network that gives probabilities, or
            `method` is not one of the four.
        NotFiniteError: the cost at the start, or at a point that the method evaluated last, is not finite.
    """
    if found := squashed_twice("the loss", loss, params):
        raise KindError(f"minimize: {found}")
    if not isinstance(method, str) or method not in METHODS:
        raise KindError(f"minimize: method must be one of {', '.join(METHODS)}, not {short(method)}")
    options = {"maxiter": steps}
    if method == "L-BFGS-B":
        options["maxfun"] = 100 * steps  # the default of 15000 could end the run early
    start = np.asarray(to_vector(params))
    if not start.size or start.dtype.kind == "c":
        raise KindError(f"minimize: params must have real numbers to train, not be {short(params)}")
    with needing("minimize", "scipy"):
        from scipy import optimize  # noqa: PLC0415  an optional extra
    cost_and_grads, costs, history = value_and_grad(loss), [], []

    def cost_and_gradient(vector: Array) -> tuple[float, Array]:
        cost, grads = cost_and_grads(from_vector(params, vector), x, y)
        costs.append(float(cost))
        return float(cost), np.asarray(to_vector(grads.params)).astype(float)

    def iterated(intermediate_result: Any) -> None:  # SciPy passes the result to a parameter of this name
        history.append(float(intermediate_result.fun))

    result = optimize.minimize(
        cost_and_gradient,
        start.astype(float),
        jac=True,
        method=method,
        tol=tolerance,
        callback=iterated,
        options=options,
    )
    if not math.isfinite(result.fun):
        raise NotFiniteError(
            f"minimize: the cost is {result.fun} after {counted(len(history), 'iteration')}; it was {costs[0]}"
        )
    return Minimum(
        params=from_vector(params, result.x),
        cost=float(result.fun),
        history=freeze(np.array([costs[0], *history])),
        evaluations=len(costs),
        converged=bool(result.success),
        message=str(result.message),
    )
