"""Derivatives of a function, found beside it by their names, and the way in which they are called."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import Any

import attrs
import numpy as np

from funcnn.fields import parameters_of
from funcnn.testing.scipy import pair
from funcnn.testing.write.calls import GuessedCall

# The names of a derivative of f. A vjp takes a cotangent; a slope is a gradient, an elementwise derivative or a
# Jacobian.
VJPS = ["{f}_vjp", "vjp_{f}", "{f}_backward", "backward_{f}", "{f}_bwd", "{f}_pullback"]
_ENDS = ("grad", "gradient", "jac", "jacobian", "der", "deriv", "derivative", "prime", "slope")
SLOPES = [*[f"{{f}}_{end}" for end in _ENDS], *[f"{end}_{{f}}" for end in _ENDS], "d{f}", "d_{f}"]
COTANGENTS = {
    "dA",
    "dout",
    "dy",
    "dz",
    "da",
    "g",
    "u",
    "ct",
    "cotangent",
    "grad",
    "grad_out",
    "grad_output",
    "upstream",
}
STEP, CLOSE = 2.0**-14, 1e-3  # chosen: a call whose product is as near to a difference quotient fits


@attrs.frozen
class FoundPair:
    """The sources of f and vjp, and the name of the derivative, if it has one.

    In the sources, {f} and {vjp} stand for the functions, and {names} for the parameters of f.
    """

    f: str
    vjp: str
    derivative: str = ""

    @property
    def is_jacobian(self) -> bool:
        """Whether the derivative gives a Jacobian, which an adapter multiplies by the cotangent."""
        return self.vjp == JACOBIAN

    def arguments(self, f: str, vjp: str, names: Sequence[str]) -> str:
        """The first arguments of `check_vjp`."""
        words = {"f": f, "vjp": vjp, "names": ", ".join(names)}
        return ", ".join([source.format(**words) for source in (self.f, self.vjp) if source])


_ITSELF = (
    FoundPair("lambda {names}: {f}({names})[0]", "lambda args, dA: [*{f}(*args)[1](dA)]"),
    FoundPair("lambda {names}: {f}({names})[0]", "lambda args, dA: [{f}(*args)[1](dA)]"),
    FoundPair("lambda {names}: {f}({names})[0]", "lambda args, dA: [dA * one for one in {f}(*args)[1]]"),
    FoundPair("lambda {names}: {f}({names})[0]", "lambda args, dA: [dA * {f}(*args)[1]]"),
)
_NATIVE = ("{vjp}",)
_LAST = ("lambda args, dA: {vjp}(*args, dA)", "lambda args, dA: [{vjp}(*args, dA)]")
_FIRST = ("lambda args, dA: {vjp}(dA, *args)", "lambda args, dA: [{vjp}(dA, *args)]")
_OF_SLOPES = ("lambda args, dA: [dA * {vjp}(*args)]", "lambda args, dA: [dA * one for one in {vjp}(*args)]")
JACOBIAN = "*jacobian_pair({f}, {vjp})"  # of funcnn.testing.scipy


def found_pair(f: Callable[..., Any], name: str, module: str, call: GuessedCall) -> FoundPair | None:
    """f with its derivative: the second value of f, or the function beside it that fits best; None if there is none."""
    rng, beside = np.random.default_rng(0), import_module(module)
    args = call.drawn(rng, call.sizes(), None)
    pairs = (*(_ITSELF if isinstance(f(*args), tuple) else ()), *_named(name, beside))
    fits = {one: _fit(one, f, getattr(beside, one.derivative, None), args, rng) for one in pairs}
    close = [one for one, fit in fits.items() if fit]
    return next(iter([*close, *[one for one, fit in fits.items() if fit is False]]), None)


def names_for(name: str) -> list[str]:
    """The names under which a derivative is looked for."""
    return [one.format(f=name) for one in (*VJPS, *SLOPES)]


def _named(name: str, module: Any) -> Iterator[FoundPair]:
    for names, is_vjp in ((VJPS, True), (SLOPES, False)):
        for derivative in [one.format(f=name) for one in names]:
            if callable(function := getattr(module, derivative, None)):
                sources = _ways(function) if is_vjp else (*_OF_SLOPES, JACOBIAN)
                for source in sources:
                    yield FoundPair("" if source == JACOBIAN else "{f}", source, derivative)


def _ways(vjp: Callable[..., Any]) -> tuple[str, ...]:
    """The ways in which a vjp may be called, the one that the names of its parameters suggest first."""
    signature = parameters_of(vjp)
    names = [*signature.parameters] if signature else []
    if names[:1] == ["args"]:
        return (*_NATIVE, *_LAST, *_FIRST)
    return (*_FIRST, *_LAST) if COTANGENTS.intersection(names[:1]) else (*_LAST, *_FIRST, *_NATIVE)


def _fit(one: FoundPair, f: Any, derivative: Any, args: Sequence[Any], rng: np.random.Generator) -> bool | None:
    """Whether a pair agrees with a difference quotient of f; None if its gradients are not of the right shapes."""
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            source = one.arguments("F", "G", [f"x{i}" for i in range(len(args))])
            value, vjp = eval(f"({source},)", {"F": f, "G": derivative, "jacobian_pair": pair})  # noqa: S307  written here
            out = np.asarray(value(*args), float)
            moves = [rng.standard_normal(np.shape(a)) if np.asarray(a).dtype.kind == "f" else None for a in args]
            dA = rng.standard_normal(out.shape)
            found = vjp(tuple(args), np.asarray(dA))
            if not isinstance(found, tuple | list) or len(found) != len(args):
                return None
            pairs = [(np.asarray(g, float), d) for g, d in zip(found, moves, strict=True) if d is not None]
            if any([g.shape != d.shape for g, d in pairs]):
                return None
            ahead, behind = [
                np.asarray(value(*[a if d is None else a + s * d for a, d in zip(args, moves, strict=True)]), float)
                for s in (STEP, -STEP)
            ]
            numeric = float((dA * (ahead - behind)).sum()) / (2 * STEP)
            return abs(sum([float((g * d).sum()) for g, d in pairs]) - numeric) <= CLOSE * (1 + abs(numeric))
    except Exception:  # noqa: BLE001  this is not how the derivative is called
        return None
