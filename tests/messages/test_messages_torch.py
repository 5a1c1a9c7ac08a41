"""Error messages of the bridges to PyTorch, pinned word for word."""

import numpy as np
import pytest

from funcnn import BatchNorm, Dense, Dropout, FuncnnError, Relu, Tanh, forward, mlp, record
from funcnn.layers import GRU, LSTM, Attention, Here, Scale, Shared
from tests.says import assert_says, each_row, kind_error, raises, shape_error

torch = pytest.importorskip("torch", reason="these are its modules")
# After that line: without torch there is nothing to import.
from torch import nn  # noqa: E402  as just said
from torch.nn.utils import prune  # noqa: E402  as just said

from funcnn.interop.torch import Network, TorchLayer, from_torch, to_torch, weights_from  # noqa: E402  as just said

X, NET = np.ones((3, 2)), mlp([2, 3, 1], seed=0)
NARROW = torch.ones(3, 2)
ROWS, SEQUENCE, IMAGE = torch.ones(3, 4), torch.ones(2, 3, 4), torch.ones(2, 4, 5, 5)
SOURCE = {"weight": np.ones((3, 2)), "bias": np.ones(3)}
DENSE = Dense.init(2, 3, seed=0)
TWICE = nn.Linear(4, 4)
ATTENTION = nn.MultiheadAttention(2, 1).double().state_dict()
BIASED = Attention(*[Dense(np.eye(2), b) for b in (None, None, None, np.ones(2))], 1)
NAMES = "weights_from: source must have the names that to_torch(like) has"


class Mine(nn.Module):
    """A module with a forward of its own."""

    def forward(self, x):
        return x


class Odd(nn.Linear):
    """A Linear that computes something else."""

    def forward(self, x):
        return super().forward(x) + 1


class Wrong(Mine):
    """A module whose rule is wrong."""

    def forward(self, x):
        return x * 2


class Listed(Mine):
    """A module whose rule gives no layer."""

    def forward(self, x):
        return [x, {}]


@from_torch.register(Wrong)
def wrong(module, x):
    return Relu() if x.tensor.shape[1] > 2 else Dense(np.ones((2, 1), np.float32), None)


from_torch.register(Listed)(lambda module, x: [Relu()])


class ListedTensor(Mine):
    """A module whose rule gives a list."""


from_torch.register(ListedTensor)(lambda module, x: [Relu()])


@record
class Half:
    """A layer with a parameter that has the name of a method of modules."""

    half: np.ndarray


forward.register(Half)(lambda params, x: (x, x))


def converted(module, x=ROWS, *, train=False):
    return lambda: from_torch(module.train(train), x)


def weighed(source, like, **options):
    return lambda: weights_from(source, like, **options)


def called(network, *x):
    return lambda: network(*x)


def registered(cls, rule=None):
    return lambda: from_torch.register(cls)(rule)


def parametrized():
    return nn.utils.parametrizations.weight_norm(nn.Linear(4, 2))


def pruned(module):
    return prune.l1_unstructured(module, "weight", 2)


def partly_frozen():
    module = nn.Linear(4, 2)
    module.bias.requires_grad_(False)  # noqa: FBT003  torch's own style
    return module


def eval_network():
    network = Network((DENSE, BatchNorm.init(3))).eval()
    network(torch.tensor(X)).sum().backward()


def second():
    x = torch.tensor(X, requires_grad=True)
    torch.autograd.grad(torch.autograd.grad(Network(NET)(x).sum(), x, create_graph=True)[0].sum(), x)


def shared():
    net = Shared(Dense.init(2, 2, seed=0), (Here("w"), Here("w")), "w")
    source = to_torch(net).state_dict()
    return weights_from({name: t + float("1" in name) for name, t in source.items()}, net)


def refuses(module, sentence, x=ROWS):
    return kind_error(converted(module, x)) >> f"from_torch: {type(module).__name__} must have {sentence}"


