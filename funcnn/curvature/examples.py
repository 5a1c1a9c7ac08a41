"""Gradients of single examples, and the diagonal of the Fisher information that is estimated from them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Protocol, TypeVar

import numpy as np

from funcnn.arrays import Array, kind
from funcnn.bound import BoundFunction
from funcnn.checked import checked
from funcnn.core import check_is_layer
from funcnn.errors import FuncnnError, KindError, RangeError
from funcnn.gradients import Grads
from funcnn.losses.protocol import evaluated
from funcnn.signatures import ValueAndGrad
from funcnn.training.arguments import CostAndGrads
from funcnn.trees.vectors import to_vector
from funcnn.trees.walks import map_arrays, row_count

P = TypeVar("P")


class Diagonal(Protocol):
    """`(params, x, y) -> params`: what `fisher_diagonal(value_and_grad(loss))` returns."""

    def __call__(self, params: P, x: Any, y: Any, /) -> P: ...


@checked
def per_example(value_and_grad: CostAndGrads) -> ValueAndGrad[Array]:
    """`(params, x, y) -> (costs, Grads)`: cost and gradient of each of the m rows, each as a batch of one row

    costs: (m,). Each gradient has an axis of rows before the axes of its parameter: (m, n_in, n_out) for `Dense.W`.
    If `value_and_grad` gives the gradient of x as well, each row has that of its own cost.

    Since a cost is a mean over rows, the mean of costs and gradients over the rows is that of `value_and_grad`, which
    is called for the whole batch too, and compared. So what couples rows is refused: batch normalisation, losses that
    normalise weights, and dropout, whose mask belongs to a place in the batch. Write `per_example(...)(inference(net),
    x, y)`, which has none of them.

    A loop over rows, whose time is that of m gradients of one row. Under JAX, `jax.vmap` of `value_and_grad` is faster.
    Weights travel with the rows: `value_and_grad(weighted(loss))`, y = (y, weight).

    >>> import numpy as np
    >>> from funcnn import Dense, mse, value_and_grad
    >>> from funcnn.curvature import per_example
    >>> net, x = Dense(np.eye(1), np.zeros(1)), np.array([[3.0], [1.0]])
    >>> costs, grads = per_example(value_and_grad(mse))(net, x, np.array([[1.0], [1.0]]))
    >>> costs, grads.params.W.ravel()
    (array([4., 0.]), array([12.,  0.]))

    Raises:
        KindError: params is not a network, `value_and_grad` does not return (cost, Grads), or the gradient of the batch
            is not the mean over rows.
        ShapeError, RangeError: x and y have unequal numbers of rows, or none.
    """
    return BoundFunction(_per_example, value_and_grad)


def _per_example(value_and_grad: ValueAndGrad[Any], params: P, x: Any, y: Any) -> tuple[Array, Grads[P]]:
    costs, grads = zip(*_rows("per_example", value_and_grad, params, x, y), strict=True)
    each = map_arrays(lambda *parts: np.stack(parts), *[one.params for one in grads], states=False)
    dx = [one.x for one in grads]
    return np.array(costs), Grads(
        each, None if dx[0] is None else map_arrays(lambda *parts: np.concatenate(parts), *dx)
    )


@checked
def fisher_diagonal(value_and_grad: CostAndGrads) -> Diagonal:
    """`(params, x, y) -> params`: the mean over rows of g^2, where g is the gradient of the cost of a row

    A record like params. For a cost that is a negative log-likelihood, such as `softmax_cross_entropy`, and labels y
    drawn from the probabilities that the network gives, it estimates the diagonal of the Fisher information, F_ii = E
    (d log p / d p_i)^2, without bias. With the labels of the data it is the empirical Fisher, which is near the Fisher
    information only where the network fits the data (Kunstner, Balles & Hennig 2019, Limitations of the Empirical
    Fisher Approximation for Natural Gradient Descent). Elastic weight consolidation uses it as the weights of its
    penalty (Kirkpatrick et al. 2017, Overcoming Catastrophic Forgetting in Neural Networks).

    The time is that of `per_example`, the memory that of a few gradients.

    >>> import numpy as np
    >>> from funcnn import Dense, mse, value_and_grad
    >>> from funcnn.curvature import fisher_diagonal
    >>> net, x = Dense(np.eye(1), np.zeros(1)), np.array([[3.0], [1.0]])
    >>> fisher_diagonal(value_and_grad(mse))(net, x, np.array([[1.0], [1.0]]))
    Dense(W=<f64 [[72.]]>, b=<f64 [8.]>)

    Raises:
        KindError, ShapeError, RangeError: as `per_example`.
    """
    return BoundFunction(_fisher_diagonal, value_and_grad)


def _fisher_diagonal(value_and_grad: ValueAndGrad[Any], params: P, x: Any, y: Any) -> P:
    total, m = map_arrays(np.zeros_like, params, states=False), 0
    for _, grads in _rows("fisher_diagonal", value_and_grad, params, x, y):
        total, m = map_arrays(lambda t, g: t + g * g, total, grads.params, states=False), m + 1
    return map_arrays(lambda t: t / m, total, states=False)


def _rows(
    function: str, value_and_grad: ValueAndGrad[Any], params: Any, x: Any, y: Any
) -> Iterator[tuple[Any, Grads[Any]]]:
    """(cost, grads) of each row; in the end it is checked that their means are those of the batch."""
    check_is_layer(function, "params", params)
    if (m := row_count(function, "(x, y)", (x, y))) == 0:
        raise RangeError(f"{function}: x must have at least one row, not 0")
    whole = _numbers(*_called(function, value_and_grad, params, x, y))
    total, size = np.zeros_like(whole), np.zeros_like(whole)
    for i in range(m):
        one_x, one_y = [map_arrays(lambda a: a[i : i + 1], part) for part in (x, y)]  # noqa: B023  used at once
        try:
            cost, grads = _called(function, value_and_grad, params, one_x, one_y)
        except FuncnnError as error:
            raise KindError(
                f"{function}: the output for a row must not depend on other rows, but one row alone raises: {error}"
            ) from error
        share = _numbers(cost, grads) / m
        total, size = total + share, size + abs(share)
        yield cost, grads
    apart, allowed = abs(total - whole), math.sqrt(np.finfo(whole.dtype).eps)
    for what, part in (("cost", slice(0, 1)), ("gradient", slice(1, None))):
        if apart[part].max(initial=0) > allowed * size[part].max(initial=0):
            needed = "the output for a row must not depend on other rows or on the place of the row"
            given = f"the mean {what} of single rows is not the {what} of the batch"
            raise KindError(f"{function}: {needed}, but {given}")


def _called(function: str, value_and_grad: ValueAndGrad[Any], *given: Any) -> tuple[Any, Grads[Any]]:
    cost, grads = evaluated(function, value_and_grad, *given)
    if type(grads) is not Grads:
        raise KindError(f"{function}: value_and_grad must return (cost, Grads), not (cost, {kind(grads)})")
    return cost, grads


def _numbers(cost: Any, grads: Grads[Any]) -> Array:
    """The cost and the gradient in one vector."""
    vector = np.asarray(to_vector(grads.params))
    return np.concatenate([np.asarray(cost, vector.dtype).reshape(1), vector])
