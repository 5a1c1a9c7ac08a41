"""Conversions of attention, to `torch.nn.MultiheadAttention`."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import torch

from funcnn.errors import KindError, ShapeError
from funcnn.interop.torch.base import Around, parameter, to_torch
from funcnn.layers.attention.cross_attention import CrossAttention
from funcnn.layers.attention.self_attention import Attention


def _of_itself(given: Any, attention: Any, *, causal: bool) -> Any:
    """x -> out, or (x, mask) -> (out, mask), where out is 0 at padded positions"""
    x, mask = given if isinstance(given, tuple) else (given, None)
    out = attended(attention, x, x, mask, causal=causal)
    out = out if mask is None or mask.ndim == 3 else out.masked_fill(~mask[..., None], 0)
    return (out, mask) if isinstance(given, tuple) else out


def _of_memory(given: tuple[Any, ...], attention: Any) -> tuple[Any, ...]:
    """(queries, memory, ...) -> (out, memory, ...); a mask in `given` is the mask of the memory"""
    queries, memory, mask = given if len(given) == 3 else (*given, None)
    return attended(attention, queries, memory, mask, causal=False), *given[1:]


def attended(module: Any, queries: Any, memory: Any, mask: Any, *, causal: bool) -> Any:
    """out of torch's attention; for a query that may attend to no key, out is the bias

    A mask of torch is True where a query may not attend, and torch returns NaN if a whole row is True.
    """
    t = queries.shape[1]
    pairs = mask[:, None].expand(-1, t, -1) if mask is not None and mask.ndim == 2 else mask
    if causal:
        order = torch.ones(t, t, dtype=torch.bool, device=queries.device).tril()
        pairs = order if pairs is None else pairs & order
    if pairs is None:
        return module(queries, memory, memory, need_weights=False)[0]
    attends = pairs.any(-1, keepdim=True)
    barred = attends & ~pairs
    barred = barred if barred.ndim == 2 else barred.repeat_interleave(module.num_heads, 0)
    out, _ = module(queries, memory, memory, attn_mask=barred, need_weights=False)
    bias = torch.zeros_like(out) if module.out_proj.bias is None else module.out_proj.bias
    return torch.where(attends, out, bias)


def multi_head(layer: Attention | CrossAttention) -> torch.nn.Module:
    """torch stores weights as (n_out, n_in), and query, key and value in one array if they have one shape."""
    parts = layer.query, layer.key, layer.value, layer.out
    n_in, n = layer.query.W.shape
    n_memory = layer.key.W.shape[0]
    if not n_in == n == layer.out.W.shape[1]:
        shapes = f"query: {layer.query.W.shape}, out: {layer.out.W.shape}"
        raise ShapeError(f"to_torch: W of query and of out must be square, as torch's attention needs; {shapes}")
    bias = any(part.b is not None for part in parts)
    sizes = {} if n_memory == n else {"kdim": n_memory, "vdim": n_memory}
    rate = 0.0 if layer.dropout is None else layer.dropout.rate
    module = torch.nn.MultiheadAttention(n, layer.heads, dropout=rate, bias=bias, batch_first=True, **sizes)
    W = [part.W.T for part in parts]
    if sizes:
        module.q_proj_weight, module.k_proj_weight, module.v_proj_weight = map(parameter, W[:3])
    else:
        module.in_proj_weight = parameter(np.concatenate(W[:3]))
    module.out_proj.weight = parameter(W[3])
    if bias:
        b = [np.zeros(part.W.shape[1], part.W.dtype) if part.b is None else part.b for part in parts]
        module.in_proj_bias, module.out_proj.bias = parameter(np.concatenate(b[:3])), parameter(b[3])
    return module


@to_torch.register(Attention)
def attention_to_torch(layer: Attention) -> torch.nn.Module:
    """If one of the four Dense layers has a bias, the module has four biases, with zeros for the others"""
    if layer.rotary is not None:
        raise KindError("to_torch: torch has no attention with rotary positions")
    return Around(partial(_of_itself, causal=layer.causal), attention=multi_head(layer))


@to_torch.register(CrossAttention)
def cross_attention_to_torch(layer: CrossAttention) -> torch.nn.Module:
    """If one of the four Dense layers has a bias, the module has four biases, with zeros for the others"""
    return Around(_of_memory, attention=multi_head(layer))
