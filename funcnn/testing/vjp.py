"""Check of a function against its vjp (vector-Jacobian product)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Unpack

from attrs import evolve

from funcnn.arrays import Array
from funcnn.checked import checked
from funcnn.needs import Function
from funcnn.testing.arguments import Argnums, Arguments, Convention, Keywords, claim_of, flattened
from funcnn.testing.calls import add_remedy, check_call
from funcnn.testing.checked_pair import CheckedPair
from funcnn.testing.domain import Domain
from funcnn.testing.options import CheckOptions, takes_options
from funcnn.testing.recording import verdict
from funcnn.testing.verdict import Raised, Report, WrongShape


@takes_options
@checked
def check_vjp(
    f: Function,
    vjp: Function,
    args: Arguments,
    *,
    argnums: Argnums | None = None,
    kwargs: Keywords | None = None,
    convention: Convention | None = None,
    **options: Unpack[CheckOptions],
) -> Report:
    """Check `vjp(args, dA)`, which gives a gradient for each argument, against the values of `f(*args)` alone.

    f takes arrays and returns one array. vjp takes the tuple of arguments and a cotangent dA of the shape of f's value,
    and returns a gradient for each argument: dA @ J for its Jacobian J, None for integers and booleans. No type of
    funcnn is needed. Arguments and values may also be trees of arrays: tuples, named tuples, lists, dicts, and
    instances of dataclasses, attrs classes and records, nested in any way. A gradient has the structure of its
    argument, dA the structure of the value, with None for integers; the gradient of an instance may be a dict by names
    of its fields.

    Shapes, purity and linearity in dA are checked first, then the numbers in float64, with a tolerance from an error
    bound, then float32, and float16 if an argument is float16. One error reports all mistakes that were found; its
    `findings` holds an error for each of them.

    >>> import numpy as np
    >>> from funcnn.testing import check_vjp
    >>> print(check_vjp(np.sin, lambda args, dA: [dA * np.cos(args[0])], [np.array([1.0, 2.0])]))
    pass: every entry of x and 4 directions: 18 probes, 0 at kinks, 0 inconclusive; an error of ...
    >>> check_vjp(np.sin, lambda args, dA: [2 * dA * np.cos(args[0])], [np.array([1.0, 2.0])])
    Traceback (most recent call last):
    ...
    funcnn.testing.verdict.WrongGradient: sin: dx, 2 of 2 entries wrong, first x[0]
        analytic 1.0806..., numeric 0.5403... +- ...: ... bounds apart
        every wrong entry: analytic = 2 x numeric...

    The cotangent of several outputs, and the gradient of a dict:

    >>> def scaled(params, x):
    ...     return {"value": params["a"] * x, "square": (x * x).sum()}
    >>> def scaled_vjp(args, dA):
    ...     params, x = args
    ...     return [{"a": (dA["value"] * x).sum()}, dA["value"] * params["a"] + 2 * x * dA["square"]]
    >>> check_vjp(scaled, scaled_vjp, ({"a": np.array(3.0)}, np.array([1.0, 2.0]))).verdict
    'pass'

    With `fast=True`, f is called at most 6 n + 6 times for arguments of n numbers, three times as often as by central
    differences with one step. If something seems wrong, or nothing is decided, the full check runs, and its verdict
    counts. Its report names in `left_out` what did not run.

    A complex number is a pair of real numbers, and libraries define its gradient in two ways. For a cost L of z = x +
    iy, the gradient of z is dL/dx + i dL/dy in torch, and dL/dx - i dL/dy in JAX; cotangents are of the same form.

    >>> z = np.array([1.0 + 2.0j])
    >>> check_vjp(np.square, lambda args, dA: [2 * dA * args[0]], [z], convention="jax").verdict
    'pass'
    >>> check_vjp(np.square, lambda args, dA: [2 * dA * args[0].conj()], [z], convention="torch").verdict
    'pass'

    f and vjp are also called at other arguments: after steps, and with `aliasing=False` at ones and at zeros. At these
    arguments, exceptions and values that are not finite are not mistakes. `domain` and `structure` keep these calls
    inside a set that f does not enforce. An argument with a structure moves through the projection P onto its set:
    f(P(x)) is differentiated, and the gradient g from vjp is compared on the tangent space of the set, as P'(x)^T g.

    With `exact=True`, f is differentiated along a random direction of all entries, and compared with vjp as fractions,
    or in 40 digits if f has a function such as exp: a relative error of 1e-15 is found, in arrays of up to 1000 numbers
    together. The check is made at the arguments alone, not at larger numbers as by `check_layer`. f and vjp get exact
    arrays whose dtype reads float64. They may use NumPy's arithmetic, comparisons, sums, products and shapes,
    assignments to arrays such as `np.zeros_like(x)`, and exp, expm1, exp2, log, log1p, log2, log10, logaddexp, sqrt,
    the trigonometric and hyperbolic functions and their inverses. Another function, and a cast to float32, raise a
    TypeError. A kink is inconclusive.

    The page "Testing gradients" has an example of each option: `docs/testing_gradients.md`.

    Args:
        f: the function. Messages use the names of the parameters of f.
        vjp: its backward pass.
        args: the arguments. A check covers this one point: draw many with hypothesis.
        argnums: the number of the argument that has a gradient, or a tuple of such numbers; by default all have. Other
            arguments are constants of any kind, and so are whole numbers of Python, which f gets as they are. vjp gives
            a gradient for each argument, where the gradients of constants are ignored, or only for each of argnums.
        kwargs: keyword arguments of f, which vjp is given, too: `vjp(args, dA, **kwargs)`. They are constants.
        convention: of complex numbers, "jax" or "torch". Messages name the parts `real(z)` and `imag(z)`.
        **options: the following.
        resolution: a probe, which is a direction and a cotangent, counts if a relative error of this size would be
            found; by default pytest's ini option `funcnn_resolution`, else 1e-7.
        aliasing: whether a gradient may share memory with dA, an argument, another gradient or a gradient of an earlier
            call, as is normal in torch.
        inconclusive: "error" raises `Inconclusive` also inside `@given`, where otherwise the example is rejected, and
            the test fails with the reason if 40 examples are inconclusive before 10 are decided.
        nondeterministic: the relative difference that is allowed between two calls of the same function.
        domain: the arguments at which f and vjp may be called: a function of the arguments that returns whether they
            are inside, a bool or an array of bools, or a dict of intervals by names of arguments, such as
            `{"x": (0, None)}`, where None means no limit. A check at arguments outside is inconclusive.
        structure: a dict by names of arguments: "symmetric", "skew", "orthogonal" (x'x = I), "positive definite",
            "lower triangular" and "upper triangular" matrices (the last two axes); "simplex" (not negative, of sum 1),
            "unit norm" and "sorted" vectors (the last axis); or a projection onto a set of your own: a function that
            maps an array near the argument into the set, and leaves an array in the set unchanged.
        at_kinks: the test at a kink of f. "subgradient": the gradient must lie in the interval of slopes nearby along
            every direction; "hull": each entry must lie in its own interval; "skip": there is no test.
        tolerance: a difference of up to `tolerance` times the largest entry of the gradient of the same argument and
            output does not fail the check; this is for an f that iterates until a tolerance. It is listed in
            `Report.tolerated` and in the summary of pytest.
        exact: if True, only the numbers are checked, in exact arithmetic and without finite differences.
        fast: whether a gradient may pass after few calls of f. `float32`, `layouts` and the later part of `purity` are
            then left out.
        float32: whether gradients in float32 are compared with gradients in float64; and in float16, if an argument is
            given in float16.
        layouts: whether arrays of the same entries in other memory layouts must have the same gradients.
        purity: whether repeated calls, and calls after others, must give the same result, and writeable arguments and
            cotangents must keep their numbers. In all other calls they are read-only, also without this part.
        oracle: f for numbers of mpmath, if f is elementwise. It takes a number for each argument of f, and its keyword
            arguments. A failing check then says whether f or vjp differs from it.

    Raises:
        GradientError: a gradient is wrong. There is a subclass for each kind of mistake. The message prints the
            arguments in the dtype in which the check failed.
        Inconclusive: no probe was decided; inside `@given` the example is rejected instead.
        KindError: vjp cannot be called as `vjp(args, dA)`; a leaf of an argument is not an array of numbers; an
            argument or a value is complex, without a convention; no argument holds floats; f returns no floats; the
            oracle raises an exception or returns no real number.
        RangeError: an option has no effect, or names an argument that f does not have; an argument does not have its
            `structure`, or `structure` is not a projection; there are more than 1000 numbers for `exact=True`; an
            oracle is given together with `structure` or `convention`.
        ShapeError: the oracle gives another shape than f.
        MissingError: `exact=True` or `oracle` needs mpmath.
    """
    function = flattened("check_vjp", f, args, argnums, kwargs, convention)

    def product(vjp: Callable[..., Any], parts: Sequence[Array], u: Array, v: Sequence[Any]) -> float:
        names = tuple([name for name, _ in function.parts()])
        pair = CheckedPair(function.value, function.gradients(vjp), names, Domain())
        return sum(
            [float((g * d).sum()) for g, d in zip(pair.backward(tuple(parts), u), v, strict=True) if d is not None]
        )

    check_call(function, "vjp", vjp, product)
    claim, chosen = claim_of(function, function.gradients(vjp), options)
    try:
        return verdict(evolve(claim, rules=function.rules(vjp)), chosen)
    except (Raised, WrongShape) as error:
        add_remedy(function, "vjp", vjp, product, error)
        raise
