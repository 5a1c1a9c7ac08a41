"""The search for a call that a function accepts, by shapes, structures and intervals."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from itertools import islice, product
from typing import Any

import attrs
import numpy as np

from funcnn.arrays import is_array
from funcnn.testing.pytrees import leaves
from funcnn.testing.write.calls import STRUCTURES, DrawnArray, GuessedCall, inside
from funcnn.testing.write.evidence import Evidence, Interval

MOST_TRIED = 400  # chosen: calls with other shapes and numbers
# Shapes of arrays of which nothing is known, by their number; the same names are the same sizes.
SHAPES = {
    1: ["m n", "n n", "n", "b m n", "m 2 8", "m 2 8 8", "m 2 8 8 8", ""],
    2: ["m n, m n", "n, n", "n n, n n", "m n, n", "m n, n k", "m n, m", "n n, n", "n, n n", "n n, n k", "m n, k n",
        "n, m n", "n 3, n 3",
        "b m n, b n k", "m 2 8, k 2 3", "m 2 8 8, k 2 3 3", "m 2 8, 2 k 3", "m 2 8 8, 2 k 3 3", "n, m", ","],
    3: ["m n, m n, m n", "n, n, n", "m n, n k, k", "m n, k n, k", "m n, m k, k n", "m n, n k, m k",
        "b m k, b n k, b n k", "b m n, b m k, b k n", "m n, k n, k l", "m k, n l, k l", ", , "],
}  # fmt: skip
INTERVALS: list[Interval | None] = [None, (0.0, None), (-1.0, 1.0), (0.0, 1.0), (1.0, None), (None, 0.0)]
INVERTIBLE = "np.tanh({x}) / {x}.shape[-1] + 2.0 * np.eye({x}.shape[-1])"
BITS, LABELS = "np.int64(abs({x})) % 2", "np.int64(abs({x})) % {first}.shape[-1]"


def first_call(
    f: Callable[..., Any],
    known: Sequence[Evidence],
    *,
    numbers_are_arrays: bool,
    fits: Callable[[GuessedCall], bool] | None = None,
) -> GuessedCall | None:
    """The first call that f accepts, also with equal entries, and that `fits`; its values are finite, if possible.

    If there is none, it is the first one that f accepts with other entries; None if f accepts no call.
    """
    rougher = None
    for call in islice(_calls(known, numbers_are_arrays=numbers_are_arrays), MOST_TRIED):
        for least in (1, 2):
            found = attrs.evolve(call, least=least)
            if _accepts(f, found):
                rougher = rougher or found
                if _accepts_equal(f, found) and (fits is None or fits(found)):
                    return _finite(f, found)
                break
    return _finite(f, rougher) if rougher else None


def _accepts(f: Callable[..., Any], call: GuessedCall) -> bool:
    sizes = call.sizes()
    ways = [sizes, dict(zip(sizes, reversed(sizes.values()), strict=True)), dict.fromkeys(sizes, call.least)]
    return all([_value_of(f, call, way, None) is not None for way in ways])


def _accepts_equal(f: Callable[..., Any], call: GuessedCall) -> bool:
    """Whether f accepts arrays of equal entries, as hypothesis draws them; a square matrix is then singular."""
    return _value_of(f, call, call.sizes(), 0.0) is not None


def _value_of(f: Callable[..., Any], call: GuessedCall, sizes: dict[str, int], scale: float | None) -> list[Any] | None:
    """The arrays of floats that f returns; None if it raises an exception or returns none."""
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            out = f(*call.drawn(np.random.default_rng(0), sizes, scale))
        found = [leaf for _, leaf in leaves(out)]
        floats = [np.asarray(leaf) for leaf in found if is_array(leaf) or isinstance(leaf, float)]
    except Exception:  # noqa: BLE001  f refuses the call in its own way
        return None
    return [leaf for leaf in floats if leaf.dtype.kind == "f"] or None


def _finite(f: Callable[..., Any], call: GuessedCall) -> GuessedCall:
    """The call with the first intervals, in place of unknown ones, in which the value of f is finite."""
    sizes = dict.fromkeys(call.sizes(), 3)

    def is_finite(call: GuessedCall) -> bool:
        outs = [_value_of(f, call, sizes, scale) for scale in (1.0, 4.0)]
        return all([out is not None and all([np.isfinite(leaf).all() for leaf in out]) for out in outs])

    free = [i for i, one in enumerate(call.arrays) if one.source == "{x}"]
    of_each = sorted(product(range(len(INTERVALS)), repeat=len(free)), key=sum) if len(free) < 4 else []
    for numbers in of_each or [(k,) * len(free) for k in range(len(INTERVALS))]:
        arrays = list(call.arrays)
        for i, k in zip(free, numbers, strict=True):
            arrays[i] = arrays[i].inside(INTERVALS[k])
        moved = attrs.evolve(call, arrays=tuple(arrays))
        if is_finite(moved):
            words = [_words(one.name, one.interval) for i, one in enumerate(arrays) if i in free and one.interval]
            notes = [f"{' and '.join(words)}, where its values are finite"] if words else []
            return attrs.evolve(moved, guessed=(*call.guessed, *notes))
    return attrs.evolve(call, guessed=(*call.guessed, "its values are not finite in any interval that was tried"))


def _words(name: str, interval: Interval) -> str:
    low, high = interval
    return f"{'' if low is None else f'{low:g} < '}{name}{'' if high is None else f' < {high:g}'}"


def _calls(known: Sequence[Evidence], *, numbers_are_arrays: bool) -> Iterator[GuessedCall]:
    """Calls, the likely ones first."""
    roles = [one.role or "array" for one in known]
    for guess in [roles, *_other_roles(known)]:
        unknown = [i for i, role in enumerate(guess) if role in ("array", "ints", "arrays") and known[i].shape is None]
        for text in SHAPES.get(len(unknown), [", ".join(["m n"] * len(unknown)), ", ".join(["n"] * len(unknown))]):
            shapes = dict(zip(unknown, [part.strip() for part in text.split(",")], strict=False)) if unknown else {}
            options = [
                _options(one, role, shapes.get(i, one.shape) or "", numbers_are_arrays=numbers_are_arrays)
                for i, (one, role) in enumerate(zip(known, guess, strict=True))
            ]
            for chosen in product(*options):
                arrays = tuple([array for drawn, _, _ in chosen for array in drawn])
                notes = [note for *_, note in chosen if note]
                shaped = ["the shapes"] if unknown else []
                if arrays:
                    yield GuessedCall(arrays, tuple([source for _, source, _ in chosen]), 1, tuple(shaped + notes))
            if not unknown:
                break


def _other_roles(known: Sequence[Evidence]) -> Iterator[list[str]]:
    """The roles with those of which nothing is known replaced, the last one first."""
    roles = [one.role or "array" for one in known]
    free = [i for i, one in enumerate(known) if not one.role]
    for role in ("int", "number", "ints", "arrays"):
        for i in reversed(range(1, len(known)) if role == "ints" else free):
            if len(known) > 1 or role == "arrays":
                yield [*roles[:i], role, *roles[i + 1 :]]


Option = tuple[tuple[DrawnArray, ...], str, str]  # the arrays, the source of the argument, what is guessed


def _options(one: Evidence, role: str, shape: str, *, numbers_are_arrays: bool) -> list[Option]:
    """The ways to give a parameter in a role, the likely ones first."""
    name = one.name
    if role in _CONSTANTS:
        sources = ["0"] if name in ("dim", "axis") else _CONSTANTS[role]
        as_array = numbers_are_arrays and role == "number"
        drawn: list[Option] = [((DrawnArray(name, "").inside(one.interval),), name, "")] if as_array else []
        return [*drawn, *[((), source, f"{name} = {source}") for source in sources]]
    if role == "arrays":
        two = tuple([DrawnArray(f"{name}_{i}", shape).inside(one.interval) for i in range(2)])
        return [(two, f"[{two[0].name}, {two[1].name}]", f"{name} has two arrays")]
    if role == "ints":
        return [((DrawnArray(name, shape, source),), name, f"the numbers in {name}") for source in (LABELS, BITS)]
    source = STRUCTURES.get(one.structure) or inside(one.interval)
    array = DrawnArray(name, shape, source, one.interval, one.structure)
    axes = shape.split()
    if len(axes) < 2 or axes[-1] != axes[-2] or source != "{x}":
        return [((array,), name, "")]
    structures = ["positive definite", "symmetric"] if one.shape is None else []
    others = [attrs.evolve(array, source=STRUCTURES[structure], structure=structure) for structure in structures]
    invertible = ((attrs.evolve(array, source=INVERTIBLE),), name, f"{name} is invertible")
    return [((array,), name, ""), invertible, *[((other,), name, f"{name} is {other.structure}") for other in others]]


_CONSTANTS = {"int": ["1", "0", "2"], "number": ["0.5", "1.0", "2.0"]}
