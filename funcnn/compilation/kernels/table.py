"""The kernel of each rule, and the number of entries from which on it is used: importing this module attaches them."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcnn.compilation.kernels.attachment import before_function, before_rule
from funcnn.layers.activations import base, softmax
from funcnn.layers.convolution import conv, pool
from funcnn.layers.embedding import symbols
from funcnn.layers.normalisation import affine, batchnorm, norm
from funcnn.layers.recurrent import steps
from funcnn.losses import classification


def _steps(params: Any, given: Any, z: Any, *_: Any) -> int:
    """The entries of z, if there are enough steps: the kernel copies U first."""
    return z.size if type(z) is np.ndarray and 16 * z.shape[1] >= len(params.U) else 0


def _steps_back(params: Any, cache: Any, *_: Any) -> int:
    """The entries of z, if the kernel made the cache."""
    return cache.states[0].size * params.gates if type(cache) is steps.Stacked else 0


_ONE_PASS = {base.Identity, base.Relu, base.Tanh}  # activations that are one pass in NumPy

before_rule(base.elementwise_forward, at=1, entries=1 << 15, but=_ONE_PASS)
before_rule(base.elementwise_backward, at=2, entries=1 << 15, but=_ONE_PASS)
before_rule(softmax.softmax_forward, at=1, entries=1 << 12)
before_rule(softmax.softmax_backward, at=2, entries=1 << 12)
before_rule(softmax.log_softmax_forward, at=1, entries=1 << 12)
before_rule(softmax.log_softmax_backward, at=2, entries=1 << 12)
before_rule(norm.layer_norm_forward, at=1, entries=1 << 12)
before_rule(norm.layer_norm_backward, at=2, entries=1 << 12)
before_rule(norm.rms_norm_forward, at=1, entries=1 << 13)
before_rule(norm.rms_norm_backward, at=2, entries=1 << 13)
before_rule(affine.affine_forward, at=1, entries=1 << 15)
before_rule(affine.affine_backward, at=2, entries=1 << 15)
before_rule(batchnorm.batch_norm_forward, at=1, entries=1 << 16)
before_rule(batchnorm.batch_norm_backward, at=2, entries=1 << 16)
before_rule(batchnorm.batch_norm_backward_params, at=2, entries=1 << 16)
before_rule(pool.max_pool_forward, "pooling", at=1, entries=1 << 12)
before_rule(pool.max_pool_backward, "pooling", at=2, entries=1 << 10)
before_rule(conv.convolution_forward, "convolution", at=1, entries=1 << 10)
before_rule(conv.convolution_backward, "convolution", at=1, entries=1 << 10)
before_rule(conv.convolution_backward_params, "convolution", at=1, entries=1 << 10)
before_function(symbols.rows_added, "embedding", at=1, entries=1 << 12)
before_function(steps.steps_forward, "recurrent", at=_steps, entries=1 << 12)
before_function(steps.steps_backward, "recurrent", at=_steps_back, entries=1)
before_function(classification.cross_entropy, at=1, entries=1 << 12)
