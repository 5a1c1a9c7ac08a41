"""Products of a vector with the Hessian, or with the Gauss-Newton matrix, of the cost of a network."""

from __future__ import annotations

from typing import Any, Generic, NamedTuple, Protocol, TypeVar, cast

import numpy as np

from funcnn.arrays import Array, check_arrays, kind, short
from funcnn.bound import BoundFunction
from funcnn.checked import checked
from funcnn.core import Loss, backward_params, check_is_layer, forward
from funcnn.curvature.lines import Rule, by_differences, complex_step, converted
from funcnn.errors import KindError, NotFiniteError, RangeError, ShapeError
from funcnn.gradients import Grads
from funcnn.logits import check_end, squashed_twice
from funcnn.losses.protocol import evaluated, takes_complex_out
from funcnn.needs import Flag
from funcnn.refusals import check_tree_of_layers
from funcnn.traits import refuses_complex
from funcnn.trees.vectors import from_vector, to_vector
from funcnn.trees.walks import arrays_in, map_arrays, walk

P = TypeVar("P")


class Product(NamedTuple, Generic[P]):
    """The result of `hvp` and `ggnvp`: the product, a bound on its error, and how they were computed.

    `value` is a record of the class of the network, with the states and settings of the network; `bound` is another,
    with a bound for each entry of `value`, or None if it was not asked for. `method` is "complex step" or
    "differences". For differences, `reason` names the layer, or the loss, that does not take complex numbers; for a
    complex step it is empty.
    """

    value: P
    bound: P | None
    method: str
    reason: str


class Products(Protocol):
    """`(params, x, y, v) -> Product`: what `hvp(loss)` and `ggnvp(loss)` return."""

    def __call__(self, params: P, x: Any, y: Any, v: P, /) -> Product[P]: ...


@checked
def hvp(loss: Loss, *, bound: Flag = True) -> Products:
    """`(params, x, y, v) -> Product`: H v, where H is the matrix of second derivatives of the cost by the parameters

    H_ij = d g_i / d p_j, where g is the gradient that `backward` returns, so H v = d g(p + t v) / dt at t = 0. `v` is a
    record of the class of params, such as the gradient of a network, or `from_vector(params, u)`. States do not change:
    dropout has the same mask in all evaluations.

    If every layer takes complex numbers (`funcnn.traits.takes_complex`) and so does the loss (`of_complex`), as all of
    funcnn do, H v is the imaginary part of one gradient at complex parameters, exact to rounding. The bound costs
    two more such gradients: `bound=False` leaves it out. Otherwise, as for layers of your own without a declaration,
    H v is extrapolated from central differences of 25 gradients, and the result says so.

    Computed in double precision, whatever the dtype of params is, and rounded to that dtype; the bound has room for
    this rounding. The bound is measured, not proven: see `docs/curvature.md`. At a kink, such as relu at exactly 0, or
    a tie of a maximum, there is no second derivative: a complex step gives the product on one side.

    For v = (1, 2), and the cost (w x + b - y)^2 with x = 3:

    >>> import numpy as np
    >>> from funcnn import Dense, mse
    >>> from funcnn.curvature import hvp
    >>> net, v = Dense(np.eye(1), np.zeros(1)), Dense(np.array([[1.0]]), np.array([2.0]))
    >>> product = hvp(mse)(net, np.array([[3.0]]), np.array([[1.0]]), v)
    >>> product.value, product.method
    (Dense(W=<f64 [[30.]]>, b=<f64 [10.]>), 'complex step')

    Pearlmutter 1994, Fast Exact Multiplication by the Hessian; Squire & Trapp 1998, Using Complex Variables to Estimate
    Derivatives of Real Functions.

    Raises:
        KindError: the loss takes logits of a network that gives probabilities; params is not a network, has no
            parameters, or holds complex numbers or arrays of another library than NumPy; x does; v is of another class
            or dtype than params.
        ShapeError: v has other shapes than params; or as `forward` and the loss.
        RangeError: v holds NaN or an infinity.
        NotFiniteError: the cost, or the product, is not finite.
    """
    return BoundFunction(_hvp, loss, bound)


@checked
def ggnvp(loss: Loss, *, bound: Flag = True) -> Products:
    """`(params, x, y, v) -> Product`: J' L J v, where J = d out / d params, and L holds the loss's second derivatives

    This generalised Gauss-Newton matrix is the Hessian of the cost if the network is replaced by its linear part at
    params. If the loss is convex in out, as `mse` and cross-entropies of logits are, no eigenvalue is negative. For
    losses that are negative log-likelihoods of an exponential family by its natural parameters, such as
    `softmax_cross_entropy`, it is the Fisher information. Arguments, method and bound are as in `hvp`.

    For v = (1, 2), and the cost (w x + b - y)^2 with x = 3, where the network is linear:

    >>> import numpy as np
    >>> from funcnn import Dense, mse
    >>> from funcnn.curvature import ggnvp
    >>> net, v = Dense(np.eye(1), np.zeros(1)), Dense(np.array([[1.0]]), np.array([2.0]))
    >>> ggnvp(mse, bound=False)(net, np.array([[3.0]]), np.array([[1.0]]), v).value
    Dense(W=<f64 [[30.]]>, b=<f64 [10.]>)

    Schraudolph 2002, Fast Curvature Matrix-Vector Products for Second-Order Gradient Descent; Martens 2020, New
    Insights and Perspectives on the Natural Gradient Method, section 9.

    Raises:
        KindError, ShapeError, RangeError, NotFiniteError: as `hvp`.
    """
    return BoundFunction(_ggnvp, loss, bound)


