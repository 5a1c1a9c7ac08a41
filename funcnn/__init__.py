"""Neural networks as immutable values, backpropagation as pure functions.

out, cache = forward(params, x)
cost, dA   = mse(out, y)
grads      = backward(params, cache, dA)
params     = sgd(params, grads, lr)

`funcnn` has the names that most scripts need; the others are in `funcnn.layers`, `funcnn.losses` and other namespaces.
"""

import os
from importlib import import_module

from funcnn.lazy import NAMESPACES, lazily

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazily(
    __name__,
    {
        "core": "forward backward sgd value_and_grad inference reseed",
        "prediction": "predict",
        "layers": (
            "Dense mlp Relu Sigmoid Tanh Gelu Softmax Dropout BatchNorm LayerNorm Conv2d MaxPool GlobalAvgPool Flatten "
            "Embedding GRU LSTM Attention transformer_block Residual Frozen Elementwise"
        ),
        "losses": "mse huber binary_cross_entropy binary_cross_entropy_with_logits softmax_cross_entropy",
        "optimizers": "update Momentum Adam AdamW ClipNorm",
        "schedules": "cosine one_cycle warm_up",
        "initializers": "glorot_uniform he_normal",
        "data": "batches",
        "training": "TrainState train history validation early_stopping checkpoint_every",
        "metrics": "accuracy",
        "inspection": "summary trace",
        "files": "save load",
        "trees": "parameters tree_map evolve",
        "records": "record state",
        "gradients": "Grads gradient",
        "arrays": "Array namespace",
        "needs": "Seed",
        "errors": "FuncnnError",
    },
    NAMESPACES,
)

if os.environ.get("FUNCNN_KERNELS", "0") != "0":
    import_module("funcnn.kernels.table")  # which puts kernels before their rules
