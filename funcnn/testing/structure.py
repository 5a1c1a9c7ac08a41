"""What a backward pass must do whatever its numbers: shapes, purity, linearity, any layout of memory.

This is cheap, so it comes first; and a function that writes to its arguments has no derivative worth measuring.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from math import prod
from typing import Any

import attrs
import numpy as np

from funcnn.arrays import Array, short
from funcnn.testing.rounding import EPS, nearness, residue_of, wobble_of
from funcnn.testing.subject import Subject, Vjp, sealed
from funcnn.testing.verdict import (
    Aliased,
    GradientError,
    NotDeterministic,
    NotLinear,
    NotPure,
    Raised,
    WrongDtype,
    WrongForLayout,
    WrongShape,
)

Blur = Callable[[], list[Any]]


@attrs.frozen(eq=False)
class Guarded:
    """f and vjp behind checks that hold for every call of theirs."""

    f: Callable[..., Any]
    vjp: Vjp
    names: tuple[str, ...]

    def forward(self, *args: Array) -> Any:
        """What f returns; f may not write to what it is given."""
        try:
            return self.f(*args)
        except ValueError as error:
            raise _writes("f", error) or error from None

    def backward(self, args: tuple[Array, ...], dA: Array) -> list[Any]:
        """What vjp returns, as arrays of the right shapes and dtypes, None for what has no gradient."""
        dA.flags.writeable = False
        try:
            gradients = self.vjp(args, dA)
        except GradientError:
            raise
        except Exception as error:
            raise _writes("vjp", error) or Raised(
                f"vjp raised {type(error).__name__} where f did not: {error}"
            ) from error
        if not isinstance(gradients, Sequence) or len(gradients) != len(args):
            given = f"{len(gradients)}" if isinstance(gradients, Sequence) else short(gradients)
            raise WrongShape(f"vjp must give a gradient for each of {len(args)} arguments, in a tuple; it gave {given}")
        return [self._fitting(*each, dA.dtype) for each in zip(self.names, args, gradients, strict=True)]

    def _fitting(self, name: str, arg: Array, gradient: Any, dtype: Any) -> Any:
        if arg.dtype.kind != "f":
            if gradient is not None and np.asarray(gradient).dtype.kind in "fc":
                raise WrongDtype(f"the gradient of {name}, which is {arg.dtype}, must be None; it is {short(gradient)}")
            return None
        if gradient is None:
            raise WrongShape(f"the gradient of {name} must have its shape, {arg.shape}; it is None")
        gradient = np.asarray(gradient)
        if gradient.shape != arg.shape:
            raise WrongShape(f"the gradient of {name} must have its shape, {arg.shape}; it is {gradient.shape}")
        if gradient.dtype.kind not in "fiub" or (arg.ndim and gradient.dtype not in (arg.dtype, dtype)):
            raise WrongDtype(f"the gradient of {name} must be {arg.dtype}, as {name} is; it is {gradient.dtype}")
        return gradient


def examine(guarded: Guarded, subject: Subject, rng: np.random.Generator, *, aliasing: bool, tolerance: float) -> None:
    """Everything but the numbers. Raises the GradientError that fits."""
    args, out, names = subject.args, subject.out, guarded.names
    dA, other_dA = (cotangent(rng, out) for _ in range(2))
    kept = [a.copy() for a in args]
    held = guarded.forward(*args)
    gradients = guarded.backward(args, dA)
    if not equal(held, out, tolerance):
        raise NotPure("vjp changes what f returned before")
    first = [None if g is None else g.copy() for g in gradients]

    def same(now: Sequence[Any], error: GradientError) -> None:
        for name, a, b in zip(names, first, now, strict=True):
            if a is not None and not equal(a, b, tolerance):
                error.add_note(f"in the gradient of {name}")
                raise error

    if not aliasing:
        _refuse_aliases(guarded, args, gradients, dA)
    guarded.backward(args, other_dA)
    same(gradients, NotPure("vjp changes a gradient that it returned before, when it is called with another dA"))
    same(guarded.backward(args, dA), NotDeterministic("vjp gives another result when it is called again"))
    what = "vjp gives another result after {} was called with other arguments"
    # Moved and turned: a memory may go by the shape, or by a sum.
    moved = tuple([sealed(a + 1) if a.dtype.kind == "f" else a for a in args])
    turned = tuple([sealed(np.roll(a, 1)) if a.dtype.kind == "f" else a for a in args])
    for other in (moved, turned):
        _or_none(guarded.forward, *other)
    same(guarded.backward(args, dA), NotPure(what.format("f")))
    for other in (moved, turned):
        _or_none(guarded.backward, other, dA)
    same(guarded.backward(args, dA), NotPure(what.format("it")))
    if not all(equal(a, b) for a, b in zip(args, kept, strict=True)):
        raise NotPure("f or vjp changes its arguments")
    blur = cache(lambda: _blur(subject, dA, rng))  # measured where it is needed
    _examine_linearity(guarded, args, dA, other_dA, first, blur)
    _examine_layouts(guarded, subject, dA, rng, blur)
    _examine_extremes(guarded, subject, dA, aliasing=aliasing)


def cotangent(rng: np.random.Generator, out: Array) -> Array:
    """Numbers of few bits, exact in every dtype, and none near 0."""
    return sealed((rng.integers(128, 385, out.shape) / 256 * rng.choice([-1.0, 1.0], out.shape)).astype(out.dtype))


def equal(a: Any, b: Any, tolerance: float = 0.0) -> bool:
    """Same bits (nan equals nan), or as near as is tolerated."""
    if tolerance:
        return bool(np.allclose(a, b, rtol=tolerance, atol=tolerance * np.max(np.abs(a), initial=0), equal_nan=True))
    return bool(np.array_equal(a, b, equal_nan=np.asarray(a).dtype.kind == "f"))


def _blur(subject: Subject, dA: Array, rng: np.random.Generator) -> list[Any]:
    """What rounding may do to each gradient, None for what has none."""
    x = subject.x
    hidden = EPS * abs(dA).sum() / nearness(x)  # numbers of the size of 1 may have cancelled
    entries = wobble_of(subject, x, dA, rng) + residue_of(subject, x, dA) + hidden
    found: list[Any] = [None] * len(subject.args)
    for i, (_, start, shape) in zip(subject.floats, subject.places(), strict=True):
        found[i] = entries[start : start + prod(shape)].reshape(shape)
    return found


def _examine_linearity(
    guarded: Guarded, args: tuple[Array, ...], dA: Array, other_dA: Array, first: Sequence[Any], blur: Blur
) -> None:
    """backward(0) = 0, backward(c dA) = c backward(dA), backward(dA + dB) = backward(dA) + backward(dB)."""
    for c in (0.0, 2.0, -1.0, 2.0**30, 2.0**-30):
        scaled = guarded.backward(args, sealed((c * dA).astype(dA.dtype)))
        wanted = [None if g is None else c * g for g in first]
        what = f"vjp of {c:g} dA is not {c:g} times that of dA" if c else "vjp of a dA of zeros is not zero"
        _refuse_apart(guarded, scaled, wanted, abs(c), blur, what)
    second = guarded.backward(args, other_dA)
    total = guarded.backward(args, sealed(dA + other_dA))
    sums = [None if a is None else a + b for a, b in zip(first, second, strict=True)]
    _refuse_apart(guarded, total, sums, 1.0, blur, "vjp of a sum of cotangents is not the sum of its results for each")


def _refuse_apart(
    guarded: Guarded, got: Sequence[Any], wanted: Sequence[Any], scale: float, blur: Blur, what: str
) -> None:
    for i, (name, a, b) in enumerate(zip(guarded.names, got, wanted, strict=True)):
        if a is not None and _apart(a, b) and _apart(a, b, 64 * scale * blur()[i]):
            raise NotLinear(f"{what}: the gradient of {name} is {short(a)} where {short(b)} follows")


def _apart(a: Array, b: Array, blur: Any = 0.0) -> bool:
    """By more than a millionth of the largest entry, and more than rounding explains."""
    size = np.where(np.isfinite(b), abs(b), 0).max(initial=0)
    return bool((abs(a - b) > 1e-6 * size + blur + 1e-290).any())  # nan is judged elsewhere, and apart from nothing


def _layouts(a: Array) -> Iterator[tuple[str, Array]]:
    """The same entries, otherwise arranged in memory."""
    if a.ndim > 1:
        yield "Fortran-ordered", np.asfortranarray(a)
    if a.ndim:
        yield "reversed", np.ascontiguousarray(a[::-1])[::-1]
        yield "strided", np.repeat(a, 2, axis=-1)[..., ::2]


def _examine_layouts(guarded: Guarded, subject: Subject, dA: Array, rng: np.random.Generator, blur: Blur) -> None:
    """A cotangent or an argument may be a view of something larger, in any order."""
    same = np.broadcast_to(dA.ravel()[:1].reshape((1,) * dA.ndim) if dA.size else dA, dA.shape)
    pairs = [(what, dA, other) for what, other in _layouts(dA)] + [("broadcast", sealed(same), same)]
    for what, plain, other in pairs:
        wanted = guarded.backward(subject.args, plain)
        if _differ(guarded.backward(subject.args, other), wanted, blur):
            raise WrongForLayout(f"vjp gives another result for a {what} dA of the same entries")
    for what, index in (("Fortran-ordered", 0), ("reversed", -2), ("strided", -1)):

        def arranged(args: tuple[Array, ...], index: int = index) -> tuple[Array, ...]:
            found = [[view for _, view in _layouts(a)] if a.dtype.kind == "f" else [] for a in args]
            return tuple([_frozen(v[index]) if v else a for v, a in zip(found, args, strict=True)])

        # A tie that rounding breaks one way for one layout and the other for another is no mistake: try beside it, too.
        beside = subject.arguments(subject.x * (1 + 1e-6 * rng.uniform(-1, 1, subject.x.size)))
        if all(
            _differ(guarded.backward(arranged(args), dA), guarded.backward(args, dA), blur)
            for args in (subject.args, beside)
        ):
            raise WrongForLayout(f"vjp gives another result for {what} arguments of the same entries")


def _differ(a: Sequence[Any], b: Sequence[Any], blur: Blur) -> bool:
    pairs = [(i, p, q) for i, (p, q) in enumerate(zip(a, b, strict=True)) if p is not None]
    return any(_apart(p, q) and _apart(p, q, 64 * blur()[i]) for i, p, q in pairs)


def _examine_extremes(guarded: Guarded, subject: Subject, dA: Array, *, aliasing: bool) -> None:
    """Each argument all ones and all zeros, where shortcuts and broadcasts go unnoticed in what is drawn at random."""
    for i in subject.floats:
        for fill in (1.0, 0.0):
            args = list(subject.args)
            args[i] = sealed(np.full_like(args[i], fill))
            out = _or_none(guarded.forward, *args)
            if out is not None and np.shape(out) == subject.out.shape and np.isfinite(out).all():
                try:
                    gradients = guarded.backward(tuple(args), dA)
                except GradientError as error:
                    error.add_note(f"where {guarded.names[i]} is all {fill:g}")
                    raise
                if not aliasing:
                    _refuse_aliases(guarded, tuple(args), gradients, dA)


def _refuse_aliases(guarded: Guarded, args: tuple[Array, ...], gradients: Sequence[Any], dA: Array) -> None:
    for name, gradient in zip(guarded.names, gradients, strict=True):
        for what, array in (("dA", dA), *zip(guarded.names, args, strict=True)):
            if gradient is not None and np.shares_memory(gradient, array):
                raise Aliased(f"the gradient of {name} shares memory with {what}: whoever writes to one changes both")


def _frozen(a: Array) -> Array:
    a.flags.writeable = False
    return a


def _or_none(f: Callable[..., Any], *args: Any) -> Any:
    try:
        return f(*args)
    except Exception:  # noqa: BLE001  these arguments are not the user's own: they may lie outside the domain
        return None


def _writes(who: str, error: Exception) -> GradientError | None:
    if isinstance(error, ValueError) and "read-only" in str(error):
        return NotPure(f"{who} writes to its arguments, which belong to others: {error}")
    return None
