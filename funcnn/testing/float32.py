"""The same in float32, last: a complaint about digits must not hide a wrong formula."""

from __future__ import annotations

import numpy as np

from funcnn.arrays import Array, short
from funcnn.testing.rounding import nearness, nudged
from funcnn.testing.structure import Guarded, cotangent
from funcnn.testing.subject import Subject, sealed
from funcnn.testing.verdict import GradientError, WrongForFloat32


def examine_float32(guarded: Guarded, subject: Subject, rng: np.random.Generator) -> None:
    """Float32 in, float32 out, and roughly the gradient that float64 gives, where the values of f agree so far."""
    if any(not abs(subject.args[i]).max(initial=0) < 1e30 for i in subject.floats):
        return
    narrow = tuple([sealed(a.astype(np.float32)) if a.dtype.kind == "f" else a for a in subject.args])
    wide = tuple([sealed(a.astype(np.float64)) if a.dtype.kind == "f" else a for a in narrow])
    try:
        out, exact = np.asarray(guarded.forward(*narrow)), np.asarray(guarded.forward(*wide))
    except GradientError:
        raise
    except Exception:  # noqa: BLE001  whoever refuses float32 says so in its own way
        return
    if out.dtype != np.float32 or out.shape != exact.shape or not np.isfinite(out).all():
        return
    dA = cotangent(rng, out)
    gradients = guarded.backward(narrow, dA)
    if not _near(out, exact, 1e-3):
        return
    near, nearby = [guarded.backward(wide, sealed(dA.astype(exact.dtype)))], [gradients]
    for _ in range(4):
        moved = tuple([sealed(nudged(a, rng, 2.0**-23)) if a.dtype.kind == "f" else a for a in wide])
        near.append(guarded.backward(moved, sealed(dA.astype(exact.dtype))))
        nearby.append(guarded.backward(tuple([a.astype(b.dtype) for a, b in zip(moved, narrow, strict=True)]), dA))
    apart = abs(out - exact).max(initial=0)  # in so far as f itself is rounded, its gradient is
    size = float(abs(dA).ravel() @ np.maximum(abs(exact.ravel()), 1.0) * 2.0**-23 + abs(dA).sum() * apart)
    for i in subject.floats:
        wanted, got = ([gradients[i].astype(np.float64) for gradients in found] for found in (near, nearby))
        _refuse_far(guarded.names[i], wanted, got, 64 * size / nearness(wide[i]))


def _near(a: Array, b: Array, tolerance: float) -> bool:
    return bool((abs(a - b) <= tolerance * abs(b).max(initial=1e-30)).all())


def _refuse_far(name: str, wanted: list[Array], got: list[Array], residue: Array) -> None:
    """Float32 has seven digits, of which cancellation may take five, and where all cancels all of them."""
    low, high = np.minimum.reduce(wanted), np.maximum.reduce(wanted)
    size = np.maximum(abs(low), abs(high)).max(initial=0)
    if not size < 1e30:
        return
    slack = 8 * (high - low) + 8 * np.ptp(got, axis=0) + 5e-2 * size + residue
    if not ((got[0] >= low - slack) & (got[0] <= high + slack)).all():
        raise WrongForFloat32(f"the gradient of {name} is {short(got[0])} in float32, but {short(low)} in float64")
