"""The steps of a recurrent layer along a sequence, forward and backward in time."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from funcnn.acceleration import accelerated
from funcnn.arrays import Array, namespace, short
from funcnn.errors import KindError
from funcnn.gradients import added
from funcnn.layers.recurrent.states import State

HOME = "funcnn.kernels.recurrent"


class Cache(NamedTuple):
    """x as given, the states before, between and after the steps, and the other arrays that each step kept."""

    given: Any
    states: tuple[State, ...]
    others: tuple[State, ...]

    @property
    def last(self) -> State:
        """The state after the last step."""
        return self.states[-1]


class Stacked(NamedTuple):
    """The same from a kernel, with the steps along axis 1: states (m, t + 1, k), others (m, t, ...).

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
        states, others = [
            tuple([tuple([a[:, i] for a in arrays]) for i in range(arrays[0].shape[1])])
            for arrays in (self.states, kept)
        ]
        return Cache(self.given, states, others)


def _entries(params: Any, given: Any, z: Any, *_: Any) -> int:
    """The entries of z, an array of NumPy, if there are enough steps: a kernel copies U first."""
    return z.size if type(z) is np.ndarray and 16 * z.shape[1] >= len(params.U) else 0


def _entries_back(params: Any, cache: Any, mask: Any, dout: Any, dlast: State) -> int:
    """The entries of z, if a kernel made the cache."""
    return cache.states[0].size * params.gates if type(cache) is Stacked else 0


@accelerated(HOME, at=_entries, least=1 << 12)
def steps_forward(
    params: Any, given: Any, z: Array, mask: Any, first: State, others: list[State] | None
) -> tuple[Array, State, Any]:
    """(h of all steps, (m, t, k), 0 at padded positions; the last state; the cache, or None if others is None)

    z is x @ W, made for this call, which may write to it; others is empty, for the other arrays that the steps keep.
    """
    z += params.b
    xp, states = namespace(z), [first]
    for i in range(z.shape[1]):
        after, kept = _after(params, params.cell(z[:, i], states[-1]), first)
        if mask is not None:
            there = mask[:, i, None]
            after = tuple([xp.where(there, new, old) for new, old in zip(after, states[-1], strict=True)])
        states.append(after)
        if others is not None:
            others.append(kept)
    out = xp.stack([h for h, *_ in states[1:]], axis=1)
    out = out if mask is None else xp.where(mask[..., None], out, 0)
    return out, states[-1], None if others is None else Cache(given, tuple(states), tuple(others))


def _after(params: Any, made: Any, like: State) -> tuple[State, State]:
    """Check the result of `cell`: a state like the first one, and the arrays for `back`."""
    state = made[0] if type(made) is tuple and len(made) == 2 else None
    if type(state) is not tuple or [getattr(a, "shape", None) for a in state] != [a.shape for a in like]:
        needed = f"((h, ...), kept), a state of arrays like {short(like)}"
        raise KindError(f"{type(params).__name__}: cell must return {needed}, not {short(made)}")
    return made


@accelerated(HOME, at=_entries_back, least=1)
def steps_backward(
    params: Any, cache: Cache | Stacked, mask: Any, dout: Any, dlast: State
) -> tuple[Array, Array, Array, dict[str, Array], State]:
    """(h before, dz and du, each with one row for each step of each sequence; own gradients; that of the first state)

    At a padded position the gradient of a state passes through to the state before.
    """
    cache = cache.apart() if type(cache) is Stacked else cache
    t, dstate, xp = len(cache.others), dlast, namespace(cache.states[0][0])
    dzs, dus, owns, U_T = [], [], [], params.U.T.copy()  # contiguous, which halves the time of the product
    for i in reversed(range(t)):
        dh, *others = dstate
        dstate = (dh if dout is None else dh + dout[:, i], *others)
        passed = None
        if mask is not None:
            there = mask[:, i, None]
            passed, dstate = (tuple([xp.where(w, d, 0) for d in dstate]) for w in (~there, there))
        given = cache.others[i], cache.states[i], cache.states[i + 1], dstate
        dz, du, dstate = params.back(*given)
        owns.append(params.own_gradients(*given, dz, du))
        dh = du @ U_T
        dstate = (dh if dstate[0] is None else dh + dstate[0], *dstate[1:])
        if passed is not None:
            dstate = tuple([a + b for a, b in zip(dstate, passed, strict=True)])
        dzs.append(dz)
        dus.append(du)
    steps = (dzs,) if dz is du else (dzs, dus)
    rows = [_rows(parts[::-1], xp) for parts in steps]
    own: Any = {name: added([one[name] for one in owns]) for name in owns[0]} if type(owns[0]) is dict else owns[0]
    return _rows([h for h, *_ in cache.states[:-1]], xp), rows[0], rows[-1], own, dstate


def _rows(parts: list[Array], xp: Any) -> Array:
    """One row for each step of each sequence, from the arrays of all steps."""
    return xp.stack(parts, axis=1).reshape(-1, parts[0].shape[1])
