"""Sequences: x of shape (m, t, features), alone or with a mask of what is there, or with a state as well."""

from __future__ import annotations

from typing import Any

from funcnn.arrays import Array, check_out_gradient, is_array, is_float, kind, namespace, short
from funcnn.errors import KindError, ShapeError

FORMS = {2: "(x, mask)", 3: "(x, mask, state)"}


def opened(whose: str, given: Any, most: int = 2) -> tuple[Any, Any, Any]:
    """(x, mask, state) of x, of (x, mask) or of (x, mask, state), with None for what is not there."""
    if type(given) is not tuple:
        return given, None, None
    if not 2 <= len(given) <= most:
        forms = " or ".join([form for n, form in FORMS.items() if n <= most])
        raise ShapeError(f"{whose}: x must be an array, or {forms}, not a tuple of {len(given)}")
    return (*given, None)[:3]


def closed(given: Any, x: Any, mask: Any = None, state: Any = None) -> Any:
    """x, (x, mask) or (x, mask, state), whichever form was given."""
    return (x, mask, state)[: len(given)] if type(given) is tuple else x


def check_sequence(name: str, x: Any, mask: Any = None) -> None:
    """x is (m, t, features) with t at least 1, and the mask (m, t) of bools, or None."""
    namespace(x, name)
    if x.ndim != 3 or x.shape[1] < 1:
        one = "put an Embedding before" if x.dtype.kind in "iu" else f"write {name}[None] for one sequence"
        advice = f"; {one}" if x.ndim == 2 else ""
        raise ShapeError(f"{name} must be (m, t, features), t at least 1; {name}: {x.shape}{advice}")
    check_mask(name, mask, x.shape[:2])


def check_mask(name: str, mask: Any, shape: tuple[int, ...]) -> None:
    """The mask is of bools and of this shape, or None."""
    if mask is None:
        return
    if not is_array(mask) or mask.dtype != bool:
        raise KindError(f"the mask must be an array of bools, True where {name} is there, not {kind(mask)}")
    if mask.shape != shape:
        raise ShapeError(f"the mask must be (m, t), {shape}; it is {mask.shape}")


def mask_of(given: Any) -> Any:
    """The mask in (x, mask, ...), where x is a sequence of floats, (m, t, ...), and the mask (m, t); else None."""
    if type(given) is not tuple or len(given) < 2 or not all(map(is_array, given[:2])):
        return None
    x, mask = given[:2]
    fits = x.ndim > 2 and mask.shape == x.shape[:2]
    return mask if fits and mask.dtype == bool and is_float(x) else None


def blank(x: Array, mask: Array | None) -> Array:
    """x with 0 where the mask of its first axes has nothing; a choice and no product, since there may be NaN."""
    return x if mask is None else namespace(x).where(mask[(..., *(None,) * (x.ndim - mask.ndim))], x, 0)


def blame(given: Any, dA: Any) -> tuple[Any, Any]:
    """The gradients (of out, of the last state) in a dA that has the form of what was given; None for neither."""
    if type(given) is not tuple:
        return dA, None
    if type(dA) is not tuple or len(dA) != len(given):
        wanted = {2: "(dA, None)", 3: "(dA, None, dstate)"}[len(given)]
        raise ShapeError(f"dA must be {wanted}, as out has that form; it is {short(dA)}")
    return dA[0], dA[2] if len(dA) > 2 else None


def of_out(given: Any, dA: Any, shape: tuple[int, ...], dtype: Any) -> Array:
    """The gradient of out, checked, of a layer that takes x or (x, mask)."""
    dout, _ = blame(given, dA)
    check_out_gradient(dout, shape, dtype)
    return dout
