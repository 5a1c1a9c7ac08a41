"""Check of a function against its jvp (Jacobian-vector product), which is forward mode."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Unpack

import attrs
import numpy as np

from funcnn.arrays import Array
from funcnn.checked import checked
from funcnn.errors import RangeError
from funcnn.needs import Function
from funcnn.testing.arguments import Argnums, Arguments, Convention, Keywords, claim_of, flattened
from funcnn.testing.calls import add_remedy, check_call
from funcnn.testing.comparison.comparison import CONTRACTION
from funcnn.testing.comparison.finding import GRADIENT_CHANGE, LARGEST_GRADIENT_CHANGE
from funcnn.testing.differentiation.constants import EPS
from funcnn.testing.differentiation.rounding import PERTURBATIONS, perturbed
from funcnn.testing.differentiation.vector_function import cotangent, each_float, generator, sealed, wide
from funcnn.testing.numbers import told_apart
from funcnn.testing.options import CheckOptions, Options, takes_options
from funcnn.testing.recording import verdict
from funcnn.testing.sections import Section
from funcnn.testing.tangents import Jvp
from funcnn.testing.verdict import NotTransposed, Raised, Report, WrongShape


@takes_options
@checked
def check_jvp(
    f: Function,
    jvp: Function,
    args: Arguments,
    *,
    vjp: Function | None = None,
    argnums: Argnums | None = None,
    kwargs: Keywords | None = None,
    convention: Convention | None = None,
    **options: Unpack[CheckOptions],
) -> Report:
    """Check `jvp(args, tangents)`, which gives the tangent of f's value, against the values of `f(*args)` alone.

    For a tangent v, a direction in which the arguments move, jvp returns J v for the Jacobian J of f: a tangent for
    each value. J v is compared along each entry of the arguments, or for an array with more than 96 entries, along 32
    entries and 3 directions. jvp must be linear in the tangents, and must not write to them.

    >>> import numpy as np
    >>> from funcnn.testing import check_jvp
    >>> x, y = np.array([1.0, 2.0]), np.array([3.0, 5.0])
    >>> def product_jvp(args, tangents):
    ...     return tangents[0] * args[1] + args[0] * tangents[1]
    >>> print(check_jvp(np.multiply, product_jvp, (x, y)))
    pass: every entry of x1 and 4 directions, every entry of x2 and 4 directions: ...
    >>> check_jvp(np.multiply, lambda args, tangents: tangents[0] * args[1], (x, y))
    Traceback (most recent call last):
    ...
    funcnn.testing.verdict.WrongGradient: multiply: dx2, 2 of 2 entries wrong, first x2[0]
        analytic 0, numeric 1 +- ...
        every wrong entry: analytic is 0
    ...

    If `vjp` is given, the check also tests that both belong to one Jacobian: <u, J v> = <J' u, v> for a random
    cotangent u and a random tangent of each argument.

    Args:
        f: the function, as in `check_vjp`; it may take and return trees.
        jvp: the forward mode of f. `tangents` has the structure of `args`, with None for integers and for constants.
        args: the arguments.
        vjp: the backward pass of f, as `check_vjp` takes it.
        argnums: as in `check_vjp`.
        kwargs: as in `check_vjp`; jvp and vjp get them, too.
        convention: as in `check_vjp`. A tangent is the complex number dz itself; the convention is for vjp.
        **options: as in `check_vjp`. With `exact=True` a tangent along a random direction of all entries is compared,
            and `vjp` must be None.

    Raises:
        GradientError, Inconclusive, RangeError: as `check_vjp`.
        KindError: as `check_vjp`; or jvp cannot be called as `jvp(args, tangents)`.
    """
    function = flattened("check_jvp", f, args, argnums, kwargs, convention)

    def product(jvp: Callable[..., Any], parts: Sequence[Array], u: Array, v: Sequence[Any]) -> float:
        names, arrays = zip(*function.parts(), strict=True)
        return float(np.vdot(u, Jvp(function, jvp, Section(names, arrays), Options())(parts, v)))

    check_call(function, "jvp", jvp, product)
    claim, chosen = claim_of(function, jvp, options, derivative="jvp")
    if chosen.exact:
        if vjp is not None:
            raise RangeError("check_jvp: vjp must be None for exact=True; write check_vjp(f, vjp, args, exact=True)")
        return verdict(attrs.evolve(claim, rules=function.rules(jvp=jvp)), chosen)
    products = Jvp(function, jvp, Section(claim.names, claim.args, chosen.limits.constraints), chosen)
    claim = attrs.evolve(claim, cotangent=products.shown)
    if vjp is not None:
        transposed, spoken = function.gradients(vjp), attrs.evolve(claim, derivative="vjp")

        def check_transposed() -> None:
            with spoken.named():
                _check_transpose(products, transposed, claim.names, claim.args)

        claim = attrs.evolve(claim, promises=check_transposed)
    try:
        return verdict(*products.claimed(claim))
    except (Raised, WrongShape) as error:
        add_remedy(function, "jvp", jvp, product, error)
        raise


def _check_transpose(products: Jvp, vjp: Any, names: Sequence[str], arrays: Sequence[Array]) -> None:
    rng = generator(arrays)
    at = wide(arrays)
    v = [cotangent(rng, a) if a.dtype.kind == "f" else None for a in at]
    zeros = [None if a is None else sealed(0 * a) for a in v]
    value = np.asarray(products.function.value(*at))
    u = cotangent(rng, value)
    near = [at, *[each_float(lambda a: perturbed(a, rng), at) for _ in range(PERTURBATIONS)]]
    back = [vjp(args, u) for args in near]
    for i, (name, step) in enumerate(zip(names, v, strict=True)):
        if step is None:
            continue
        gradients = [np.asarray(g[i], np.float64) for g in back]

        def ahead(args: tuple[Array, ...], v: Array, i: int = i) -> Array:
            return products(args, [sealed(v) if j == i else zero for j, zero in enumerate(zeros)])

        if constraint := products.options.limits.constraints.get(i):  # both sides count along its set only
            basis = np.eye(step.size).reshape(step.size, *step.shape)
            rows = [np.array([u.ravel() @ ahead(args, e) for e in basis]).reshape(step.shape) for args in near]
            rows, gradients = (
                [constraint.pull_back(args[i], g) for args, g in zip(near, of, strict=True)] for of in (rows, gradients)
            )
            left = np.array([g.ravel() @ step.ravel() for g in rows])
            size = abs(rows[0]).ravel() @ abs(step.ravel())
        else:
            tangents = [ahead(args, step) for args in near]
            left = np.array([u.ravel() @ tangent for tangent in tangents])
            size = abs(u.ravel()) @ abs(tangents[0])
        right = np.array([g.ravel() @ step.ravel() for g in gradients])
        size += abs(gradients[0]).ravel() @ abs(step.ravel())
        hidden = abs(u).sum() * abs(step).max(initial=0)  # terms of size u v may cancel
        change = GRADIENT_CHANGE * (np.ptp(left) + np.ptp(right))  # by rounding, unless it is a jump
        change = change if change <= LARGEST_GRADIENT_CHANGE * size else 0.0
        bound = change + CONTRACTION * EPS * (size + hidden)
        if abs(left[0] - right[0]) > bound:  # a nan is found by the comparison with f
            of_jvp, of_vjp = told_apart(left[0], right[0])
            found = f"along {name}, <u, J v> is {of_jvp}, but <J' u, v> is {of_vjp}"
            raise NotTransposed(f"vjp is not the transpose of jvp: {found}")
