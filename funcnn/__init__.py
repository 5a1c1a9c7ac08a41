"""Neural networks as immutable values, backpropagation as pure functions.

out, cache = forward(params, x)
cost, dA   = mse(out, y)
grads      = backward(params, cache, dA)
params     = sgd(params, grads, lr)
"""

from funcnn.annotations import Seed
from funcnn.arrays import Array, namespace
from funcnn.core import backward, forward, inference, predict, reseed, sgd, value_and_grad
from funcnn.data import batches
from funcnn.errors import FileError, FuncnnError, KindError, NoFileError, RangeError, ShapeError
from funcnn.files.store import fingerprint, load, save
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
from funcnn.inspection.costs import flops
from funcnn.inspection.probe import Probe
from funcnn.inspection.summaries import summary
from funcnn.inspection.tracing import trace
from funcnn.layers.activations.base import Elementwise, Elu, Gelu, Identity, LeakyRelu, Relu, Sigmoid, Softplus, Tanh
from funcnn.layers.activations.glu import Glu
from funcnn.layers.activations.piecewise import HardShrink, HardSigmoid, HardSwish, HardTanh, Relu6, SoftShrink
from funcnn.layers.activations.rectifiers import Celu, PRelu, Selu
from funcnn.layers.activations.smooth import ExactGelu, LogSigmoid, Mish, Silu, Sine, Softsign, TanhShrink
from funcnn.layers.activations.softmax import LogSoftmax, Softmax
from funcnn.layers.attention.cross_attention import CrossAttention
from funcnn.layers.attention.dot_product import attend, attend_backward
from funcnn.layers.attention.self_attention import Attention
from funcnn.layers.attention.transformer import transformer_block
from funcnn.layers.chain import mlp
from funcnn.layers.combinators.branches import Copy, Parallel, Take
from funcnn.layers.combinators.first import First
from funcnn.layers.combinators.frozen import Frozen
from funcnn.layers.combinators.function import Function
from funcnn.layers.combinators.joins import Concat, Sum
from funcnn.layers.combinators.map import Map
from funcnn.layers.combinators.remat import Remat
from funcnn.layers.combinators.residual import Residual
from funcnn.layers.combinators.scale import Scale
from funcnn.layers.combinators.shapes import Flatten, Reshape
from funcnn.layers.combinators.shared import Here, Shared
from funcnn.layers.combinators.tied import Tied
from funcnn.layers.convolution.conv import Conv1d, Conv2d
from funcnn.layers.convolution.global_pool import GlobalAvgPool, GlobalMaxPool
from funcnn.layers.convolution.pool import AvgPool, MaxPool
from funcnn.layers.convolution.transposed import ConvTranspose2d
from funcnn.layers.convolution.upsample import Upsample
from funcnn.layers.dense import Dense
from funcnn.layers.dropout import ChannelDropout, Dropout, GaussianNoise, Stochastic, noisy
from funcnn.layers.embedding import Embedding
from funcnn.layers.normalisation.affine import Affine
from funcnn.layers.normalisation.batchnorm import BatchNorm
from funcnn.layers.normalisation.folding import folded
from funcnn.layers.normalisation.groupnorm import GroupNorm, InstanceNorm
from funcnn.layers.normalisation.norm import LayerNorm, RMSNorm
from funcnn.layers.positions import LearnedPosition, Rotary, SinusoidalPosition, rotate, rotate_backward
from funcnn.layers.recurrent.base import Recurrent
from funcnn.layers.recurrent.bidirectional import Bidirectional
from funcnn.layers.recurrent.gru import GRU
from funcnn.layers.recurrent.last import Last
from funcnn.layers.recurrent.lstm import LSTM
from funcnn.layers.recurrent.rnn import RNN
from funcnn.losses.classification import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    kl_divergence,
    softmax_cross_entropy,
)
from funcnn.losses.combinators import joint, masked, weighted
from funcnn.losses.focal import binary_focal, softmax_focal
from funcnn.losses.likelihoods import gaussian_nll, poisson_nll
from funcnn.losses.margins import hinge, squared_hinge, triplet
from funcnn.losses.protocol import of_logits
from funcnn.losses.regression import huber, log_cosh, mae, mse, quantile
from funcnn.losses.similarity import cosine_distance
from funcnn.metrics import accuracy, confusion, perplexity, r2, top_k_accuracy
from funcnn.optimizers.adam import Adam, AdamW, AMSGrad, NAdam, RAdam
from funcnn.optimizers.adaptive import Adadelta, Adagrad, RMSProp
from funcnn.optimizers.average import Average, averaged
from funcnn.optimizers.base import PerArray, update
from funcnn.optimizers.constraints import nonnegative, project, unit_norm
from funcnn.optimizers.momentum import Lion, Momentum
from funcnn.optimizers.muon import Muon
from funcnn.optimizers.transforms import L2, ClipNorm, ClipValue, Decay, Rates
from funcnn.records import record, state
from funcnn.schedules.cycles import cosine_restarts, one_cycle, sawtooth
from funcnn.schedules.decays import cosine, exponential, inverse_time, polynomial, stages, step_decay, warm_up
from funcnn.schedules.plateaus import Plateau, plateau
from funcnn.stepping import step
from funcnn.training.checkpoints import checkpoint_every
from funcnn.training.comparison import Divergence, compare, difference
from funcnn.training.diagnosis import Birth, bisect_nan
from funcnn.training.history import history
from funcnn.training.loop import NotFiniteError, TrainState, train
from funcnn.training.progress import progress
from funcnn.training.runs import keep
from funcnn.training.scores import better, validation
from funcnn.training.stopping import WithBest, best_so_far, early_stopping, until, while_finite
from funcnn.tree import (
    astype,
    count,
    evolve,
    from_vector,
    leaves,
    map_parameters,
    parameters,
    replace,
    to_vector,
    tree_map,
)

