"""Rules of `from_torch` for Linear, Embedding, dropout, normalisation, and activations whose cards do not name them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from funcnn.initializers import zeros
from funcnn.interop.torch.image_modules import axes_of_positions
from funcnn.interop.torch.layouts import CHANNELS, ROWS, Layout, flattened
from funcnn.interop.torch.modules import Given, from_torch
from funcnn.interop.torch.tensors import dtype_of
from funcnn.interop.torch.weights import weights_from
from funcnn.layers.activations.base import Softplus
from funcnn.layers.activations.glu import Glu
from funcnn.layers.activations.piecewise import HardSigmoid
from funcnn.layers.activations.rectifiers import PRelu
from funcnn.layers.activations.smooth import ExactGelu, Gelu
from funcnn.layers.activations.softmax import LogSoftmax, Softmax
from funcnn.layers.combinators.frozen import Frozen
from funcnn.layers.combinators.scale import Scale
from funcnn.layers.combinators.shapes import Reshape
from funcnn.layers.convolution.global_pool import GlobalAvgPool, GlobalMaxPool
from funcnn.layers.dense import Dense
from funcnn.layers.dropout import ChannelDropout, Dropout
from funcnn.layers.embedding.symbols import Embedding
from funcnn.layers.normalisation.batchnorm import BatchNorm
from funcnn.layers.normalisation.groupnorm import GroupNorm, InstanceNorm
from funcnn.layers.normalisation.norm import LayerNorm, RMSNorm
from funcnn.trees.edits import evolve
from funcnn.trees.walks import map_arrays


@from_torch.register(nn.Linear)
def linear_from_torch(module: Any, given: Given) -> Dense:
    """Behind a Flatten the rows of W are in funcnn's order"""
    n_in, n_out = module.in_features, module.out_features
    like = Dense.init(n_in, n_out, seed=0, weights=zeros, bias=module.bias is not None, dtype=dtype_of(module))
    layer = weights_from(module, like)
    if not given.layout.is_mixed:
        given.features_in(module, ROWS)
        return layer
    given.out = Layout(ROWS)
    return evolve(layer, W=given.layout.of_features(layer.W))


@from_torch.register(nn.Embedding)
def embedding_from_torch(module: Any, given: Given) -> Embedding:
    """A table of the same rows"""
    given.features_in(module, ROWS)
    given.check_setting(module, "no max_norm", module.max_norm, holds=module.max_norm is None)
    has_none = module.padding_idx is None
    why = ", since funcnn trains every row"
    given.check_setting(module, "padding_idx=None", module.padding_idx, holds=has_none, why=why)
    given.check_setting(module, "scale_grad_by_freq=False", "True", holds=not module.scale_grad_by_freq)
    given.out = Layout(ROWS, given.layout.rows)
    shape = module.num_embeddings, module.embedding_dim
    return weights_from(module, Embedding.init(*shape, seed=0, weights=zeros, dtype=dtype_of(module)))


@from_torch.register(nn.EmbeddingBag)
def embedding_bag_from_torch(module: Any, given: Given) -> tuple[Any, ...]:
    """The mean, or the maximum, of the rows of a table"""
    given.check_axes(module, "(m, t)")
    pools = {"mean": GlobalAvgPool(), "max": GlobalMaxPool()}
    given.check_setting(module, 'mode="mean" or "max"', repr(module.mode), holds=module.mode in pools)
    return embedding_from_torch(module, given), pools[module.mode]


@from_torch.register(nn.Dropout1d)
@from_torch.register(nn.Dropout2d)
@from_torch.register(nn.Dropout3d)
def channel_dropout_from_torch(module: Any, given: Given) -> ChannelDropout:
    """Of the same rate"""
    axes_of_positions(module, given)
    return ChannelDropout(module.p, seed=next(given.seeds))


# Normalisation. Features are in axis 1, in the last axis of two, or in the order of a Flatten.


def _by_features(module: Any, given: Given, like: Any, *, order: str) -> Any:
    """`like` with the weights of the module, or with scale 1 if it has none, in the order of funcnn"""
    if not given.layout.is_mixed:
        given.features_in(module, ROWS if given.tensor.ndim == 2 else order)
    weights = module.state_dict()
    if module.weight is None:
        weights["weight"] = torch.ones(len(like.scale), dtype=given.tensor.dtype)
    return _resting(module, map_arrays(given.layout.of_features, weights_from(weights, like)))


def _resting(module: Any, layer: Any) -> Any:
    """The layer, frozen if its module has no weights; not a batch normalisation, whose statistics are to change"""
    return Frozen(layer) if module.weight is None and not isinstance(layer, BatchNorm) else layer


@from_torch.register(nn.BatchNorm1d)
@from_torch.register(nn.BatchNorm2d)
@from_torch.register(nn.BatchNorm3d)
def batch_norm_from_torch(module: Any, given: Given) -> Any:
    """Running statistics are states"""
    given.check_setting(module, "track_running_stats=True", "False", holds=module.track_running_stats)
    momentum = module.momentum
    given.check_setting(module, "a number as momentum", "None, the mean over all batches", holds=momentum is not None)
    settings = {"momentum": momentum, "eps": module.eps, "bias": module.bias is not None}
    like = BatchNorm.init(module.num_features, dtype=dtype_of(module, given.tensor), **settings)
    return _by_features(module, given, like, order=CHANNELS)


