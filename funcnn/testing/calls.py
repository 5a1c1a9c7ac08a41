"""Derivatives that take the arguments of f one by one, or return a bare array: the call that makes them fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from funcnn.arrays import Array
from funcnn.errors import KindError
from funcnn.fields import call_text, parameters_of
from funcnn.testing.differentiation.vector_function import cotangent, generator, sealed, wide
from funcnn.testing.flattening import Flattened
from funcnn.testing.purity import value_or_none
from funcnn.testing.verdict import GradientError

Derivative = Callable[..., Any]  # a vjp or a jvp
Product = Callable[[Derivative, Sequence[Array], Array, Sequence[Any]], float]  # of (derivative, parts, u, v): <u, J v>
# Chosen: a derivative whose call fits is as near as this to a difference quotient.
TRIAL_STEP = 2.0**-14
TRIAL_ERROR = 1e-3
SECOND = {"vjp": "dA", "jvp": "tangents"}


def check_call(f: Flattened, argument: str, derivative: Derivative, product: Product) -> None:
    """Check that a vjp can be called as `vjp(args, dA)`, or a jvp as `jvp(args, tangents)`, with f's keyword arguments.

    `product` is for the remedy.
    """
    parameters = parameters_of(derivative)
    try:
        if parameters is not None:
            parameters.bind((), (), **f.kwargs)
    except TypeError:
        needed = ", ".join(["args", SECOND[argument], *f.kwargs])
        given = f"{call_text(derivative)}{_remedy(f, argument, derivative, product)}"
        raise KindError(f"{f.function}: {argument} must be a function ({needed}), not {given}") from None


def add_remedy(f: Flattened, argument: str, derivative: Derivative, product: Product, error: GradientError) -> None:
    """End the first line of an error with the call that fits, if there is one."""
    first, line, rest = str(error).partition("\n")
    error.args = (f"{first}{_remedy(f, argument, derivative, product)}{line}{rest}",)


def _remedy(f: Flattened, argument: str, derivative: Derivative, product: Product) -> str:
    """The end of a sentence: a call with which the derivative is right along a random direction; empty without one."""
    parts = wide([a for _, a in f.parts()])
    rng = generator(parts)
    v = [cotangent(rng, a) if a.dtype.kind == "f" else None for a in parts]
    low, high, out = [
        value_or_none(f.value, *[a if d is None else sealed(a + h * d) for a, d in zip(parts, v, strict=True)])
        for h in (-TRIAL_STEP, TRIAL_STEP, 0.0)
    ]
    if low is None or high is None or out is None:
        return ""
    u = cotangent(rng, np.asarray(out))
    slope = np.vdot(u, np.subtract(high, low)) / (2 * TRIAL_STEP)
    for text, call in _calls(argument, derivative, single=len(f.args) == 1):
        found = value_or_none(product, call, parts, u, v)
        if found is not None and slope and abs(found - slope) <= TRIAL_ERROR * abs(slope):
            if call is derivative:
                return ""  # as it was called
            keywords = ", **kwargs" if f.kwargs else ""
            return f"; write lambda args, {SECOND[argument]}{keywords}: {text.replace(')', f'{keywords})')}"
    return ""


def _calls(argument: str, derivative: Derivative, *, single: bool) -> Iterator[tuple[str, Derivative]]:
    """Other calls of a derivative: in words, and as a function of the arguments and dA or the tangents."""
    if argument == "jvp":
        yield "jvp(*args, *tangents)", lambda args, v, **kwargs: derivative(*args, *v, **kwargs)
        return
    forms: dict[str, Derivative] = {
        "vjp(args, dA)": derivative,
        "vjp(*args, dA)": lambda args, dA, **kwargs: derivative(*args, dA, **kwargs),
        "vjp(dA, *args)": lambda args, dA, **kwargs: derivative(dA, *args, **kwargs),
    }
    for text, form in forms.items():
        yield text, form
        if single:
            yield f"[{text}]", lambda args, dA, form=form, **kwargs: _one(form(args, dA, **kwargs))


def _one(gradient: Any) -> list[Any]:
    """A list of one gradient; of none if it is in a list, which at a single entry would look like another axis."""
    return [] if isinstance(gradient, list | tuple) else [gradient]
