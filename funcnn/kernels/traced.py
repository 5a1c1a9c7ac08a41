"""Kernels that are traced from their rules."""

from __future__ import annotations

from typing import Any

from funcnn.kernels.rows import by_rows
from funcnn.layers.activations import base, softmax
from funcnn.layers.normalisation import affine, batchnorm, norm
from funcnn.losses import classification

layer_norm_forward = by_rows(norm.layer_norm_forward, at=1)
layer_norm_backward = by_rows(norm.layer_norm_backward, at=2)
rms_norm_forward = by_rows(norm.rms_norm_forward, at=1)
rms_norm_backward = by_rows(norm.rms_norm_backward, at=2)
batch_norm_forward = by_rows(batchnorm.batch_norm_forward, at=1)
batch_norm_backward = by_rows(batchnorm.batch_norm_backward, at=2)
batch_norm_backward_params = by_rows(batchnorm.batch_norm_backward_params, at=2)
affine_forward = by_rows(affine.affine_forward, at=1)
affine_backward = by_rows(affine.affine_backward, at=2)
softmax_forward = by_rows(softmax.softmax_forward, at=1)
softmax_backward = by_rows(softmax.softmax_backward, at=2)
log_softmax_forward = by_rows(softmax.log_softmax_forward, at=1)
log_softmax_backward = by_rows(softmax.log_softmax_backward, at=2)
_elementwise_forward = by_rows(base.elementwise_forward, at=1)
_elementwise_backward = by_rows(base.elementwise_backward, at=2)
cross_entropy = by_rows(classification.cross_entropy, at=1)


def elementwise_forward(params: Any, x: Any) -> Any:
    """Without activations that are one pass in NumPy."""
    return None if type(params) in _ONE_PASS else _elementwise_forward(params, x)


def elementwise_backward(params: Any, kept: Any, dA: Any) -> Any:
    """Without activations that are one pass in NumPy."""
    return None if type(params) in _ONE_PASS else _elementwise_backward(params, kept, dA)


_ONE_PASS = {base.Identity, base.Relu, base.Tanh}
