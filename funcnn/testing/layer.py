"""A layer, or a whole network, against its backward."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from funcnn.arrays import Array, short
from funcnn.core import backward, backward_params, forward, sgd
from funcnn.gradients import Grads
from funcnn.testing.verdict import GradientError
from funcnn.testing.vjp import bits, check_vjp
from funcnn.tree import leaves, map_parameters, parameters, tree_map, walk


def check_layer(params: Any, x: Any) -> None:
    """Prove a layer at x: dx, and the gradient of every parameter, against the values of its forward.

    Then the rest that a layer promises: another forward in between changes nothing, the shortcut without dx gives the
    same bits, nothing writeable comes out, and a float32 layer stays one.

    >>> import numpy as np
    >>> from funcnn import mlp
    >>> from funcnn.testing import check_layer
    >>> check_layer(mlp([2, 3, 1], seed=0), np.ones((4, 2)))

    Raises:
        GradientError: as `check_vjp`, or one of those promises is broken.
        Inconclusive: as `check_vjp`.
    """
    params, x = _cast((params, x), np.float64)
    names = [*[f"params.{path}".rstrip(".") for path in parameters(params)], *[path for path, _ in walk(x, "x")]]
    other_x = tree_map(lambda a: a + a.dtype.type(1) if a.dtype.kind == "f" else a, x)

    def rebuilt(args: Sequence[Array]) -> tuple[Any, Any]:
        rest = iter(args)
        return map_parameters(lambda _: next(rest), params), tree_map(lambda _: next(rest), x)

    def f(*args: Array) -> Array:
        return np.concatenate([a.ravel() for a in leaves(forward(*rebuilt(args))[0])])

    def vjp(args: Sequence[Array], dA: Array) -> list[Any]:
        p, x = rebuilt(args)
        out, cache = forward(p, x)
        forward(p, other_x)  # a layer that remembers its last input would go wrong now
        dA = _unflat(dA, out)
        grads = backward(p, cache, dA)
        _check_promises(p, cache, dA, grads)
        return [*parameters(grads.params).values(), *_gradients(x, grads.x)]

    check_vjp(f, vjp, [*parameters(params).values(), *leaves(x)], names)
    _check_float32(*_cast((params, x), np.float32))


def _check_promises(params: Any, cache: Any, dA: Any, grads: Grads[Any]) -> None:
    if type(grads.params) is not type(params):
        raise GradientError(
            f"Grads.params must be a {type(params).__name__}, as params is; it is {short(grads.params)}"
        )
    if bits(backward_params(params, cache, dA)) != bits(grads.params):
        raise GradientError("backward_params(params, cache, dA) differs from backward(params, cache, dA).params")
    given = [id(a) for a in leaves((cache, dA))]
    for path, array in walk(grads, "grads"):
        if array.flags.writeable and id(array) not in given:
            raise GradientError(f"{path} can be written to")


def _check_float32(params: Any, x: Any) -> None:
    out, cache = forward(params, x)
    _refuse_float64("out", out)
    grads = backward(params, cache, tree_map(np.ones_like, out))
    _refuse_float64("grads", grads)
    _refuse_float64("the stepped layer", sgd(params, grads, 0.1))


def _refuse_float64(name: str, tree: Any) -> None:
    for path, array in walk(tree, name):
        if array.dtype == np.float64:
            raise GradientError(f"{path} is float64 where the layer and x are float32")


def _cast(tree: Any, dtype: Any) -> Any:
    return tree_map(lambda a: a.astype(dtype) if a.dtype.kind == "f" else a, tree)


def _unflat(vector: Array, like: Any) -> Any:
    parts = iter(np.split(vector, np.cumsum([a.size for a in leaves(like)])[:-1]))
    return tree_map(lambda a: next(parts).reshape(a.shape), like)


def _gradients(x: Any, dx: Any) -> list[Any]:
    """A gradient for each array in x, None for those that have none."""
    if type(x) is not tuple:
        return [dx]
    parts = dx if type(dx) is tuple else (dx,) * len(x)
    return [gradient for part, d in zip(x, parts, strict=True) for gradient in _gradients(part, d)]