@from_torch.register(nn.LayerNorm)
@from_torch.register(nn.RMSNorm)
def row_norm_from_torch(module: Any, given: Given) -> Any:
    """Normalisation over the last axis; several axes are joined into one"""
    shape, dtype = tuple(module.normalized_shape), dtype_of(module, given.tensor)
    settings: Any = {"eps": module.eps, "dtype": dtype}
    if isinstance(module, nn.LayerNorm):
        cls: Any = LayerNorm
        settings["bias"] = module.bias is not None
    else:
        cls = RMSNorm
        settings["eps"] = float(np.finfo(dtype).eps) if module.eps is None else module.eps
    like = cls.init(int(np.prod(shape)), **settings)
    if len(shape) == 1:
        return _by_features(module, given, like, order=ROWS)
    given.check_setting(
        module, "a normalized_shape without the first axis", shape, holds=len(shape) < given.tensor.ndim
    )
    between = tuple(given.tensor.shape[1 : given.tensor.ndim - len(shape)])
    between = (-1,) if len(between) == 1 else between
    order = given.layout.order or (CHANNELS if len(shape) == 3 and not between else ROWS)
    given.features_in(module, order)
    holds = order is ROWS or not between
    given.check_setting(module, "a normalized_shape with the channels too", shape, holds=holds)
    weights = {name: tensor.reshape(-1) for name, tensor in module.state_dict().items()}
    if module.weight is None:
        weights["weight"] = given.tensor.new_ones(len(like.scale))
    layout = flattened(shape) if order is CHANNELS else Layout(ROWS)
    layer = _resting(module, map_arrays(layout.of_features, weights_from(weights, like)))
    back = (*shape[1:], shape[0]) if order is CHANNELS else shape
    return Reshape((*between, len(like.scale))), layer, Reshape((*between, *back))


@from_torch.register(nn.GroupNorm)
def group_norm_from_torch(module: Any, given: Given) -> Any:
    """Over runs of channels"""
    given.features_in(module, ROWS if given.tensor.ndim == 2 else CHANNELS)
    settings = {"groups": module.num_groups, "eps": module.eps, "bias": module.bias is not None}
    like = GroupNorm.init(module.num_channels, dtype=dtype_of(module, given.tensor), **settings)
    return _by_features(module, given, like, order=CHANNELS)


@from_torch.register(nn.InstanceNorm1d)
@from_torch.register(nn.InstanceNorm2d)
@from_torch.register(nn.InstanceNorm3d)
def instance_norm_from_torch(module: Any, given: Given) -> Any:
    """By channel"""
    given.check_setting(module, "track_running_stats=False", "True", holds=not module.track_running_stats)
    axes_of_positions(module, given)
    settings = {"eps": module.eps, "bias": module.bias is not None}
    like = InstanceNorm.init(module.num_features, dtype=dtype_of(module, given.tensor), **settings)
    return _by_features(module, given, like, order=CHANNELS)


# Activations.


@from_torch.register(nn.PReLU)
def prelu_from_torch(module: Any, given: Given) -> PRelu:
    """One slope, or one for each feature in axis 1"""
    like = PRelu.init(module.num_parameters, dtype=dtype_of(module))
    if module.num_parameters == 1:
        return weights_from(module, like)
    if not given.layout.is_mixed:
        given.features_in(module, ROWS if given.tensor.ndim == 2 else CHANNELS)
    return map_arrays(given.layout.of_features, weights_from(module, like))


def _check_axis(module: Any, given: Given) -> None:
    """Decide that the features are in the axis `dim` of the module."""
    n, dim = given.tensor.ndim, module.dim
    dims = {ROWS: (-1, n - 1), CHANNELS: (1, 1 - n)}
    given.check_setting(module, "the axis of features as dim", dim, holds=any([dim in some for some in dims.values()]))
    if given.layout.is_mixed or dim in dims[ROWS]:
        given.features_in(module, ROWS)
    else:
        given.features_in(module, CHANNELS)


@from_torch.register(nn.GLU)
def glu_from_torch(module: Any, given: Given) -> Glu:
    """Halves along the axis of features"""
    _check_axis(module, given)
    return Glu()


@from_torch.register(nn.Softmax)
@from_torch.register(nn.LogSoftmax)
def softmax_from_torch(module: Any, given: Given) -> Softmax | LogSoftmax:
    """Along the axis of features"""
    if not (given.layout.is_mixed and module.dim in (1, -1)):
        _check_axis(module, given)
    return Softmax() if isinstance(module, nn.Softmax) else LogSoftmax()


@from_torch.register(nn.Softmin)
def softmin_from_torch(module: Any, given: Given) -> tuple[Any, ...]:
    """The softmax of -x"""
    minus = Scale.init(value=-1, dtype=dtype_of(module, given.tensor))
    return Frozen(minus), softmax_from_torch(nn.Softmax(module.dim), given)


@from_torch.register(nn.Softmax2d)
def softmax2d_from_torch(module: Any, given: Given) -> Softmax:
    """The softmax over the channels"""
    axes_of_positions(module, given)
    return Softmax()


@from_torch.register(nn.Softplus)
def softplus_from_torch(module: Any, given: Given) -> Softplus:
    """Above its threshold torch returns x, which differs by e^-threshold at most"""
    given.check_setting(module, "beta=1", module.beta, holds=module.beta == 1)
    given.check_setting(module, "a threshold of 20 or more", module.threshold, holds=module.threshold >= 20)
    return Softplus()


_RULES: dict[type[nn.Module], Callable[[Any, Given], Any]] = {
    nn.Dropout: lambda module, given: Dropout(module.p, seed=next(given.seeds)),
    nn.GELU: lambda module, _: Gelu() if module.approximate == "tanh" else ExactGelu(),  # one module has both forms
    nn.Hardsigmoid: lambda *_: HardSigmoid(),  # equal but for the digits of 1 / 6
}
for _module, _rule in _RULES.items():
    from_torch.register(_module)(_rule)