__version__ = "0.1.0"

__all__ = [  # noqa: RUF022  in the order in which a newcomer meets them
    "forward",
    "backward",
    "sgd",
    "Dense",
    "mlp",
    "Frozen",
    "Relu",
    "Sigmoid",
    "Tanh",
    "Identity",
    "LeakyRelu",
    "Softplus",
    "Elu",
    "Gelu",
    "ExactGelu",
    "Silu",
    "Mish",
    "Celu",
    "Selu",
    "PRelu",
    "Softsign",
    "LogSigmoid",
    "TanhShrink",
    "Sine",
    "Relu6",
    "HardTanh",
    "HardSigmoid",
    "HardSwish",
    "SoftShrink",
    "HardShrink",
    "Softmax",
    "LogSoftmax",
    "Glu",
    "Copy",
    "Parallel",
    "Sum",
    "Concat",
    "Take",
    "Residual",
    "First",
    "Scale",
    "Flatten",
    "Reshape",
    "Map",
    "Remat",
    "Shared",
    "Here",
    "Tied",
    "Function",
    "Conv2d",
    "Conv1d",
    "ConvTranspose2d",
    "MaxPool",
    "AvgPool",
    "GlobalAvgPool",
    "GlobalMaxPool",
    "Upsample",
    "BatchNorm",
    "LayerNorm",
    "RMSNorm",
    "GroupNorm",
    "InstanceNorm",
    "Affine",
    "folded",
    "Dropout",
    "ChannelDropout",
    "GaussianNoise",
    "Stochastic",
    "noisy",
    "Embedding",
    "SinusoidalPosition",
    "LearnedPosition",
    "Rotary",
    "rotate",
    "rotate_backward",
    "RNN",
    "GRU",
    "LSTM",
    "Last",
    "Bidirectional",
    "Recurrent",
    "attend",
    "attend_backward",
    "Attention",
    "CrossAttention",
    "transformer_block",
    "mse",
    "mae",
    "huber",
    "log_cosh",
    "quantile",
    "poisson_nll",
    "gaussian_nll",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "softmax_cross_entropy",
    "kl_divergence",
    "binary_focal",
    "softmax_focal",
    "hinge",
    "squared_hinge",
    "triplet",
    "cosine_distance",
    "weighted",
    "masked",
    "joint",
    "value_and_grad",
    "predict",
    "summary",
    "trace",
    "flops",
    "Probe",
    "batches",
    "TrainState",
    "train",
    "history",
    "validation",
    "better",
    "accuracy",
    "top_k_accuracy",
    "perplexity",
    "confusion",
    "r2",
    "progress",
    "early_stopping",
    "best_so_far",
    "WithBest",
    "until",
    "while_finite",
    "keep",
    "checkpoint_every",
    "bisect_nan",
    "Birth",
    "compare",
    "Divergence",
    "Momentum",
    "Adam",
    "AdamW",
    "NAdam",
    "RAdam",
    "AMSGrad",
    "RMSProp",
    "Adagrad",
    "Adadelta",
    "Lion",
    "Muon",
    "ClipNorm",
    "ClipValue",
    "Decay",
    "L2",
    "Rates",
    "Average",
    "averaged",
    "project",
    "nonnegative",
    "unit_norm",
    "stages",
    "exponential",
    "step_decay",
    "inverse_time",
    "polynomial",
    "cosine",
    "cosine_restarts",
    "sawtooth",
    "one_cycle",
    "warm_up",
    "Plateau",
    "plateau",
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
    "step",
    "of_logits",
    "update",
    "PerArray",
    "evolve",
    "tree_map",
    "leaves",
    "map_parameters",
    "parameters",
    "replace",
    "astype",
    "count",
    "to_vector",
    "from_vector",
    "difference",
    "save",
    "load",
    "fingerprint",
    "FuncnnError",
    "ShapeError",
    "KindError",
    "RangeError",
    "FileError",
    "NoFileError",
    "NotFiniteError",
]
