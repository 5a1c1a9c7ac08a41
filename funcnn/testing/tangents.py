"""A jvp (Jacobian-vector product) as a vjp, column by column of the Jacobian, and the rules that a jvp must keep."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import attrs
import numpy as np

from funcnn.arrays import Array, freeze
from funcnn.testing.checked_pair import raising
from funcnn.testing.claim import Claim
from funcnn.testing.differentiation.constants import EPS
from funcnn.testing.differentiation.rounding import PERTURBATIONS, perturbed
from funcnn.testing.differentiation.vector_function import cotangent, each_float, generator
from funcnn.testing.flattening import Flattened, split
from funcnn.testing.memory import check_not_shared
from funcnn.testing.numbers import as_source, change, contrast
from funcnn.testing.options import Options
from funcnn.testing.purity import Returned, equal
from funcnn.testing.pytrees import leaves_like
from funcnn.testing.sections import Section
from funcnn.testing.structure import LAYOUTS, LINEARITY_ROUNDING, differ_by_more, in_layout
from funcnn.testing.verdict import (
    GradientError,
    NotDeterministic,
    NotLinear,
    NotPure,
    WrongDtype,
    WrongForLayout,
    WrongShape,
)

Tangents = Sequence[Array | None]


@attrs.define(eq=False)
class Jvp:
    """`jvp(args, tangents)` of a flattened function, as functions of real arrays."""

    function: Flattened
    jvp: Callable[..., Any]
    section: Section
    options: Options
    name: str = "jvp"
    calls_f: bool = True  # also with other arguments, which a fast check does not
    holds: Callable[..., Any] = attrs.field(default=lambda *_: True, init=False)  # whether arrays are in the domain
    _is_checked: bool = False
    returned: Returned = attrs.field(factory=Returned, init=False)  # the last tangents
    _columns: dict[Any, list[Array]] = attrs.field(factory=dict, init=False)

    def claimed(self, claim: Claim) -> tuple[Claim, Options]:
        """The claim, and the options, about the arguments of the section."""
        names, parts = zip(*self.section.parts(), strict=True) if claim.args else ((), ())
        own = attrs.evolve(claim, f=self.value, vjp=self.gradients, args=parts, names=names)
        oracle, limits, whole = self.options.oracle, self.options.limits, self.section.whole
        if oracle is not None:
            called = oracle.called
            oracle = attrs.evolve(oracle, called=lambda parts: called(whole(parts)))
        holds, places = limits.holds, self.section.places
        if holds is not None:
            self.holds = holds
            limits = attrs.evolve(limits, holds=lambda *parts: holds(*whole(parts)))
        constraints = {places.index((i, None)): constraint for i, constraint in limits.constraints.items()}
        limits = attrs.evolve(limits, constraints=constraints)
        quick = attrs.evolve(self, calls_f=False)
        quick.holds = self.holds
        own = attrs.evolve(own, quick_vjp=quick.gradients)
        return own, attrs.evolve(self.options, limits=limits, oracle=oracle)

    def value(self, *parts: Array) -> Any:
        """The value of f."""
        return self.function.value(*self.section.whole(parts))

    def gradients(self, parts: tuple[Array, ...], dA: Array) -> list[Any]:
        """The vjp: <dA, J e> for each entry of the arguments, where e is 1 at this entry and 0 elsewhere."""
        if not self._is_checked:
            check_tangents(self, self.section.whole(parts))
            self._is_checked = True
        key = tuple([(a.tobytes(), a.strides, a.dtype) for a in parts])
        if key not in self._columns:
            if len(self._columns) > 8:  # the last arguments are enough
                self._columns.clear()
            whole = self.section.whole(parts)
            self._columns[key] = [
                np.array([self(whole, e) for e in self.section.basis(parts, i)]) for i in range(len(parts))
            ]
        u = dA.ravel()
        return [
            np.asarray((J @ u if J.size else np.zeros(len(J))).reshape(a.shape), a.dtype)
            if a.dtype.kind == "f"
            else None
            for a, J in zip(parts, self._columns[key], strict=True)
        ]

    def shown(self, dA: Array) -> Callable[[str, Any], tuple[str, str]]:
        """By the name of an argument and the index of an entry: the tangents along it, and the cotangent, as source."""

        def pasted(leaf: str, entry: tuple[int, ...] | None) -> tuple[str, str]:
            u = f"u = {as_source(self.function.cotangent(dA))}  # the numbers are <u, J v>"
            if entry is None:
                return "", u
            names, parts = zip(*self.section.parts(), strict=True)
            j = names.index(leaf)
            k = int(np.arange(parts[j].size).reshape(parts[j].shape)[entry])
            v = list(self.section.basis(parts, j))[k]
            return "", f"tangents = {as_source(self.function.tangents(v))}\n    {u}"

        return pasted

    def __call__(self, parts: Sequence[Array], tangents: Tangents) -> Array:
        """The tangent of the value, as a vector."""
        function = self.function
        args, kwargs = function.called(parts)
        with raising(self.name):
            found = self.jvp(args, self.function.tangents(tangents), **kwargs)
        self.returned.check(f"{self.name} changes a tangent that it returned before", "the tangent")
        dtype = np.result_type(*[a.dtype for a in parts if a.dtype.kind == "f"])
        given = list(leaves_like(function.result.tree, found, "the tangent of f", WrongShape))
        tangents_of_f: list[tuple[Array, str]] = []
        moved = [(f"the tangent of {name}", v) for (name, _), v in zip(function.parts(), tangents, strict=True)]
        shared = (
            [] if self.options.aliasing else [*moved, *zip([name for name, _ in function.parts()], parts, strict=True)]
        )
        for (kind, shape), value in zip(function.result.leaves, given, strict=True):
            if kind in "fc":
                own = _as_tangent(value, kind, shape, dtype)
                check_not_shared("the tangent of f", own, shared)
                tangents_of_f.append((own, kind))
        self.returned.keep([own for own, _ in tangents_of_f])
        return np.concatenate([a.ravel() for own, kind in tangents_of_f for a in split(own, kind)])


def _as_tangent(value: Any, kind: str, shape: tuple[int, ...], dtype: Any) -> Array:
    """Check that the tangent of one output has the shape and the dtype of the output."""
    array = np.asarray(np.nan if value is None else value)
    if array.shape != shape or value is None:
        given = "None" if value is None else f"{array.shape}"
        raise WrongShape(f"the tangent of f must have the shape of its value, {shape}; it is {given}")
    wanted = dtype if kind == "f" else np.result_type(dtype, np.complex64)
    if array.dtype.kind not in ("fiub" if kind == "f" else "fiubc") or (shape and array.dtype != wanted):
        raise WrongDtype(f"the tangent of f must be {wanted}, as its value is, not {array.dtype}")
    return array


def check_tangents(jvp: Jvp, parts: Sequence[Array]) -> None:
    """Raise the GradientError of the first structural property that does not hold for a jvp."""
    rng = generator(parts)
    v, w = ([cotangent(rng, a) if a.dtype.kind == "f" else None for a in parts] for _ in range(2))
    if jvp.options.purity:
        _check_purity(jvp, parts, v, w)
    _check_linearity(jvp, parts, v, w)


def _check_purity(jvp: Jvp, parts: Sequence[Array], v: Tangents, w: Tangents) -> None:
    """Check that a jvp gives the same after calls of f and jvp with other arguments and tangents."""
    name, tolerance = jvp.name, jvp.options.nondeterministic
    first = jvp(parts, v)
    jvp(parts, w)

    def check_same(now: Array, message: str, kind: type[GradientError]) -> None:
        size = abs(first).max(initial=0)
        if not np.allclose(now, first, rtol=tolerance, atol=tolerance * size, equal_nan=True):
            raise kind(f"{message}: {change('the tangent', first, now)}")

    check_same(jvp(parts, v), f"{name} gives another result when it is called again", NotDeterministic)
    moved = each_float(lambda a: freeze(np.roll(a, 1)), parts)
    calls: list[Callable[[], Any]] = [lambda: jvp.function.value(*moved), lambda: jvp(moved, w)][not jvp.calls_f :]
    for call in calls if np.all(jvp.holds(*moved)) else ():
        try:
            call()
        except Exception:  # noqa: BLE001, S112  these arguments may lie outside the domain
            continue
    jvp.returned = Returned()  # without tangents at other arguments
    check_same(jvp(parts, v), f"{name} gives another result after f or {name} was called with other arguments", NotPure)
    lent, lent_v = [a.copy() for a in parts], [None if a is None else a.copy() for a in v]  # all others are read-only
    jvp(lent, lent_v)
    for what, now, before in (("its arguments", lent, parts), ("its tangents", lent_v, v)):
        if not all([equal(a, b) for a, b in zip(now, before, strict=True)]):
            raise NotPure(f"{name} writes to {what} if they are writeable")


def _check_linearity(jvp: Jvp, parts: Sequence[Array], v: Tangents, w: Tangents) -> None:
    """Check that a jvp is linear in the tangents, and gives the same for tangents in any layout of memory."""
    rng, name, first, other = generator(parts), jvp.name, jvp(parts, v), jvp(parts, w)

    @cache  # computed where two results differ
    def rounding() -> Array:
        near = [each_float(lambda a: perturbed(a, rng), parts) for _ in range(PERTURBATIONS)]
        change = np.fmax.reduce([abs(jvp(args, v) - first) for args in near])
        terms = sum([float(abs(a).sum()) for a in (*v, *w) if a is not None])
        return LINEARITY_ROUNDING * (change + EPS * terms)  # terms of the size of the tangents may cancel

    for c in (0.0, 2.0, -1.0, 2.0**30):
        what = f"{c:g} tangents is not {c:g} times {name} of tangents" if c else "zeros is not zero"
        scaled = jvp(parts, [None if a is None else freeze(np.asarray(c * a)) for a in v])
        if differ_by_more(scaled, c * first) and differ_by_more(scaled, c * first, abs(c) * rounding()):
            raise NotLinear(f"{name} of {what}: {contrast('the tangent', scaled, c * first)}")
    total = jvp(parts, [None if a is None else a + b for a, b in zip(v, w, strict=True)])
    if differ_by_more(total, first + other) and differ_by_more(total, first + other, rounding()):
        what = f"{name} of a sum of tangents is not the sum of {name} of each"
        raise NotLinear(f"{what}: {contrast('the tangent', total, first + other)}")
    for what in LAYOUTS if jvp.options.layouts else ():
        arranged = jvp(parts, [None if a is None else in_layout(what, a) for a in v])
        if differ_by_more(arranged, first) and differ_by_more(arranged, first, rounding()):
            raise WrongForLayout(f"{name} gives another result for {what} tangents of the same entries")
