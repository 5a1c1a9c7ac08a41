"""Bidirectional layers: two layers side by side, the second over the reversed sequence."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from funcnn.arrays import is_array, namespace, short
from funcnn.core import backward, backward_params, forward, forward_only
from funcnn.errors import ShapeError
from funcnn.generation import no_step, step
from funcnn.gradients import Grads, gradient
from funcnn.layers.checks import Held, as_cache_parts, check_out_gradient, shown
from funcnn.layers.notes import noted
from funcnn.layers.outlines import outline
from funcnn.layers.sequences import as_out_gradients, as_triple, in_form_of
from funcnn.records import record
from funcnn.shapes import shapes

A = TypeVar("A")
B = TypeVar("B")


@shapes(x="m t+ n", out="m t k", cache="_", forms=3)
@record
class Bidirectional(Generic[A, B]):
    """out = (ahead(x), reversed(behind(reversed(x)))), side by side

    At each position out depends on earlier x through `ahead` and on later x through `behind`. `ahead` and `behind` are
    layers over (m, t, n), recurrent layers or chains of them; out: (m, t, k_ahead + k_behind).

    x may be `(x, mask)`, or `(x, mask, state)` with a pair of states, one for each layer, or None. For a
    sequence shorter than t, `behind` starts in the padding, where its state does not change.

    dA is split into the parts of the two layers, and dx = dx_ahead + reversed(dx_behind).

    Schuster & Paliwal 1997, Bidirectional Recurrent Neural Networks.

    >>> import numpy as np
    >>> from funcnn import GRU, forward, layers
    >>> layer = layers.Bidirectional(GRU.init(2, 3, seed=(0, 0)), GRU.init(2, 3, seed=(0, 1)))
    >>> forward(layer, np.ones((1, 4, 2)))[0].shape
    (1, 4, 6)

    Raises:
        KindError: ahead or behind is not a layer; in `step`, since out depends on later x.
        ShapeError: x has another form; the outs of the two layers are not (m, t, k) of equal m, t and dtype in the form
            of x; also any error of the two layers.
    """

    ahead: Held[A]
    behind: Held[B]


Both = tuple[Any, Any]


def _both(params: Bidirectional[Any, Any], verb: Any, *given: Both) -> Both:
    """The results of `verb` for the two layers, each with its half of each pair in `given`."""
    ahead = noted("in ahead of Bidirectional", verb, params.ahead, *[one for one, _ in given])
    return ahead, noted("in behind of Bidirectional", verb, params.behind, *[other for _, other in given])


def _halves(given: Any) -> Both:
    """The inputs of the two layers."""
    x, mask, states = as_triple("", given, 3)
    one, other = _as_pair("state", states)
    return in_form_of(given, x, mask, one), in_form_of(
        given, x[:, ::-1], None if mask is None else mask[:, ::-1], other
    )


def _as_pair(argument: str, states: Any) -> Both:
    if states is None:
        return None, None
    if type(states) is not tuple or len(states) != 2:
        raise ShapeError(f"Bidirectional: {argument} must be a pair, (ahead, behind), not {short(states)}")
    return states


def _joined(given: Any, outs: Both) -> Any:
    """The outs of the two layers side by side, in the form of x."""
    _check_outs(given, outs)
    (one, _, last), (other, _, first) = (as_triple("", out, 3) for out in outs)
    out = namespace(one).concatenate([one, other[:, ::-1]], axis=2)
    return in_form_of(given, out, as_triple("", given, 3)[1], (last, first))


def _check_outs(given: Any, outs: Both) -> None:
    """Check that the outs of the two layers have the form of x, and fit side by side."""
    form: Any = lambda x: len(x) if type(x) is tuple else 0
    parts: list[Any] = [as_triple("", out, 3)[0] if form(out) == form(given) else None for out in outs]
    sequences = [(part.shape[:2], part.dtype) for part in parts if is_array(part) and part.ndim == 3]
    if len(sequences) < 2 or sequences[0] != sequences[1]:
        needed = "ahead and behind must both return (m, t, k) in the form of x, of equal m, t and dtype"
        made = f"ahead: {shown(outs[0])}, behind: {shown(outs[1])}"
        remedy = "; put Last behind Bidirectional" if any([getattr(out, "ndim", 0) == 2 for out in outs]) else ""
        raise ShapeError(f"Bidirectional: {needed}; {made}{remedy}")


@forward.register(Bidirectional)
def bidirectional_forward(params: Bidirectional[Any, Any], given: Any) -> tuple[Any, tuple[Any, Any, Both]]:
    """out = (ahead(x), reversed(behind(reversed(x))))"""
    outs, caches = zip(*_both(params, forward, _halves(given)), strict=True)
    return _joined(given, outs), (given, outline(outs), caches)


@forward_only.register(Bidirectional)
def bidirectional_forward_only(params: Bidirectional[Any, Any], given: Any) -> Any:
    """out = (ahead(x), reversed(behind(reversed(x))))"""
    return _joined(given, _both(params, forward_only, _halves(given)))


@backward.register(Bidirectional)
def bidirectional_backward(params: Bidirectional[Any, Any], cache: Any, dA: Any) -> Grads[Bidirectional[Any, Any]]:
    """dx = dx_ahead + reversed(dx_behind)"""
    one, other = _both(params, backward, *_output_gradients(params, cache, dA))
    (dx, _, dfirst), (turned, _, dlast) = as_triple("", one.x, 3), as_triple("", other.x, 3)
    dx = dx + turned[:, ::-1]
    dstate = None if dfirst is None is dlast else (dfirst, dlast)
    return Grads(gradient(params, ahead=one.params, behind=other.params), in_form_of(cache[0], dx, None, dstate))


@backward_params.register(Bidirectional)
def bidirectional_backward_params(params: Bidirectional[Any, Any], cache: Any, dA: Any) -> Bidirectional[Any, Any]:
    """The gradients of the two layers"""
    one, other = _both(params, backward_params, *_output_gradients(params, cache, dA))
    return gradient(params, ahead=one, behind=other)


def _output_gradients(params: Bidirectional[Any, Any], cache: Any, dA: Any) -> tuple[Both, Both]:
    """The caches and the dA of the two layers."""
    given, outs, caches = as_cache_parts(params, cache, 3)
    dout, dstates = as_out_gradients(params, given, dA)
    one, other = (as_triple("", out, 3)[0] for out in outs)
    dlast, dfirst = _as_pair("dstate", dstates)
    if dout is None:
        return caches, (in_form_of(given, None, None, dlast), in_form_of(given, None, None, dfirst))
    k = one.shape[3]
    check_out_gradient(params, dout, (*one.shape[1:3], k + other.shape[3]), one.dtype)
    return caches, (in_form_of(given, dout[..., :k], None, dlast), in_form_of(given, dout[:, ::-1, k:], None, dfirst))


step.register(Bidirectional)(no_step)
