"""Check of a Hessian, or of its product with a vector, against a gradient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Unpack

import attrs
import numpy as np

from funcnn.arrays import Array, namespace, short
from funcnn.checked import checked
from funcnn.errors import KindError
from funcnn.needs import Flag, Function
from funcnn.testing.arguments import claim_of
from funcnn.testing.claim import Rules
from funcnn.testing.comparison.comparison import CONTRACTION
from funcnn.testing.comparison.directions import MOST_ENTRIES
from funcnn.testing.comparison.finding import GRADIENT_CHANGE, LARGEST_GRADIENT_CHANGE
from funcnn.testing.differentiation.constants import EPS
from funcnn.testing.differentiation.rounding import PERTURBATIONS, perturbed
from funcnn.testing.differentiation.vector_function import generator
from funcnn.testing.flattening import Flattened
from funcnn.testing.memory import check_not_shared
from funcnn.testing.numbers import as_source, told_apart
from funcnn.testing.options import CheckOptions, takes_options
from funcnn.testing.purity import Returned
from funcnn.testing.recording import verdict
from funcnn.testing.scalar import Rest, of_x, wide
from funcnn.testing.sections import Section
from funcnn.testing.tangents import Jvp
from funcnn.testing.verdict import NotSymmetric, Report, WrongShape


@takes_options
@checked
def check_hessian(
    grad: Function, hess: Function, x: Any, *, args: Rest = (), product: Flag = False, **options: Unpack[CheckOptions]
) -> Report:
    """Check `hess(x, *args)`, or a product of it with a vector, against the gradient `grad(x, *args)`.

    H_ij = d grad_i / dx_j. H must also be symmetric, which the Jacobian of a wrong gradient is not.

    >>> import numpy as np
    >>> from scipy.optimize import rosen_der, rosen_hess, rosen_hess_prod
    >>> from funcnn.testing import check_hessian
    >>> x = np.array([1.5, 2.0, 3.0])
    >>> print(check_hessian(rosen_der, rosen_hess, x))
    pass: every entry of x and 4 directions: ...
    >>> check_hessian(rosen_der, rosen_hess_prod, x, product=True).verdict
    'pass'

    Args:
        grad: the gradient, which is assumed to be right; `check_gradient` checks it.
        hess: the Hessian, a matrix: an array, a sparse matrix or a linear operator.
        x: an array of numbers, or a list of them.
        args: further arguments of grad and hess. They are constants.
        product: whether hess is `hess(x, p, *args)`, the product of the Hessian with p, as SciPy's hessp.
        **options: as in `check_vjp`, except `float32`; a function for `domain` gets x and args.

    Raises:
        GradientError, Inconclusive, RangeError: as `check_vjp`.
        KindError: as `check_vjp`; or grad does not return an array of the shape of x.
    """
    function = "check_hessian"

    def value(x: Array, *rest: Any) -> Array:
        found = np.asarray(grad(wide(x), *rest))
        if found.shape != x.shape:
            raise KindError(f"{function}: grad must return an array of shape {x.shape}, as x has, not {short(found)}")
        return found.astype(np.float64)

    flat = of_x(function, grad, value, x, args)
    times = _Products(hess, product)
    vjp = flat.gradients(lambda args, dA: [times(args, dA, transposed=True)])
    claim, chosen = claim_of(flat, vjp, options, derivative="hess")
    times.aliasing = chosen.aliasing
    if chosen.exact:
        return verdict(attrs.evolve(claim, rules=_rules(flat, grad, hess, product=product)), chosen)

    def check_symmetry() -> None:
        with claim.named():
            _check_symmetry(flat, times)

    own = attrs.evolve(claim, promises=check_symmetry, cotangent=partial(_shown, claim.names))
    if not product:
        return verdict(own, chosen)
    section = Section(claim.names, claim.args, chosen.limits.constraints)
    products = Jvp(flat, lambda args, tangents: times(args, tangents[0]), section, chosen, "hess")
    return verdict(*products.claimed(own))


@attrs.define(eq=False)
class _Products:
    """Products of the Hessian, or of its transpose, with p; with `product`, hess gives them."""

    hess: Callable[..., Any]
    product: bool
    aliasing: bool = True
    returned: Returned = attrs.field(factory=Returned)

    def __call__(self, args: tuple[Any, ...], p: Array, *, transposed: bool = False) -> Array:
        (x, *rest), n = args, p.size
        if self.product:
            return np.asarray(self.hess(wide(x), p, *rest))
        H = self.hess(wide(x), *rest)
        if not hasattr(H, "T"):
            H = np.asarray(H)
        if H.shape != (n, n):
            raise WrongShape(f"hess must return a matrix of shape {(n, n)}; it is {H.shape}")
        if isinstance(H, np.ndarray):
            self.returned.check("hess changes an array that it returned before", "the array")
            self.returned.keep([H])
            if not self.aliasing:
                check_not_shared("the matrix from hess", H, [("x", x)])
        return np.asarray((H.T if transposed else H) @ p.ravel()).reshape(p.shape)


def _rules(function: Flattened, grad: Callable[..., Any], hess: Callable[..., Any], *, product: bool) -> Rules:
    """The gradient and products with its Hessian for arrays of any library."""

    def tangent(args: Any, tangents: Any) -> Any:
        (x, *rest), p = args, tangents[0]
        return hess(x, p, *rest) if product else (hess(x, *rest) @ p.ravel()).reshape(p.shape)

    forward = lambda x, *rest: namespace(x).asarray(grad(x, *rest))
    return attrs.evolve(function, f=forward).rules(jvp=tangent)._replace(first_drawn=1)


def _shown(names: Sequence[str], dA: Array) -> Callable[[str, Any], tuple[str, str]]:
    """By the index of an entry of x: the name of the entry of H, if dA has one entry, and dA as source."""

    def named(leaf: str, entry: tuple[int, ...] | None) -> tuple[str, str]:
        source = f"dA = {as_source(dA)}"
        if entry is None or leaf not in names or np.count_nonzero(dA) != 1:
            return "", source
        return f"H[{abs(dA).argmax()}, {np.arange(dA.size).reshape(dA.shape)[entry]}]", source

    return named


def _check_symmetry(function: Flattened, times: Callable[..., Array]) -> None:
    """Check that V'HV is symmetric, where V is the identity if x is small, else has random columns."""
    (x,) = [a for _, a in function.parts()]
    rng = generator([x])
    few = x.size <= MOST_ENTRIES
    V = np.eye(x.size) if few else rng.choice([-1.0, 1.0], (4, x.size))

    def products(x: Array) -> Array:
        args, _ = function.called([x])
        return np.array([times(args, v.reshape(x.shape)).ravel() for v in V]) @ V.T

    M = products(x)
    bound = CONTRACTION * EPS * abs(M).max(initial=0)
    if (abs(M - M.T) <= bound).all():
        return
    change = np.max([abs(products(perturbed(x, rng)) - M) for _ in range(PERTURBATIONS)], axis=0, initial=0)
    change = GRADIENT_CHANGE * (change + change.T)
    size = abs(M) + abs(M.T)
    bound = np.where(change <= LARGEST_GRADIENT_CHANGE * size, change, 0) + bound
    if (abs(M - M.T) <= bound).all():
        return
    i, j = np.unravel_index(int((abs(M - M.T) - bound).argmax()), M.shape)
    names = (f"H[{j}, {i}]", f"H[{i}, {j}]") if few else ("<u, H v>", "<v, H u>")
    numbers = told_apart(M[i, j], M[j, i])
    raise NotSymmetric(f"hess is not symmetric: {names[0]} is {numbers[0]}, but {names[1]} is {numbers[1]}")