REFUSED = [
    refuses(nn.MaxPool2d(2, dilation=2), "dilation=1, not 2", IMAGE),
    refuses(nn.AvgPool2d(2, padding=1, ceil_mode=True), "ceil_mode=False where padding counts, not True", IMAGE),
    refuses(nn.AdaptiveMaxPool2d(2, return_indices=True), "return_indices=False, not True", IMAGE),
    refuses(nn.ZeroPad2d((1, -1, 0, 0)), "a padding from 0 on, not (1, -1, 0, 0)", IMAGE),
    refuses(nn.Fold(5, 2, stride=2), "windows that reach the end of output_size, not (5, 5)", torch.randn(1, 4, 4)),
    refuses(
        nn.EmbeddingBag(9, 2, mode="sum"),
        'mode="mean" or "max", not \'sum\'',
        torch.ones(1, 2, dtype=torch.int64),
    ),
    refuses(nn.AvgPool2d(2, divisor_override=3), "no divisor_override, not 3", IMAGE),
    refuses(nn.AdaptiveAvgPool2d((2, None)), "numbers as output_size, not (2, None)", IMAGE),
    refuses(nn.Upsample(scale_factor=1.5), "whole numbers as scale_factor, not 1.5", IMAGE),
    refuses(nn.Upsample(size=9), "a scale_factor, not size=9", IMAGE),
    refuses(nn.Upsample(scale_factor=2, mode="bicubic"), 'mode="nearest" or "bilinear", not \'bicubic\'', IMAGE),
    refuses(nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True), "align_corners=False, not True", IMAGE),
    refuses(nn.Flatten(2), "start_dim=1 and end_dim=-1, not (2, -1)", IMAGE),
    refuses(
        nn.ConvTranspose2d(4, 2, 3, stride=2, output_padding=1),
        "an output_padding up to its padding, not (1, 1)",
        IMAGE,
    ),
    refuses(nn.BatchNorm1d(4, track_running_stats=False), "track_running_stats=True, not False"),
    refuses(nn.BatchNorm1d(4, momentum=None), "a number as momentum, not None, the mean over all batches"),
    refuses(nn.InstanceNorm2d(4, track_running_stats=True), "track_running_stats=False, not True", IMAGE),
    refuses(nn.LayerNorm((3, 4)), "a normalized_shape without the first axis, not (3, 4)"),
    kind_error(converted(nn.Sequential(nn.MaxPool2d(1), nn.LayerNorm((5, 5))), IMAGE))
    >> "from_torch: 1 (LayerNorm) must have a normalized_shape with the channels too, not (5, 5)",
    refuses(nn.Softmax(2), "the axis of features as dim, not 2", IMAGE),
    refuses(nn.Softplus(beta=2), "beta=1, not 2"),
    refuses(nn.Softplus(threshold=3), "a threshold of 20 or more, not 3"),
    refuses(nn.Embedding(9, 2, max_norm=1), "no max_norm, not 1", torch.ones(1, 2, dtype=torch.int64)),
    refuses(
        nn.Embedding(9, 2, padding_idx=0),
        "padding_idx=None, not 0, since funcnn trains every row",
        torch.ones(1, 2, dtype=torch.int64),
    ),
    refuses(
        nn.Embedding(9, 2, scale_grad_by_freq=True),
        "scale_grad_by_freq=False, not True",
        torch.ones(1, 2, dtype=torch.int64),
    ),
    refuses(partly_frozen(), "requires_grad=True for all parameters, or False for all, not False for bias alone"),
    refuses(nn.Unflatten(0, (3, 1)), "dim=1, not 0"),
    refuses(nn.Unflatten(1, (1, 2, 2, 1)), "two or three sizes, not (1, 2, 2, 1)"),
]

