"""A function against its vjp (vector-Jacobian product): the gradient that the values of the function imply."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np
from hypothesis import currently_in_test_context, reject

from funcnn.arrays import Array, is_array, short
from funcnn.testing.differences import Slopes, slopes
from funcnn.testing.verdict import GradientError, Inconclusive
from funcnn.tree import leaves

Vjp = Callable[[tuple[Any, ...], Any], Sequence[Any]]

_RESOLUTION = 1e-5  # a bound that is worse than this, relative to the gradients about, decides nothing
_MOST_PROBES = 96  # of one array; of a larger one, so many entries are drawn


def check_vjp(f: Callable[..., Array], vjp: Vjp, args: Sequence[Array], names: Sequence[str] = ()) -> None:
    """Prove `vjp(args, dA)`, which gives a gradient for each argument, against the values of `f(*args)` alone.

    No type of funcnn is needed. The gradient of a whole-number argument is None. Numbers are compared in float64; both
    functions are called twice, must give the same bits each time, and must leave their arguments alone.

    >>> import numpy as np
    >>> from funcnn.testing import check_vjp
    >>> check_vjp(np.sin, lambda args, dA: [dA * np.cos(args[0])], [np.array([1.0, 2.0])])
    >>> check_vjp(np.sin, lambda args, dA: [dA * np.sin(args[0])], [np.array([1.0, 2.0])], ["x"])
    Traceback (most recent call last):
    ...
    funcnn.testing.verdict.GradientError: 2 of 2 entries of the gradient of x are wrong, first [0]: ...

    Raises:
        GradientError: a gradient is wrong, or has another shape or dtype than its argument; a function is not pure.
        Inconclusive: no entry could be judged. Inside `@given` the example is rejected instead.
    """
    names = names or [f"argument {i}" for i in range(len(args))]
    args = tuple([a.astype(np.float64) if a.dtype.kind == "f" else a.copy() for a in args])
    out = _pure("f", f, *args)
    if out.size == 0:
        return
    rng = _generator(args)
    dA = rng.uniform(0.5, 1.5, out.shape) * rng.choice([-1.0, 1.0], out.shape)
    gradients = _pure("vjp", vjp, args, dA)
    if len(gradients) != len(args):
        raise GradientError(f"vjp must give a gradient for each of {len(args)} arguments; it gave {len(gradients)}")
    judged = [
        _compare(name, partial(_moved, f, args, i, dA), arg, gradient, rng)
        for i, (name, arg, gradient) in enumerate(zip(names, args, gradients, strict=True))
        if _is_differentiable(name, arg, gradient)
    ]
    if judged and not any(judged):
        if currently_in_test_context():
            reject()
        raise Inconclusive(
            "no entry could be judged: the function is rough, or rounds coarsely, wherever it was looked at"
        )


def _moved(f: Callable[..., Array], args: tuple[Array, ...], i: int, dA: Array, index: Any, value: float) -> Array:
    """The terms of the cost of args with one entry changed."""
    changed = args[i].copy()
    changed[index] = value
    return f(*args[:i], changed, *args[i + 1 :]) * dA


def _is_differentiable(name: str, arg: Array, gradient: Any) -> bool:
    """Whether arg holds floats, of which there is a gradient, which must look like it."""
    if arg.dtype.kind != "f":
        if gradient is not None:
            raise GradientError(f"the gradient of {name}, which is {arg.dtype}, must be None; it is {short(gradient)}")
        return False
    if not is_array(gradient) or gradient.shape != arg.shape:
        raise GradientError(f"the gradient of {name} must have its shape, {arg.shape}; it is {short(gradient)}")
    if gradient.dtype != arg.dtype:
        raise GradientError(f"the gradient of {name} must be {arg.dtype}; it is {gradient.dtype}")
    if not np.isfinite(gradient).all():
        raise GradientError(f"the gradient of {name} is not finite: {short(gradient)}")
    return arg.size > 0


def _compare(name: str, moved: Callable[..., Array], arg: Array, gradient: Array, rng: np.random.Generator) -> bool:
    """Whether any entry could be judged; raises if one is wrong."""
    indices = list(np.ndindex(arg.shape))
    if len(indices) > _MOST_PROBES:
        indices = [indices[k] for k in sorted(rng.choice(len(indices), _MOST_PROBES, replace=False))]
    resolution = _RESOLUTION * max(float(abs(gradient).max()), 1e-4)
    wrong, judged = [], 0
    for index in indices:
        analytic = float(gradient[index])
        seen = _telling(slopes(partial(moved, index), float(arg[index])), analytic, resolution)
        judged += seen is not None
        if seen is not None and seen.miss(analytic) > 1:
            wrong.append((index, analytic, seen))
    if not wrong:
        return judged > 0
    index, analytic, slope = wrong[0]
    numeric = f"{slope.low:.10g}" if slope.low == slope.high else f"between {slope.low:.10g} and {slope.high:.10g}"
    raise GradientError(
        f"{len(wrong)} of {len(indices)} entries of the gradient of {name} are wrong, first {list(index)}: "
        f"it is {analytic:.10g}, differences give {numeric}, within {slope.bound:.1g}"
    )


def _telling(seen: Iterable[Slopes], analytic: float, resolution: float) -> Slopes | None:
    """The first that agrees with the analytic value, else a kink or the sharpest; None if none is sharp enough."""
    sharp = []
    for one in seen:
        if one.bound <= max(resolution, _RESOLUTION * max(abs(one.low), abs(one.high))):
            if one.miss(analytic) <= 1:
                return one
            sharp.append(one)
    return min(sharp, key=lambda one: (one.low == one.high, one.bound), default=None)


def _pure(name: str, function: Callable[..., Any], *args: Any) -> Any:
    """What a function returns, once it is known to return it again and to leave alone what it was given."""
    before = bits(args)
    for array in leaves(args):
        array.setflags(write=False)
    first = function(*args)
    held = bits(first)
    if bits(function(*args)) != held:
        raise GradientError(f"{name} gives another result when it is called again")
    if bits(args) != before or bits(first) != held:
        raise GradientError(f"{name} changes its arguments, or what it returned before")
    return first


def _generator(args: Any) -> np.random.Generator:
    """Seeded by the arguments, so that a failure replays."""
    return np.random.default_rng(list(hashlib.blake2b(b"".join(bits(args)), digest_size=8).digest()))


def bits(tree: Any) -> list[bytes]:
    """The bytes of every array in a tree, or in a list of trees."""
    return [np.ascontiguousarray(a).tobytes() for a in leaves(tuple(tree) if isinstance(tree, list) else tree)]
