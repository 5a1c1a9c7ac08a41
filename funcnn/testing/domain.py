"""The domain of a function: the arguments at which the checker may call it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from funcnn.arrays import Array, kind, short
from funcnn.errors import KindError, RangeError
from funcnn.needs import as_number
from funcnn.testing.constraints import IN_ITS_SET, STRUCTURES, Constraint

Args = tuple[Any, ...]
Interval = tuple[float | None, float | None]


class OutsideDomainError(Exception):
    """Arguments that the checker made lie outside the domain of f."""


@attrs.frozen(eq=False)
class Domain:
    """The condition that arguments must meet, and the constraints of arguments with a structure, by their index.

    `hints` has a sentence for each name of an argument that is symmetric.
    """

    holds: Callable[..., Any] | None = None
    constraints: Mapping[int, Constraint] = attrs.field(factory=dict)
    hints: Mapping[str, str] = attrs.field(factory=dict)

    def has(self, args: Args) -> bool:
        """Whether the arguments lie in the domain."""
        if self.holds is None and not self.constraints:
            return True
        if any(a.dtype.kind == "c" for a in args):  # a complex step, which does not move the real parts
            return True
        inside = all(constraint.holds(args[i]) for i, constraint in self.constraints.items())
        return inside and (self.holds is None or bool(np.all(self.holds(*args))))

    def check(self, args: Args) -> None:
        """Raise OutsideDomainError unless the arguments lie in the domain."""
        if not self.has(args):
            raise OutsideDomainError

    def fitted(self, args: Args) -> Args:
        """The arguments, those with a structure projected onto their sets; read-only."""
        if not self.constraints:
            return args
        found = list(args)
        for i, constraint in self.constraints.items():
            found[i] = np.asarray(constraint.project(args[i]), args[i].dtype)
            found[i].flags.writeable = False
        return tuple(found)

    def pulled_back(self, args: Args, gradients: Sequence[Any]) -> list[Any]:
        """The gradients of f(fitted(args)) from those of f at fitted(args)."""
        found = list(gradients)
        for i, constraint in self.constraints.items():
            found[i] = constraint.pull_back(args[i], np.asarray(gradients[i], np.float64))
        return found


def as_domain(function: str, names: Sequence[str], args: Sequence[Array], domain: Any, structure: Any) -> Domain:
    """Check the contents of `domain` and `structure` of the check `function`; the result is what they describe."""
    holds = _as_intervals(function, names, domain) if isinstance(domain, Mapping) else domain
    _check_names(function, "structure", structure, names)
    own = dict(zip(names, args, strict=True))
    constraints = {
        names.index(name): _as_constraint(function, name, own[name], what) for name, what in structure.items()
    }
    free = {name: a for name, a in own.items() if name not in structure}
    hints = {
        name: f"f reads one triangle of {name}; if {name} is always symmetric, "
        f'write structure={{{_quoted(name)}: "symmetric"}}'
        for name, a in free.items()
        if a.ndim > 1 and a.shape[-1] > 1 and np.array_equal(a, np.swapaxes(a, -1, -2))
    }
    return Domain(holds, constraints, hints)


def _quoted(name: str) -> str:
    return repr(name) if '"' in name else f'"{name}"'


def _as_intervals(function: str, names: Sequence[str], domain: Any) -> Callable[..., bool]:
    _check_names(function, "domain", domain, names)
    ends = {names.index(name): _as_ends(function, name, interval) for name, interval in domain.items()}

    def holds(*args: Array) -> bool:
        return all(((low <= args[i]) & (args[i] <= high)).all() for i, (low, high) in ends.items())

    return holds


def _as_ends(function: str, argument: str, interval: Any) -> tuple[float, float]:
    if not isinstance(interval, tuple | list) or len(interval) != 2:
        raise KindError(f"{function}: domain of {argument} must be a pair (low, high), not {kind(interval)}")
    low, high = (
        default if end is None else as_number(function, f"an end of the domain of {argument}", end)
        for end, default in zip(interval, (-np.inf, np.inf), strict=True)
    )
    if not low < high:
        raise RangeError(f"{function}: domain of {argument} must be (low, high) with low < high, not {short(interval)}")
    return low, high


def _check_names(function: str, argument: str, given: Mapping[str, Any], names: Sequence[str]) -> None:
    for name in given:
        if name not in names:
            which = f"{'one of ' * (len(names) > 1)}{', '.join(map(repr, names))}"
            raise RangeError(f"{function}: a key of {argument} must be an argument, not {short(name)}; write {which}")


def _as_constraint(function: str, argument: str, a: Array, structure: Any) -> Constraint:
    of_caller = callable(structure) and not isinstance(structure, type)
    if not of_caller and not (isinstance(structure, str) and structure in STRUCTURES):
        known = ", ".join([f'"{known}"' for known in STRUCTURES])
        given = short(structure) if isinstance(structure, str) else kind(structure)
        raise KindError(f"{function}: structure of {argument} must be a projection or one of {known}, not {given}")
    if a.dtype.kind != "f":
        raise KindError(f"{function}: structure of {argument} needs floats; {argument} is {a.dtype}")
    wide = a.astype(np.float64)
    if of_caller:
        from funcnn.testing.projections import projected  # noqa: PLC0415  only a projection of the caller needs it

        return projected(function, argument, structure, wide)
    family = STRUCTURES[structure]
    axes = {"arrays with an axis": 1}.get(family.needs, 2)
    if a.ndim < axes or (family.needs == "square matrices" and a.shape[-1] != a.shape[-2]):
        raise RangeError(f"{function}: structure of {argument} needs {family.needs}; {argument} has shape {a.shape}")
    measure = np.ones(()) if family.measure is None else family.measure(wide)
    with np.errstate(all="ignore"):
        constraint = family.near(wide)
        near = abs(constraint.project(wide) - wide) <= IN_ITS_SET * abs(wide).max(initial=0)
        if not (near.all() and (abs(measure - 1) <= IN_ITS_SET).all() and constraint.holds(wide)):
            raise RangeError(f'{function}: {argument} must be "{structure}", as structure says; it is not')
    return constraint
