"""The steps of a recurrent layer along a sequence, forward and backward in time."""

from __future__ import annotations

from typing import Any, NamedTuple

from funcnn.arrays import Array, namespace, short
from funcnn.errors import KindError
from funcnn.layers.checks import gradient_with_own
from funcnn.layers.recurrent.loop import Scanned, Series, along, loop_of, total
from funcnn.layers.recurrent.states import State
from funcnn.layers.sequences import as_triple, blank


class Cache(NamedTuple):
    """x as given; of each step the state before it and the other arrays that it kept; the state after the last step."""

    given: Any
    before: Series
    others: Series
    last: State


class Stacked(NamedTuple):
    """The same with the steps along axis 1: states (m, t + 1, k), others (m, t, ...).

    The arrays that each step kept are side by side in two arrays, `others`, the second begun where the first is full;
    `gates` are their widths, in units of k.
    """

    given: Any
    states: State
    others: State
    gates: tuple[int, ...]

    @property
    def last(self) -> State:
        """The state after the last step."""
        return tuple([a[:, -1] for a in self.states])

    def apart(self) -> Cache:
        """As a Cache."""
        k, kept = self.states[0].shape[2], list[Array]()
        left, *after = self.others
        for width in [n * k for n in self.gates]:
            if width > left.shape[2]:
                left, *after = after
            kept.append(left[..., :width])
            left = left[..., width:]
        before = [a[:, :-1] for a in self.states]
        states, others = [Scanned(tuple([a.swapaxes(0, 1) for a in arrays])) for arrays in (before, kept)]
        return Cache(self.given, states, others, self.last)


def steps_forward(
    params: Any, given: Any, z: Array, mask: Any, first: State, *, keeps: bool
) -> tuple[Array, State, Any]:
    """(h of all steps, (m, t, k), 0 at padded positions; the last state; the cache, or None if not keeps)

    z is x @ W, made for this call, which may write to it.
    """
    z += params.b
    series = z.swapaxes(0, 1), _by_steps(mask)
    step = _keeping if keeps else _forward
    last, (h, *kept) = loop_of(z, *first)(step, z.shape[1], params, first, series)
    return blank(along(h), mask), last, Cache(given, kept[0], kept[1], last) if keeps else None


def _by_steps(mask: Any) -> Any:
    """The mask with the steps along axis 0, (t, m, 1)."""
    return None if mask is None else mask.T[..., None]


def _forward(params: Any, before: State, z: Array, there: Any) -> tuple[State, tuple[Array]]:
    """One step: the state after it, kept at padded positions."""
    after, (h, _, _) = _keeping(params, before, z, there)
    return after, (h,)


def _keeping(params: Any, before: State, z: Array, there: Any) -> tuple[State, tuple[Array, State, State]]:
    """One step, with the state before it and the arrays for `back`."""
    made = params.cell(z, before)
    if type(made) is not tuple or len(made) != 2 or not _are_like(made[0], before):
        needed = f"((h, ...), kept), a state of arrays like {short(before)}"
        raise KindError(f"{type(params).__name__}: cell must return {needed}, not {short(made)}")
    after, kept = made
    if there is not None:
        xp = namespace(z)
        after = tuple([xp.where(there, new, old) for new, old in zip(after, before, strict=True)])
    return after, (after[0], before, kept)


def _are_like(made: Any, state: State, *, or_none: bool = False) -> bool:
    """Whether `made` is a tuple of arrays with the shapes and dtypes of this state; with `or_none` h may be None."""
    if type(made) is not tuple or len(made) != len(state):
        return False
    for a, like in zip(made, state):  # noqa: B905  equally many; each step waits for it
        if a is None and or_none and like is state[0]:
            continue
        if getattr(a, "shape", a) != like.shape or getattr(a, "dtype", a) != like.dtype:
            return False
    return True


def steps_backward(
    params: Any, cache: Cache | Stacked, mask: Any, dout: Any, dlast: State
) -> tuple[Array, Array, Array, dict[str, Array], State]:
    """(h before, dz and du, each with one row for each step of each sequence; own gradients; that of the first state)

    At a padded position the gradient of a state passes through to the state before.
    """
    _, before, others, last = cache.apart() if type(cache) is Stacked else cache
    t = as_triple("", cache.given, 3)[0].shape[1]
    fixed = params, params.U.T.copy()  # contiguous, which halves the time of the product
    series = None if dout is None else dout.swapaxes(0, 1), _by_steps(mask), before, others
    loop = loop_of(params.U, dout, *dlast, *last)
    (dfirst, _), (h, dz, du, own) = loop(_backward, t, fixed, (dlast, last), series, reverse=True)
    h, dz, du = _rows(h), _rows(dz), _rows(du)
    return h, dz, dz if du is None else du, total(own), dfirst


def _backward(
    fixed: tuple[Any, Array], carry: tuple[State, State], dout: Any, there: Any, before: State, kept: State
) -> tuple[tuple[State, State], tuple[Array, Array, Any, dict[str, Any]]]:
    """One step back, from the gradient of the state after it, and that state, to those before it."""
    (params, U_T), (dstate, after) = fixed, carry
    if dout is not None:
        dstate = (dstate[0] + dout, *dstate[1:])
    passed = None
    if there is not None:
        xp = namespace(before[0])
        passed, dstate = (tuple([xp.where(w, d, 0) for d in dstate]) for w in (~there, there))
    given = kept, before, after, dstate
    made = params.back(*given)
    if type(made) is not tuple or len(made) != 3 or not _are_like(made[2], before, or_none=True):
        needed = f"(dz, du, (dh, ...)), gradients of a state like {short(before)}, or None for dh"
        raise KindError(f"{type(params).__name__}: back must return {needed}, not {short(made)}")
    dz, du, dbefore = made
    own = params.own_gradients(*given, dz, du)
    if type(own) is not dict:
        gradient_with_own(params, own)  # which refuses it
    dh = du @ U_T
    dstate = (dh if dbefore[0] is None else dh + dbefore[0], *dbefore[1:])
    if passed is not None:
        dstate = tuple([a + b for a, b in zip(dstate, passed, strict=True)])
    return (dstate, before), (before[0], dz, None if du is dz else du, own)


def _rows(series: Series) -> Any:
    """One row for each step of each sequence; None if there is no array."""
    made = along(series)
    return None if made is None else made.reshape(-1, made.shape[2])