MESSAGES = [
    # from_torch: the module and x.
    kind_error(converted(nn.Linear(4, 2).to("meta"))) >> "from_torch: weight must be on the CPU, not on meta",
    kind_error(converted(nn.Sequential(nn.Linear(4, 2), nn.Dropout(0.1)), train=True))
    >> "from_torch: module must be in evaluation mode, but 0 (Linear) is in training mode; write module.eval()",
    kind_error(converted(Mine(), train=True))
    >> "from_torch: module must be in evaluation mode, but it (Mine) is in training mode; write module.eval()",
    kind_error(
        lambda: from_torch(nn.Sequential(nn.Linear(4, 2).eval(), nn.Dropout(0.1)).eval().append(nn.Tanh()), ROWS)
    )
    >> "from_torch: module must be in evaluation mode, but 2 (Tanh) is in training mode; write module.eval()",
    kind_error(lambda: from_torch(nn.Linear, ROWS))
    >> "from_torch: module must be a module of torch, not the class Linear",
    kind_error(converted(nn.Tanh(), X))
    >> "from_torch: x must be a tensor of torch, not float64 array; write torch.tensor(x)",
    kind_error(converted(nn.Tanh(), [ROWS])) >> "from_torch: x must be a tensor of torch, not list",
    kind_error(converted(nn.Tanh(), ROWS.to_sparse()))
    >> "from_torch: x must be dense, not torch.sparse_coo; write x.to_dense()",
    kind_error(lambda: from_torch(torch.jit.trace(nn.Tanh().eval(), ROWS), ROWS))
    >> "from_torch: module must be in Python, but it is compiled by torch.jit",
    kind_error(lambda: from_torch(nn.Sequential(nn.Tanh().eval(), torch.jit.trace(nn.Tanh(), ROWS)), ROWS))
    >> "from_torch: module must be in Python, but 1 is compiled by torch.jit",
    kind_error(converted(nn.Linear(4, 2), ROWS.double()))
    >> "from_torch: x must be torch.float32, as weight is, not torch.float64; write x.to(torch.float32)",
    kind_error(converted(nn.Linear(4, 2).bfloat16(), ROWS.bfloat16()))
    >> "from_torch: x must be of a dtype that NumPy has, not torch.bfloat16; write x.float()",
    shape_error(converted(nn.Sequential(nn.Linear(4, 2), nn.Tanh()), torch.ones(3, 5)))
    >> "from_torch: x must fit the module, but it refuses (3, 5): "
    "mat1 and mat2 shapes cannot be multiplied (3x5 and 4x2)",
    shape_error(converted(nn.Tanh(), torch.ones(4)))
    >> "from_torch: x must be (m, ...), with one row or more, not (4,)",
    shape_error(converted(nn.Tanh(), ROWS[:0])) >> "from_torch: x must be (m, ...), with one row or more, not (0, 4)",
    kind_error(converted(nn.LazyLinear(2))) >> "from_torch: weight has no shape yet; call the module with x before",
    shape_error(converted(nn.Conv2d(4, 2, 3), IMAGE[0]))
    >> "from_torch: x of Conv2d must be (m, c, h, w), not (4, 5, 5)",
    kind_error(lambda: from_torch(nn.Sequential(TWICE, nn.Tanh(), TWICE).eval(), ROWS))
    >> "from_torch: 2.weight and 0.weight must be two parameters, since each layer has its own; they are one tensor",
    # from_torch: modules without a rule, or in an order that no network has.
    kind_error(converted(nn.Sequential(nn.Tanh(), nn.Sequential(nn.Tanh(), Mine()))))
    >> "from_torch: there is no rule for Mine at '1.1'; write one with @from_torch.register(Mine)",
    kind_error(converted(nn.Bilinear(4, 2, 2)))
    >> "from_torch: there is no rule for Bilinear; write one with @from_torch.register(Bilinear)",
    kind_error(converted(Odd(4, 2)))
    >> "from_torch: there is no rule for Odd; write one with @from_torch.register(Odd)",
    kind_error(converted(nn.Sequential(parametrized())))
    >> "from_torch: 0 (ParametrizedLinear) must not have a parametrization, but it has one of weight; "
    "remove it with torch.nn.utils.parametrize.remove_parametrizations",
    *[
        kind_error(lambda normed=normed: from_torch(nn.Sequential(normed(nn.Linear(4, 2))).eval(), ROWS))
        >> "from_torch: 0 (Linear) must not have a parametrization, but it has one of weight; "
        "remove it with torch.nn.utils.remove_weight_norm, remove_spectral_norm or prune.remove"
        for normed in (nn.utils.weight_norm, nn.utils.spectral_norm, pruned)
    ],
    kind_error(converted(nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(3)), SEQUENCE))
    >> "from_torch: the modules before 1 (BatchNorm1d) must leave the features in axis 1, not in the last axis",
    kind_error(converted(nn.Sequential(nn.Conv2d(4, 2, 1), nn.Linear(5, 5)), IMAGE))
    >> "from_torch: the modules before 1 (Linear) must leave the features in the last axis, not in axis 1",
    kind_error(converted(nn.Sequential(nn.Conv2d(4, 2, 1), nn.Flatten(), nn.GroupNorm(2, 50)), IMAGE))
    >> "from_torch: the modules before 2 (GroupNorm) must leave the features in the last axis, not in the order of its "
    "Flatten",
    raises(FuncnnError, converted(Wrong()))
    >> "from_torch: out of the network and of the module must be equal; for x they differ by 1",
    raises(FuncnnError, converted(Wrong(), torch.tensor([[1.0, 2.0, torch.inf]])))
    >> "from_torch: out of the network and of the module must be equal; for x they differ by 2",
    raises(FuncnnError, converted(Wrong(), NARROW))
    >> "from_torch: out of the network and of the module must be equal; for x they are (3, 1) and (3, 2)",
    kind_error(lambda: from_torch(nn.Sequential(nn.Tanh(), ListedTensor()).eval(), ROWS))
    >> "from_torch: the rule for ListedTensor must return a layer or a tuple of layers, not list",
    kind_error(converted(Listed())) >> "from_torch: out of the module must be a tensor, not list",
    kind_error(registered(torch.nn)) >> "from_torch.register: cls must be a class of modules, such as "
    "torch.nn.Linear, not module",
    kind_error(registered(Mine, lambda module: Relu()))
    >> "from_torch.register: the rule must be a function (module, x), not a function (module)",
    # weights_from: what is given.
    kind_error(weighed([1], DENSE)) >> "weights_from: source must be a module of torch or its state dict, not list",
    kind_error(weighed({"weight": [1.0]}, DENSE)) >> "weights_from: weight must be a tensor, not list",
    kind_error(weighed(nn.Linear(2, 3), DENSE))
    >> "weights_from: weight is float32, W of like is float64; write astype(like, 'float32')",
    kind_error(weighed(SOURCE, Dense(np.ones((2, 3)) * 1j, None)))
    >> "weights_from: like must hold real numbers, but W is complex128",
    # weights_from: a state dict of another network.
    shape_error(weighed(nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1)).double(), NET))
    >> "weights_from: 0.weight must be (3, 2), for 0.W of like, not (4, 2)",
    kind_error(weighed(nn.Sequential(nn.Linear(2, 3, bias=False), nn.Linear(3, 1)).double(), NET))
    >> f"{NAMES}; it lacks 0.bias, 2.weight, 2.bias and it has 1.weight, 1.bias, for which like has no place",
    kind_error(weighed({**SOURCE, **{f"extra.{i}": X for i in range(10)}}, DENSE))
    >> f"{NAMES}; it has extra.0, extra.1, extra.2, extra.3, extra.4, extra.5, extra.6, extra.7 and 2 more, for which "
    "like has no place",
    raises(FuncnnError, weighed({**ATTENTION, "in_proj_bias": np.ones(6)}, BIASED))
    >> "weights_from: in_proj_bias must be 0 in the entries for which like has no array",
    raises(FuncnnError, shared) >> "weights_from: 1.layer.weight must equal the other tensor that source has for "
    "layer.W, since like has this array once",
    # weights_from: gates, whose order a name of torch says, and no other name.
    kind_error(weighed({"W": np.ones((2, 12)), "U": np.ones((3, 12)), "b": np.ones(12)}, LSTM.init(2, 3, seed=0)))
    >> f"{NAMES}; "
    "it lacks weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0 and it has W, U, b, for which like has no place",
    shape_error(weighed(nn.GRU(2, 4).double(), LSTM.init(2, 3, seed=0)))
    >> "weights_from: weight_hh_l0 must be (12, 3), for U of like, not (12, 4)",
    kind_error(weighed(nn.GRU(2, 3, bidirectional=True).double(), GRU.init(2, 3, seed=0)))
    >> f"{NAMES}; it has weight_ih_l0_reverse, weight_hh_l0_reverse, bias_ih_l0_reverse, bias_hh_l0_reverse, for which "
    "like has no place",
    # weights_from: names.
    kind_error(weighed(SOURCE, DENSE, names={"fc": 0})) >> "weights_from: names must be a dict of strings, not {'fc': "
    "0}",
    kind_error(weighed(SOURCE, DENSE, names={"fc": "", "bias": "bias"}))
    >> "weights_from: names has fc, with which no name of source begins",
    kind_error(weighed(SOURCE, DENSE, names={"fc.*": "0"}))
    >> "weights_from: names must have as many stars in fc.* as in 0",
    kind_error(weighed(SOURCE, DENSE, names={"weight": "bias"}))
    >> "weights_from: names must keep all names apart, but two of source become bias",
    # Network.
    kind_error(called(Network(NET), X)) >> "Network: x must be a tensor, or a tuple of tensors, not float64 array",
    kind_error(called(Network(NET), torch.tensor(X) * 1j)) >> "Network: x must hold real numbers, not torch.complex128",
    kind_error(called(Network(NET), torch.tensor(X).float())) >> "Dense: x must be float64, as W is, not float32; "
    "write x.astype('float64') or trees.astype(params, 'float32')" >> 1,
    kind_error(lambda: Network(Scale(np.ones(1) * 1j)))
    >> "Network: params must hold real numbers, but factor is complex128",
    kind_error(lambda: Network((Half(np.ones(2)),)))
    >> "Network: 0.half must have a name that modules of torch do not use themselves",
    kind_error(eval_network) >> "Network: in evaluation mode 1.scale has no gradient; "
    "write network.train(), or network.requires_grad_(False) for dx alone",
    kind_error(second) >> "Network: there is no second derivative",
    # TorchLayer.
    kind_error(lambda: TorchLayer.init(Relu())) >> "TorchLayer.init: module must be a module of torch, not Relu",
    kind_error(lambda: TorchLayer.init(nn.Linear(2, 3).to(torch.complex64)))
    >> "TorchLayer.init: weight must hold real numbers, not complex64",
    kind_error(lambda: TorchLayer.init(torch.jit.trace(nn.Tanh(), ROWS)))
    >> "TorchLayer.init: module must be one that pickles, not one that torch.jit compiled",
    kind_error(lambda: TorchLayer((X,), nn.Linear(2, 3)))
    >> "TorchLayer: module must be made by TorchLayer.init(module), not Linear",
    shape_error(lambda: TorchLayer((X,), TorchLayer.init(nn.Linear(2, 3)).module))
    >> "TorchLayer: arrays must be arrays of the shapes [(3, 2), (3,)], as Linear has them, not (<f64 [[1. 1.] [1. 1.] "
    "[1. 1.]]>,)",
    kind_error(lambda: forward(TorchLayer.init(nn.Linear(2, 3)), X))
    >> "TorchLayer: x must be float32, as weight is, not float64; "
    "write x.astype('float32') or trees.astype(params, 'float64')",
    kind_error(lambda: forward(TorchLayer.init(nn.Linear(2, 3)), torch.ones(3, 2)))
    >> "TorchLayer: x must be an array of NumPy, or a tuple of them, not Tensor",
    kind_error(lambda: forward(TorchLayer.init(Listed()), X))
    >> "TorchLayer: Listed must return a tensor, or a tuple of tensors, not dict",
]


@pytest.mark.filterwarnings(
    "ignore:Complex modules are a new feature", "ignore:`torch.jit.trace", "ignore:`torch.nn.utils.weight_norm"
)
@each_row([*MESSAGES, *REFUSED])
def test_each_says_what_is_wrong(row, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert_says(row, X, NET)


def test_an_error_of_a_layer_says_in_which_module():
    module = nn.Sequential(nn.Tanh(), nn.BatchNorm1d(4, momentum=1.0)).eval()
    with pytest.raises(FuncnnError) as caught:
        from_torch(module, ROWS)
    assert str(caught.value) == "BatchNorm.init: momentum must be in [0, 1), not 1.0"
    assert caught.value.__notes__ == ["in 1 (BatchNorm1d), x: (3, 4)"]


def test_a_warning_of_torch_stays_one():
    assert from_torch(nn.Sequential(nn.Linear(4, 2), nn.Dropout(0.0)).eval(), ROWS)[1] == Dropout(0.0, seed=0)
    assert from_torch(nn.Sequential(nn.Tanh()).eval(), ROWS) == (Tanh(),)
