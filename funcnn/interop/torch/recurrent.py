"""Conversions of recurrent layers and of Last."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from funcnn.arrays import Array, short
from funcnn.errors import KindError
from funcnn.interop.torch.base import Around, Computed, filled, to_torch
from funcnn.layers.recurrent.base import Recurrent
from funcnn.layers.recurrent.bidirectional import Bidirectional
from funcnn.layers.recurrent.cells import GRU, LSTM, RNN
from funcnn.layers.recurrent.last import Last


def _sequences(given: Any, layer: Any) -> Any:
    """x -> out, (x, mask) -> (out, mask), (x, mask, state) -> (out, mask, state), by a `torch.nn.RNNBase`

    torch packs sequences of unequal lengths, so each row of a mask must be one or more True, then False.
    """
    x, mask, state = (*given, None)[:3] if isinstance(given, tuple) else (given, None, None)
    state = None if state is None else _stacked(layer, state)
    if mask is None:
        out, last = layer(x, state)
    else:
        lengths = mask.sum(1).cpu()
        packed = torch.nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        out, last = layer(packed, state)
        out, _ = torch.nn.utils.rnn.pad_packed_sequence(out, batch_first=True, total_length=x.shape[1])
    return (out, mask, _unstacked(layer, last))[: len(given)] if isinstance(given, tuple) else out


def _stacked(layer: Any, state: Any) -> Any:
    """The state h or (h, c) of torch, whose first axis is the direction."""
    if not layer.bidirectional:
        return tuple([part[None] for part in state]) if isinstance(state, tuple) else state[None]
    if isinstance(state[0], tuple):
        return tuple(map(torch.stack, zip(*state, strict=True)))
    return torch.stack(state)


def _unstacked(layer: Any, state: Any) -> Any:
    ways = range(1 + layer.bidirectional)
    found = [tuple([part[i] for part in state]) if isinstance(state, tuple) else state[i] for i in ways]
    return tuple(found) if layer.bidirectional else found[0]


def _in_order(layer: Recurrent, array: Array) -> Array:
    """The gates of an LSTM in torch's order: input, forget, candidate, output."""
    if type(layer) is not LSTM:
        return array
    i, f, o, g = np.split(array, 4, axis=-1)
    return np.concatenate([i, f, g, o], axis=-1)


def _weights(layer: Recurrent, suffix: str) -> dict[str, Array]:
    """The weights by torch's names. Only the sum of torch's two biases matters, except for a GRU's candidate."""
    b, k = _in_order(layer, layer.b), len(layer.U)
    c = np.concatenate([np.zeros(2 * k, b.dtype), layer.c]) if isinstance(layer, GRU) else np.zeros_like(b)
    return {
        f"weight_ih_l0{suffix}": _in_order(layer, layer.W).T,
        f"weight_hh_l0{suffix}": _in_order(layer, layer.U).T,
        f"bias_ih_l0{suffix}": b,
        f"bias_hh_l0{suffix}": c,
    }


def join_biases(given: dict[str, Array], is_constant: dict[str, Array]) -> dict[str, Array]:
    """Weights by torch's names with each bias_hh added to bias_ih where only their sum matters: where `is_constant`."""
    joined = dict(given)
    for name, array in given.items():
        partner = name.replace("bias_hh_l", "bias_ih_l")
        if partner != name and array.shape == given[partner].shape == is_constant[name].shape:
            moved = is_constant[name] & (array != 0)  # -0.0 + 0.0 is 0.0
            joined[partner] = np.where(moved, given[partner] + array, given[partner])
            joined[name] = np.where(moved, np.zeros_like(array), array)
    return joined


MODULES: dict[type, Any] = {RNN: torch.nn.RNN, GRU: torch.nn.GRU, LSTM: torch.nn.LSTM}


@to_torch.register(RNN)
@to_torch.register(GRU)
@to_torch.register(LSTM)
def recurrent_to_torch(layer: Any) -> torch.nn.Module:
    """A module of one layer and one direction"""
    module = MODULES[type(layer)](len(layer.W), len(layer.U), batch_first=True)
    return Around(_sequences, layer=filled(module, **_weights(layer, "")))


@to_torch.register(Bidirectional)
def bidirectional_to_torch(layer: Bidirectional[Any, Any]) -> torch.nn.Module:
    """torch needs two layers of one kind and size"""
    one, other = layer.ahead, layer.behind
    if type(one) not in MODULES or type(one) is not type(other) or one.U.shape != other.U.shape:
        raise KindError(f"to_torch: Bidirectional must have two RNN, GRU or LSTM of one size, not {short(layer)}")
    module = MODULES[type(one)](len(one.W), len(one.U), batch_first=True, bidirectional=True)
    return Around(_sequences, layer=filled(module, **_weights(one, ""), **_weights(other, "_reverse")))


def _last(given: Any) -> Any:
    x, mask = given if isinstance(given, tuple) else (given, None)
    if mask is None:
        return x[:, -1]
    positions = (mask * torch.arange(x.shape[1], device=x.device)).amax(1)
    found = x.gather(1, positions[:, None, None].expand(-1, 1, x.shape[2]))[:, 0]
    return found.masked_fill(~mask.any(1)[:, None], 0)


to_torch.register(Last)(lambda _: Computed(_last))