def _hvp(loss: Loss, bound: bool, params: P, x: Any, y: Any, v: P) -> Product[P]:  # noqa: FBT001  given by `hvp`
    def gradient(_: Any, moved: Any, x: Any) -> Array:
        out, cache = forward(moved, x)
        return to_vector(backward_params(moved, cache, _cotangent("hvp", loss, moved, out, y)))

    return _product("hvp", loss, gradient, (params, x, v), bound=bound)


def _ggnvp(loss: Loss, bound: bool, params: P, x: Any, y: Any, v: P) -> Product[P]:  # noqa: FBT001  given by `ggnvp`
    def gradient(base: Any, moved: Any, x: Any) -> Array:
        _, cache = forward(base, x)
        return to_vector(backward_params(base, cache, _cotangent("ggnvp", loss, base, forward(moved, x)[0], y)))

    return _product("ggnvp", loss, gradient, (params, x, v), bound=bound)


def _cotangent(function: str, loss: Loss, params: Any, out: Any, y: Any) -> Any:
    check_end(function, params, out)
    cost, dA = evaluated(function, loss, out, y)
    if not np.isfinite(cost):
        raise NotFiniteError(f"{function}: the cost must be finite, not {cost.real}")
    return dA


def _product(function: str, loss: Loss, rule: Rule, given: tuple[P, Any, P], *, bound: bool) -> Product[P]:
    params, x, v = given
    check_network(function, loss, params, x)
    check_line(function, params, v)
    line = cast("tuple[Any, Any, Any]", converted(lambda a: a.astype(float), given))
    obstacle = refuses_complex(params)
    reason = f"{obstacle} is not declared by takes_complex" if obstacle else ""
    if not reason and not takes_complex_out(loss):
        reason = "the loss is not declared by of_complex"
    slope, error = by_differences(rule, *line) if reason else complex_step(rule, *line, bound=bound)
    if not np.isfinite(slope).all():
        raise NotFiniteError(f"{function}: the product must be finite, not {slope[~np.isfinite(slope)][0]}")
    with np.errstate(over="ignore"):
        value = from_vector(params, slope)
    stored = to_vector(value)
    if not np.isfinite(stored).all():
        raise NotFiniteError(f"{function}: the product must fit into {stored.dtype}, not reach {abs(slope).max():.4g}")
    rounded = None
    if bound and error is not None:
        rounded = from_vector(params, error + np.finfo(stored.dtype).eps * (abs(slope) + error))
    return Product(value, rounded, "differences" if reason else "complex step", reason)


def check_network(function: str, loss: Loss, params: Any, x: Any) -> None:
    """Check that params is a network with real parameters, and that it can be given x, all in arrays of NumPy."""
    check_is_layer(function, "params", params)
    check_tree_of_layers(function, params)
    check_arrays(function, "x", x)
    if found := squashed_twice("the loss", loss, params):
        raise KindError(f"{function}: {found}")
    for argument, tree in (("params", params), ("x", x)):
        for a in arrays_in(tree):
            if type(a) is not np.ndarray:
                raise KindError(f"{function}: {argument} must hold arrays of NumPy, not {type(a).__name__}")
            if a.dtype.kind == "c":
                raise KindError(f"{function}: {argument} must hold real numbers, not {kind(a)}")
    sizes = [a.size for _, a in walk(params, states=False)]
    if not sum(sizes):
        raise KindError(f"{function}: params must have a parameter to differentiate by; {short(params)} has none")
    if len({a.dtype for a in arrays_in((params, x)) if a.dtype.kind not in "biu"}) > 1:
        forward(params, x)  # in double precision, a mixture of dtypes would not be refused


def check_line(function: str, params: Any, v: Any) -> None:
    """Check that v is like params: of one class, with finite numbers of the same shapes and dtypes."""
    remedy = "; write v.params" if type(v) is Grads else ""
    try:
        map_arrays(lambda p, _: p, params, v, states=False)
    except ShapeError:
        needed = f"of the classes of params, {short(params)}"
        raise KindError(f"{function}: v must be {needed}, not {short(v)}{remedy}") from None
    own, others = dict(walk(params, states=False)), dict(walk(v, states=False))
    if own.keys() != others.keys():
        needed, given = ", ".join(own), ", ".join(others)
        raise KindError(f"{function}: v must have the parameters ({needed}) of params, not ({given})")
    for path, p in own.items():
        d = others[path]
        if type(d) is not np.ndarray or d.dtype != p.dtype:
            raise KindError(f"{function}: v must hold {p.dtype} at {path!r}, as params do, not {kind(d)}")
        if d.shape != p.shape:
            raise ShapeError(f"{function}: v must have the shape {p.shape} at {path!r}, as params have, not {d.shape}")
        if not np.isfinite(d).all():
            raise RangeError(f"{function}: v must be finite, not {d[~np.isfinite(d)][0]} at {path!r}")
