"""Backward passes that raise an exception: what it says, and the same rule at arrays of equal lengths."""

from __future__ import annotations

import attrs
import numpy as np

from funcnn.arrays import Array
from funcnn.teach.progress import Diagnosis
from funcnn.testing.claim import Claim
from funcnn.testing.verdict import GradientError

LENGTH = 3  # chosen: the length of each axis of arrays at which shapes fit that fit nowhere else


def changes_its_arguments(error: GradientError) -> bool:
    """Whether a backward pass raised an exception since it writes to an array that it was given."""
    return "read-only" in str(error.__cause__ or error)


def message(error: GradientError) -> str:
    """The exception that a backward pass raised."""
    cause = error.__cause__ or error
    lines = [line for line in str(cause).splitlines() if line.strip()]
    return f"your backward raises {type(cause).__name__}: {lines[0] if lines else ''}"


def is_of_shapes(error: GradientError) -> bool:
    """Whether shapes do not fit."""
    text = str(error.__cause__ or error)
    return isinstance(error.__cause__, ValueError) and any(
        word in text for word in ("broadcast", "mismatch", "aligned")
    )


def at_equal_lengths(claim: Claim) -> Claim | None:
    """The same claim at arrays whose axes have one length; None if f does not take them."""
    random = np.random.default_rng(0)
    args = tuple([_of_one_length(a, random) for a in claim.args])
    lengths = {n for a in claim.args for n in a.shape if n > 1}
    if len(lengths) < 2:
        return None
    try:
        out = np.asarray(claim.f(*args))
    except Exception:  # noqa: BLE001  other shapes may not fit together in f
        return None
    return attrs.evolve(claim, args=args) if np.isfinite(out).all() else None


def _of_one_length(a: Array, random: np.random.Generator) -> Array:
    """An array with other numbers of the same size; ids stay as they are."""
    if a.dtype.kind != "f":
        return a
    shape = tuple([LENGTH if n > 1 else 1 for n in a.shape])
    made = random.permutation(np.resize(a, shape).ravel()).reshape(shape)
    return np.asarray(made * (1 + 0.1 * random.standard_normal(shape)))


def stopped(error: GradientError) -> Diagnosis:
    """The diagnosis of a rule of which nothing is known but its exception."""
    remedy = "Print the shapes of the arrays in this line; each gradient has the shape of its argument."
    text = f"no gradient was compared. {remedy}" if is_of_shapes(error) else "no gradient was compared."
    return Diagnosis(None, f"{message(error)}.", text, "")
