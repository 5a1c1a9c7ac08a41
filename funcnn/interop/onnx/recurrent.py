"""Conversions of recurrent layers and of Last.

ONNX's recurrent operators know the length of each sequence and no mask. The positions that are not padded are moved to
the front, in their order, and their outs are moved back, so that masks may have holes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import spox.opset.ai.onnx.v17 as op

from funcnn.arrays import Array
from funcnn.interop.onnx.base import Values, to_graph
from funcnn.interop.onnx.values import Var, any_of, blank, check_single, constant, positions, shape_of
from funcnn.interop.onnx.weights import weight
from funcnn.layers.notes import noted
from funcnn.layers.recurrent.bidirectional import Bidirectional
from funcnn.layers.recurrent.cells import GRU, LSTM, RNN
from funcnn.layers.recurrent.last import Last
from funcnn.layers.sequences import as_triple, in_form_of

# The gates of ONNX, as numbers of ours: of an LSTM input, output, forget, candidate, of a GRU update, reset, candidate.
GATES: dict[type, list[int]] = {RNN: [0], GRU: [1, 0, 2], LSTM: [0, 2, 1, 3]}


def _in_order(layer: Any, array: Array) -> Array:
    parts = np.split(np.asarray(array), layer.gates, axis=-1)
    return np.concatenate([parts[i] for i in GATES[type(layer)]], axis=-1)


def _weights(layer: Any) -> tuple[Var, Var, Var]:
    """W, U and both biases, with an axis for the direction in front; only a GRU's candidate has a second bias"""

    def biases(b: Array) -> Array:
        b, k = _in_order(layer, b), len(layer.U)
        second = np.zeros_like(b)
        if type(layer) is GRU:
            second[2 * k :] = layer.c
        return np.concatenate([b, second])[None]

    W, U = [weight(a, "gates_first", lambda a: _in_order(layer, a).T[None]) for a in (layer.W, layer.U)]
    return W, U, weight(layer.b, "gates_first", biases)


@to_graph.register(RNN)
@to_graph.register(GRU)
@to_graph.register(LSTM)
def recurrent_to_graph(layer: Any, given: Values) -> Values:
    """The state is kept at padded positions"""
    x, mask, state = as_triple("to_onnx", given, 3)
    check_single(layer, x)
    place: Var = None
    lengths: Var = None
    if mask is not None:
        order, place = _order(mask)
        lengths = op.reduce_sum(op.cast(mask, to=np.int32), constant(np.array([1])), keepdims=0)
        x = op.gather_nd(blank(x, mask), order, batch_dims=1)
    first = () if state is None else state if type(state) is tuple else (state,)
    out, last = _run(layer, x, lengths, first)
    if mask is not None:
        out = blank(op.gather_nd(out, place, batch_dims=1), mask)
        befores = first or [op.mul(part, constant(0, x)) for part in last]
        some = op.unsqueeze(any_of(mask, 1), constant(np.array([1])))
        last = tuple([op.where(some, new, old) for new, old in zip(last, befores, strict=True)])
    return in_form_of(given, out, mask, last if layer.states > 1 else last[0])


def _order(mask: Var) -> tuple[Var, Var]:
    """(for each step the position that is read, for each position the step that reads it), both (m, t, 1)

    The sum of the mask up to a position is the number of its step. Positions that are not padded have the highest keys
    t, t - 1, ..., so that the t largest keys are in the order of positions.
    """
    t = shape_of(mask)[1]
    marked = op.cast(mask, to=np.int64)
    is_known = type(t) is int
    ranks = constant(np.arange(t, 0, -1)) if is_known else op.sub(op.shape(mask, start=1), positions(mask, 1))
    step = op.sub(op.cumsum(marked, constant(np.array(1))), constant(np.array(1)))
    _, order = op.top_k(op.mul(marked, ranks), constant(np.array([t])) if is_known else op.shape(mask, start=1), axis=1)
    last = constant(np.array([2]))
    return op.unsqueeze(order, last), op.unsqueeze(op.max([step, constant(np.array(0))]), last)


def _run(layer: Any, x: Var, lengths: Var | None, first: tuple[Var, ...]) -> tuple[Var, tuple[Var, ...]]:
    """(out, (m, t, k), the last state); ONNX has time first, and an axis for the direction"""
    direction = constant(np.array([0]))
    initial: list[Any] = [op.unsqueeze(part, direction) for part in first] or [None] * layer.states
    given = (op.transpose(x, perm=[1, 0, 2]), *_weights(layer), lengths, *initial)
    k = len(layer.U)
    if type(layer) is LSTM:
        out, *last = op.lstm(*given, hidden_size=k)
    elif type(layer) is GRU:
        out, *last = op.gru(*given, hidden_size=k, linear_before_reset=1)
    else:
        out, *last = op.rnn(*given, hidden_size=k)
    out = op.transpose(op.squeeze(out, constant(np.array([1]))), perm=[1, 0, 2])
    return out, tuple([op.squeeze(part, direction) for part in last])


@to_graph.register(Bidirectional)
def bidirectional_to_graph(layer: Bidirectional[Any, Any], given: Values) -> Values:
    """The second layer reads x from its end"""
    x, mask, states = as_triple("to_onnx", given, 3)
    one, other = (None, None) if states is None else states
    turned = in_form_of(given, _turned(x), None if mask is None else _turned(mask), other)
    ahead = noted("in ahead of Bidirectional", to_graph, layer.ahead, in_form_of(given, x, mask, one))
    behind = noted("in behind of Bidirectional", to_graph, layer.behind, turned)
    (a, _, last), (b, _, first) = as_triple("", ahead, 3), as_triple("", behind, 3)
    return in_form_of(given, op.concat([a, _turned(b)], axis=2), mask, (last, first))


def _turned(x: Var) -> Var:
    """x from its last position to its first"""
    ends = [constant(np.array([n])) for n in (-1, np.iinfo(np.int64).min, 1, -1)]
    return op.slice(x, *ends)


@to_graph.register(Last)
def last_to_graph(layer: Last, given: Values) -> Var:
    """The last position that is not padded; 0 if there is none"""
    x, mask, _ = as_triple("to_onnx", given)
    if mask is None:
        return op.gather(x, constant(np.array(-1)), axis=1)
    last = op.reduce_max(op.mul(op.cast(mask, to=np.int64), positions(mask, 1)), axes=[1], keepdims=1)
    found = op.gather_nd(x, last, batch_dims=1)
    return blank(found, any_of(mask, 1))
