"""Sequences: x of shape (m, t, features), (x, mask), or (x, mask, state)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from funcnn.arrays import Array, is_array, is_float, kind, namespace, short
from funcnn.errors import KindError, ShapeError
from funcnn.remedies import is_bool

FORMS = {2: "(x, mask)", 3: "(x, mask, state)"}


def as_triple(function: str, given: Any, most: int = 2, state: str = "") -> tuple[Any, Any, Any]:
    """The triple (x, mask, state) from x, (x, mask) or (x, mask, state); a part that is not given is None.

    `state` is the form of the state for the error, if it is not one array.
    """
    if type(given) is not tuple:
        return given, None, None
    if not 2 <= len(given) <= most:
        forms = " or ".join([form for n, form in FORMS.items() if n <= most])
        forms += f" with state={state}" if state else ""
        raise ShapeError(f"{function}: x must be an array, or {forms}, not a tuple of {len(given)}")
    return (*given, None)[:3]


def in_form_of(given: Any, x: Any, mask: Any = None, state: Any = None) -> Any:
    """x, (x, mask) or (x, mask, state), in the form of `given`."""
    return (x, mask, state)[: len(given)] if type(given) is tuple else x


def check_sequence(function: str, argument: str, x: Any, mask: Any = None, n: int = 0, state: str = "") -> None:
    """Check that x is (m, t, features) with t at least 1, and that the mask is bools (m, t), or None; n features.

    `state` is the form of the state, for the error, of a layer that takes (x, mask, state).
    """
    namespace(x, argument, f"{function}: ")
    if x.ndim != 3 or x.shape[1] < 1:
        lacks_axis = "; write x[..., None] for one feature" if n == 1 != x.shape[-1] else ""
        advice = "; put an Embedding before the layer" if x.dtype.kind in "iu" else lacks_axis
        advice = advice if x.ndim == 2 else ""
        raise ShapeError(f"{function}: {argument} must be (m, t, features), t at least 1, not {x.shape}{advice}")
    check_mask(function, mask, {"(m, t)": x.shape[:2]}, argument, state)


def check_mask(function: str, mask: Any, shapes: dict[str, tuple[int, ...]], name: str = "x", state: str = "") -> None:
    """Check that the mask holds bools and has one of these shapes, whose axes in words are the keys, or is None."""
    if mask is None or is_mask(mask, shapes):
        return
    if not is_array(mask) or mask.dtype != bool:
        needed = f"an array of bools, True at the positions of {name} that are not padding"
        remedy = _for_mask(mask, [*shapes.values()], name, state)
        raise KindError(f"{function}: mask must be {needed}, not {kind(mask)}{remedy}")
    forms = " or ".join([f"{words} = {shape}" for words, shape in shapes.items()])
    raise ShapeError(f"{function}: mask must be {forms}, not {mask.shape}")


def is_mask(mask: Any, shapes: dict[str, tuple[int, ...]]) -> bool:
    """Whether the mask is an array of bools of one of these shapes."""
    return is_array(mask) and is_bool(mask) and mask.shape in shapes.values()


def _for_mask(mask: Any, shapes: Sequence[Any], name: str, state: str) -> str:
    """The remedy for a mask of another kind: of zeros and ones, lengths, or a state in its place."""
    try:
        made = np.asarray(mask) if isinstance(mask, list | np.ndarray) else None
    except ValueError:  # rows of unequal lengths
        made = None
    code = "" if made is None else made.dtype.kind
    if made is not None and code in {"i", "u"} and made.ndim == 1:
        return f"; for lengths write np.arange({name}.shape[1]) < np.asarray(mask)[:, None]"
    can_be_one = code in {"b", "i", "u"} or (code == "f" and getattr(mask, "shape", None) in shapes)
    if can_be_one and np.isin(cast("Any", made), (0, 1)).all():
        return "; write np.asarray(mask, bool)"
    is_state = state and (code == "f" or type(mask) is tuple)
    return f"; for a state write ({name}, None, {state})" if is_state else ""


def mask_of(given: Any) -> Any:
    """The mask in (x, mask, ...), if x is a sequence of floats, (m, t, ...), and the mask is (m, t); else None."""
    if type(given) is not tuple or len(given) < 2 or not all(map(is_array, given[:2])):
        return None
    x, mask = given[:2]
    fits = x.ndim > 2 and mask.shape == x.shape[:2]
    return mask if fits and is_bool(mask) and is_float(x) else None


def blank(x: Array, mask: Array | None) -> Array:
    """x with 0 at padded positions, by `where` instead of a product, since x may be NaN there."""
    return x if mask is None else namespace(x).where(mask[(..., *(None,) * (x.ndim - mask.ndim))], x, 0)


def as_out_gradients(layer: Any, given: Any, dA: Any) -> tuple[Any, Any]:
    """The gradients of out and of the last state, from a dA in the form of `given`; each may be None."""
    if type(given) is not tuple:
        return dA, None
    if type(dA) is not tuple or len(dA) != len(given):
        wanted = {2: "(dA, None), as out is (out, mask)", 3: "(dA, None, dstate), as out is (out, mask, state)"}[
            len(given)
        ]
        raise ShapeError(f"{type(layer).__name__}: dA must be the tuple {wanted}, not {short(dA)}")
    return dA[0], dA[2] if len(dA) > 2 else None
