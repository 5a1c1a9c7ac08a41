"""Rules of `from_torch` for recurrent modules, attention, and the encoder of a transformer."""

from __future__ import annotations

from typing import Any

from torch import nn
from torch.nn import functional

from funcnn.initializers import zeros
from funcnn.interop.torch.layouts import ROWS
from funcnn.interop.torch.modules import Given, from_torch, layer_of
from funcnn.interop.torch.recurrent import MODULES
from funcnn.interop.torch.tensors import dtype_of
from funcnn.interop.torch.weights import weights_from
from funcnn.layers.activations.base import Relu
from funcnn.layers.activations.smooth import ExactGelu
from funcnn.layers.attention.self_attention import Attention
from funcnn.layers.combinators.first import First
from funcnn.layers.combinators.residual import Residual
from funcnn.layers.dropout import Dropout
from funcnn.layers.recurrent.bidirectional import Bidirectional
from funcnn.trees.edits import evolve


def _sequence(module: Any, given: Given, *, batch_first: bool) -> None:
    given.check_setting(module, "batch_first=True", "False", holds=batch_first)
    given.check_axes(module, "(m, t, n)")
    given.features_in(module, ROWS)


@from_torch.register(nn.RNN)
@from_torch.register(nn.LSTM)
@from_torch.register(nn.GRU)
def recurrent_from_torch(module: Any, given: Given) -> Any:
    """A chain of the layers of the module; dropout between them"""
    _sequence(module, given, batch_first=module.batch_first)
    given.check_setting(module, "proj_size=0", module.proj_size, holds=module.proj_size == 0)
    if isinstance(module, nn.RNN):
        given.check_setting(
            module, 'nonlinearity="tanh"', repr(module.nonlinearity), holds=module.nonlinearity == "tanh"
        )
    cls: Any = next(ours for ours, theirs in MODULES.items() if isinstance(module, theirs))
    weights, layers = module.state_dict(), []

    def one(i: int, suffix: str = "") -> Any:
        n_in, k = weights[f"weight_ih_l{i}{suffix}"].shape[1], module.hidden_size
        like = cls.init(n_in, k, seed=0, weights=zeros, recurrent=zeros, dtype=dtype_of(module))
        names = [f"{kind}_{which}" for kind in ("weight", "bias") for which in ("ih", "hh")]
        none = weights[f"weight_hh_l{i}{suffix}"].new_zeros(len(like.b))
        return weights_from({f"{name}_l0": weights.get(f"{name}_l{i}{suffix}", none) for name in names}, like)

    for i in range(module.num_layers):
        layers.append(Bidirectional(one(i), one(i, "_reverse")) if module.bidirectional else one(i))
        if module.dropout and i < module.num_layers - 1:
            layers.append(First(Dropout(module.dropout, seed=next(given.seeds))))
    return tuple(layers) if len(layers) > 1 else layers[0]


@from_torch.register(nn.MultiheadAttention)
def attention_from_torch(module: Any, given: Given) -> Attention:
    """Of x to itself, without a mask"""
    _sequence(module, given, batch_first=module.batch_first)
    has_more_keys = module.bias_k is not None or module.add_zero_attn
    given.check_setting(module, "add_bias_kv=False and add_zero_attn=False", "True", holds=not has_more_keys)
    bias = module.in_proj_bias is not None
    settings = {"bias": bias, "dtype": dtype_of(module)}
    layer = Attention.init(module.embed_dim, module.num_heads, seed=0, weights=zeros, **settings)
    dropout = Dropout(module.dropout, seed=next(given.seeds)) if module.dropout else None
    return evolve(weights_from(module, layer), dropout=dropout)


_FUNCTIONS = {functional.relu: Relu(), functional.gelu: ExactGelu()}


@from_torch.register(nn.TransformerEncoderLayer)
def encoder_layer_from_torch(module: Any, given: Given) -> tuple[Any, ...]:
    """Attention and two dense layers, each with a residual connection, and with a norm before or behind"""
    _sequence(module, given, batch_first=module.self_attn.batch_first)

    def part(name: str) -> Any:
        return layer_of(getattr(module, name), given.at(name))

    def drop(name: str) -> tuple[Any, ...]:
        return (part(name),) if getattr(module, name).p else ()

    f = module.activation
    known = f in _FUNCTIONS or isinstance(f, nn.Module)
    given.check_setting(module, "relu, gelu or a module as activation", getattr(f, "__name__", f), holds=known)
    activation = _FUNCTIONS[f] if f in _FUNCTIONS else part("activation")
    attention = (part("self_attn"), *map(First, drop("dropout1")))
    dense = (part("linear1"), activation, *drop("dropout"), part("linear2"), *drop("dropout2"))
    norms = part("norm1"), part("norm2")
    if module.norm_first:
        return Residual((First(norms[0]), *attention)), Residual(First((norms[1], *dense)))
    return Residual(attention), First(norms[0]), Residual(First(dense)), First(norms[1])


@from_torch.register(nn.TransformerEncoder)
def encoder_from_torch(module: Any, given: Given) -> tuple[Any, ...]:
    """A chain of encoder layers, with a norm at the end if there is one"""
    layers = [layer_of(layer, given.at(f"layers.{i}")) for i, layer in enumerate(module.layers)]
    if module.norm is not None:
        layers.append(First(layer_of(module.norm, given.at("norm"))))
    return tuple(layers)
