"""Neural networks as immutable values, backpropagation as pure functions.

out, cache = forward(params, x)
cost, dA   = mse(out, y)
grads      = backward(params, cache, dA)
params     = sgd(params, grads, lr)

`funcnn` has the names that most scripts need; the others are in `funcnn.layers`, `funcnn.losses` and other namespaces.
"""

import os
from importlib import import_module

from funcnn.lazy import lazily

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazily(__name__)

if os.environ.get("FUNCNN_KERNELS", "0") != "0":
    import_module("funcnn.kernels.table")  # which puts kernels before their rules
