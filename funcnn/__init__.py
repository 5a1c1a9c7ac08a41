"""Neural networks as immutable values, backpropagation as pure functions.

out, cache = forward(params, x)
cost, dA   = mse(out, y)
grads      = backward(params, cache, dA)
params     = sgd(params, grads, lr)
"""

from funcnn.arrays import Array, namespace
from funcnn.core import backward, forward, inference, predict, reseed, sgd, value_and_grad
from funcnn.data import batches
from funcnn.errors import FuncnnError, KindError, RangeError, ShapeError
from funcnn.files import fingerprint
from funcnn.gradients import Grads, gradient
from funcnn.initializers import (
    constant,
    glorot_normal,
    glorot_uniform,
    he_normal,
    he_uniform,
    lecun_normal,
    lecun_uniform,
    normal,
    orthogonal,
    uniform,
    zeros,
)
from funcnn.inspection import summary
from funcnn.layers.activations import Elementwise, Elu, Gelu, Identity, LeakyRelu, Relu, Sigmoid, Softplus, Tanh
from funcnn.layers.chain import mlp
from funcnn.layers.dense import Dense
from funcnn.losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    huber,
    mae,
    mse,
    of_logits,
    softmax_cross_entropy,
    weighted,
)
from funcnn.optimizers import update
from funcnn.records import Seed, record, state
from funcnn.schedules import cosine, exponential, stages, warm_up
from funcnn.training import NotFiniteError, TrainState, train
from funcnn.tree import evolve, from_vector, leaves, map_parameters, parameters, replace, to_vector, tree_map

__version__ = "0.1.0"

__all__ = [  # noqa: RUF022  in the order in which a newcomer meets them
    "forward",
    "backward",
    "sgd",
    "Dense",
    "Relu",
    "Sigmoid",
    "Tanh",
    "Identity",
    "LeakyRelu",
    "Softplus",
    "Elu",
    "Gelu",
    "mlp",
    "mse",
    "mae",
    "huber",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "softmax_cross_entropy",
    "weighted",
    "value_and_grad",
    "predict",
    "summary",
    "batches",
    "TrainState",
    "train",
    "stages",
    "exponential",
    "cosine",
    "warm_up",
    "zeros",
    "constant",
    "normal",
    "uniform",
    "glorot_uniform",
    "glorot_normal",
    "lecun_uniform",
    "lecun_normal",
    "he_uniform",
    "he_normal",
    "orthogonal",
    "record",
    "state",
    "Array",
    "Seed",
    "Grads",
    "gradient",
    "Elementwise",
    "namespace",
    "inference",
    "reseed",
    "of_logits",
    "update",
    "evolve",
    "tree_map",
    "leaves",
    "map_parameters",
    "parameters",
    "replace",
    "to_vector",
    "from_vector",
    "fingerprint",
    "FuncnnError",
    "ShapeError",
    "KindError",
    "RangeError",
    "NotFiniteError",
]
