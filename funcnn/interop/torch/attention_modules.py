"""Rules of `from_torch` for attention, and for encoders and decoders of transformers."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import nn
from torch.nn import functional

from funcnn.arrays import Array
from funcnn.initializers import zeros
from funcnn.interop.torch.masks import allowed, compared, padding
from funcnn.interop.torch.modules import Given, from_torch, layer_of
from funcnn.interop.torch.sequence_modules import check_sequences
from funcnn.interop.torch.tensors import array_of, dtype_of
from funcnn.interop.torch.weights import weights_from
from funcnn.layers.activations.base import Relu
from funcnn.layers.activations.smooth import ExactGelu
from funcnn.layers.attention.cross_attention import CrossAttention
from funcnn.layers.attention.self_attention import Attention
from funcnn.layers.combinators.branches import Copy, Parallel, Take
from funcnn.layers.combinators.first import First
from funcnn.layers.combinators.residual import Residual
from funcnn.layers.dropout import Dropout
from funcnn.trees.edits import evolve


def _moved(given: Given, name: str, tensor: Any) -> Array:
    return given.layout.moved(array_of("from_torch", name, tensor))


@from_torch.register(nn.MultiheadAttention)
def attention_from_torch(module: Any, given: Given) -> Any:
    """Attention of x to itself, or to a memory that is both key and value"""
    check_sequences(module, given, batch_first=module.batch_first)
    has_more_keys = module.bias_k is not None or module.add_zero_attn
    given.check_setting(module, "add_bias_kv=False and add_zero_attn=False", "True", holds=not has_more_keys)
    key, value = given.argument(module, "key"), given.argument(module, "value")
    given.check_setting(module, "one tensor as key and value", "two", holds=key is value)
    memory = _moved(given, "key", key)
    is_self = key is given.tensor
    mask, causal = allowed(module, given, memory, of_itself=is_self)
    settings = {"seed": 0, "weights": zeros, "bias": module.in_proj_bias is not None, "dtype": dtype_of(module)}
    if is_self:
        like: Any = Attention.init(module.embed_dim, module.num_heads, causal=causal, **settings)
    else:
        like = CrossAttention.init(module.embed_dim, module.num_heads, n_memory=module.kdim, **settings)
    given.beside = (*(() if is_self else (memory,)), *(() if mask is None else (mask,)))
    given.compared = compared(mask, given.layout.moved(given.tensor.detach().numpy()), of_itself=is_self)
    dropout = Dropout(module.dropout, seed=next(given.seeds)) if module.dropout else None
    layer = evolve(weights_from(module, like), dropout=dropout)
    return layer if is_self else (layer, Take(0))


PADDING = "src_key_padding_mask"
MASKS_OF_DECODER = "tgt_mask", "memory_mask", "tgt_key_padding_mask", "memory_key_padding_mask"
_FUNCTIONS = {functional.relu: Relu(), functional.gelu: ExactGelu()}


def _part(module: Any, given: Given, name: str, *others: Any, **named: Any) -> Any:
    """The layer for a part of the module, which gets x and these arguments"""
    part = given.at(name, None, None, *others, **named)
    layer = layer_of(module.get_submodule(name), part)
    given.take(part)
    return layer


def _drop(module: Any, given: Given, name: str) -> tuple[Any, ...]:
    return (_part(module, given, name),) if module.get_submodule(name).p else ()


def _around(module: Any, given: Given, i: int, inner: tuple[Any, ...], *, alone: bool = False) -> tuple[Any, ...]:
    """The residual connection around a part, with the norm i before the part or behind the sum

    `alone`: the part maps each position alone, so x is taken out of its tuple once, for the norm and the dropout too
    """
    norm, drop = (_part(module, given, f"norm{i}"),), _drop(module, given, f"dropout{i}")
    before, after = (norm, ()) if module.norm_first else ((), norm)
    chain = (*before, *inner, *drop) if alone else (*map(First, before), *inner, *map(First, drop))
    return (Residual(First(chain) if alone else chain), *map(First, after))


def _positionwise(module: Any, given: Given, i: int) -> tuple[Any, ...]:
    """The two dense layers, with the activation and a dropout between them"""
    f = module.activation
    known = f in _FUNCTIONS or isinstance(f, nn.Module)
    given.check_setting(module, "relu, gelu or a module as activation", getattr(f, "__name__", f), holds=known)
    activation = _FUNCTIONS[f] if f in _FUNCTIONS else _part(module, given, "activation")
    one, other = _part(module, given, "linear1"), _part(module, given, "linear2")
    return _around(module, given, i, (one, activation, *_drop(module, given, "dropout"), other), alone=True)


def _itself(given: Given, mask: Any, padding: Any = None) -> dict[str, Any]:
    """The arguments of an attention to x itself"""
    return {"key": given.tensor, "value": given.tensor, "attn_mask": mask, "key_padding_mask": padding}


@from_torch.register(nn.TransformerEncoderLayer)
def encoder_layer_from_torch(module: Any, given: Given) -> tuple[Any, ...]:
    """Attention and two dense layers, each with a residual connection, and with a norm before or behind"""
    masks = [given.argument(module, name) for name in ("src_mask", PADDING)]
    attention = _part(module, given, "self_attn", **_itself(given, *masks))
    return (*_around(module, given, 1, (attention,)), *_positionwise(module, given, 2))


@from_torch.register(nn.TransformerEncoder)
def encoder_from_torch(module: Any, given: Given) -> tuple[Any, ...]:
    """A chain of encoder layers, with a norm at the end if there is one"""
    named = {"src_mask": given.argument(module, "mask"), PADDING: given.argument(module, PADDING)}
    layers = [_part(module, given, f"layers.{i}", **named) for i in range(len(module.layers))]
    return (*layers, *_norm(module, given))


def _norm(module: Any, given: Given) -> tuple[Any, ...]:
    return () if module.norm is None else (First(_part(module, given, "norm")),)


@from_torch.register(nn.TransformerDecoderLayer)
def decoder_layer_from_torch(module: Any, given: Given) -> tuple[Any, ...]:
    """Attention to x itself, attention to the memory, and two dense layers"""
    order, pairs, _, unread = [given.argument(module, name) for name in MASKS_OF_DECODER]
    attention = _part(module, given, "self_attn", **_itself(given, order))
    given.check_setting(module, "a causal tgt_mask, or None", "another mask", holds=not given.beside)
    causal = getattr(attention, "layer", attention).causal  # it may be frozen
    where = _compared_targets(module, given, causal=causal)
    memory = given.argument(module, "memory").detach()  # another tensor than x, even if it is given as both
    named = {"attn_mask": pairs, "key_padding_mask": unread}
    cross, _ = _part(module, given, "multihead_attn", memory, memory, **named)
    if where is not None:
        given.compared = where if given.compared is ... else where & given.compared
    return (
        *_around(module, given, 1, (First(attention),)),
        *_around(module, given, 2, (cross,)),
        *_positionwise(module, given, 3),
        Take(0),
    )


def _compared_targets(module: Any, given: Given, *, causal: bool) -> Any:
    """The positions of x that are not padding; no other position attends to padding behind it, if it is causal."""
    mask = padding(module, given, "tgt_key_padding_mask")
    if mask is not None and not mask.all():
        holds = causal and bool((np.sort(mask)[:, ::-1] == mask).all())
        needed = "a causal tgt_mask and padding at the end of each row, with a tgt_key_padding_mask"
        given.check_setting(module, needed, "padding in front" if causal else "no causal mask", holds=holds)
    return mask


@from_torch.register(nn.TransformerDecoder)
def decoder_from_torch(module: Any, given: Given) -> tuple[Any, ...]:
    """A chain of decoder layers, with a norm at the end if there is one"""
    memory = given.argument(module, "memory")
    named = {name: given.argument(module, name) for name in MASKS_OF_DECODER}
    layers = [_part(module, given, f"layers.{i}", memory, **named) for i in range(len(module.layers))]
    return (*[_passing(layer) for layer in layers], *_norm(module, given), Take(0))


def _passing(layer: Any) -> Any:
    """A layer that passes the memory on"""
    return layer[:-1] if type(layer) is tuple and layer[-1:] == (Take(0),) else layer


@from_torch.register(nn.Transformer)
def transformer_from_torch(module: Any, given: Given) -> tuple[Any, ...]:
    """The encoder makes the memory of the decoder: (src, tgt) -> (tgt, memory), each with the mask of src, if any"""
    check_sequences(module, given, batch_first=module.batch_first)
    tgt, named = given.argument(module, "tgt"), {name: given.argument(module, name) for name in MASKS_OF_DECODER}
    src = {"mask": given.argument(module, "src_mask"), PADDING: given.argument(module, PADDING)}
    of_encoder = given.at("encoder", None, None, **src)
    encoder = layer_of(module.encoder, of_encoder)
    of_decoder = given.at("decoder", tgt, None, given.tensor, **named)
    decoder = layer_of(module.decoder, of_decoder)
    masks, (_, *others) = of_encoder.beside, of_decoder.beside
    holds = len(masks) == len(others) and all(map(np.array_equal, masks, others))
    given.check_setting(module, f"one mask as {PADDING} and memory_key_padding_mask, and no other", "two", holds=holds)
    given.beside, given.compared = (_moved(given, "tgt", tgt), *masks), of_decoder.compared
    if not masks:
        return Parallel((encoder, ())), Copy(2), Parallel((Take(1), Take(0))), _passing(decoder), Take(0)
    read = (Copy(2), Parallel((Take(0), Take(2)))), encoder, Take(0)
    return Copy(3), Parallel((Take(1), read, Take(2))), _passing(decoder), Take(0)
