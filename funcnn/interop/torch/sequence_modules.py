"""Rules of `from_torch` for recurrent modules and their cells."""

from __future__ import annotations

from typing import Any

from torch import nn

from funcnn.initializers import zeros
from funcnn.interop.torch.layouts import NO_ROWS, ONE_ROW, ONE_STEP, ROWS, ROWS_FIRST, STEPS_FIRST
from funcnn.interop.torch.modules import Given, from_torch
from funcnn.interop.torch.recurrent import MODULES
from funcnn.interop.torch.tensors import array_of, dtype_of
from funcnn.interop.torch.weights import weights_from
from funcnn.layers.combinators.first import First
from funcnn.layers.dropout import Dropout
from funcnn.layers.recurrent.bidirectional import Bidirectional
from funcnn.layers.recurrent.cells import GRU, LSTM, RNN

CELLS: dict[type, Any] = {RNN: nn.RNNCell, GRU: nn.GRUCell, LSTM: nn.LSTMCell}


def check_sequences(module: Any, given: Given, *, batch_first: bool) -> None:
    """Check that x is a sequence, or a batch of sequences."""
    form = "(m, t, n)" if batch_first else "(t, m, n)"
    given.check_axes(module, form, "(t, n)")
    given.rows_in(module, NO_ROWS if given.tensor.ndim == 2 else ROWS_FIRST if batch_first else STEPS_FIRST)
    given.features_in(module, ROWS)


def _layer(cls: Any, module: Any, suffix: str) -> Any:
    """The layer with those weights of the module whose names end in this suffix"""
    weights = module.state_dict()
    k, n_in = module.hidden_size, weights[f"weight_ih{suffix}"].shape[1]
    like = cls.init(n_in, k, seed=0, weights=zeros, recurrent=zeros, dtype=dtype_of(module))
    names = [f"{kind}_{which}" for kind in ("weight", "bias") for which in ("ih", "hh")]
    none = weights[f"weight_hh{suffix}"].new_zeros(len(like.b))
    return weights_from({f"{name}_l0": weights.get(f"{name}{suffix}", none) for name in names}, like)


def _check_tanh(module: Any, given: Given) -> None:
    f = getattr(module, "nonlinearity", "tanh")
    given.check_setting(module, 'nonlinearity="tanh"', repr(f), holds=f == "tanh")


@from_torch.register(nn.RNN)
@from_torch.register(nn.LSTM)
@from_torch.register(nn.GRU)
def recurrent_from_torch(module: Any, given: Given) -> Any:
    """A chain of the layers of the module; dropout between them"""
    check_sequences(module, given, batch_first=module.batch_first)
    given.check_setting(module, "proj_size=0", module.proj_size, holds=module.proj_size == 0)
    _check_tanh(module, given)
    cls: Any = next(ours for ours, theirs in MODULES.items() if isinstance(module, theirs))
    layers: list[Any] = []
    for i in range(module.num_layers):
        ways = [_layer(cls, module, f"_l{i}{way}") for way in ("", "_reverse")[: 1 + module.bidirectional]]
        layers.append(Bidirectional(*ways) if module.bidirectional else ways[0])
        if module.dropout and i < module.num_layers - 1:
            layers.append(First(Dropout(module.dropout, seed=next(given.seeds))))
    _take_state(module, given, module.num_layers, 1 + module.bidirectional)
    return tuple(layers) if len(layers) > 1 else layers[0]


@from_torch.register(nn.RNNCell)
@from_torch.register(nn.LSTMCell)
@from_torch.register(nn.GRUCell)
def cell_from_torch(module: Any, given: Given) -> Any:
    """The layer over sequences; the cell is one step of it"""
    given.check_axes(module, "(m, n)", "(n,)")
    given.rows_in(module, ONE_ROW if given.tensor.ndim == 1 else ONE_STEP)
    given.features_in(module, ROWS)
    _check_tanh(module, given)
    _take_state(module, given, 1, 1)
    return _layer(next(ours for ours, theirs in CELLS.items() if isinstance(module, theirs)), module, "")


def _take_state(module: Any, given: Given, layers: int, ways: int) -> None:
    """The network of one layer takes (x, None, state) where the module takes a first state that is not 0"""
    state = given.argument(module, "hx")
    has_parts = isinstance(state, tuple | list)
    parts = [array_of("from_torch", "hx", part) for part in (state if has_parts else (state,)) if part is not None]
    if not any([part.any() for part in parts]):
        return
    why = ", since a chain has no place for the states of its layers"
    given.check_setting(module, "num_layers=1 for a first state", layers, holds=layers == 1, why=why)
    by_way = list(zip(*[part.reshape(ways, -1, module.hidden_size) for part in parts], strict=True))
    by_way = [way if has_parts else way[0] for way in by_way]
    given.beside = None, tuple(by_way) if ways > 1 else by_way[0]
