"""Weights of torch in networks: what `to_torch` gives away comes back bit for bit, for every layer."""

import re

import numpy as np
import pytest

from funcnn import BatchNorm, Dense, Embedding, Frozen, Residual, Tanh, forward, mlp, predict, record, state, tree_map
from funcnn.layers import GRU, LSTM, RNN, Attention, Bidirectional, Conv2d, Function, Here, LayerNorm, Scale, Shared
from funcnn.testing.strategies import registered
from tests.peers.cases import three

torch = pytest.importorskip("torch", reason="these are its weights")
# After that line: without torch there is nothing to import.
from funcnn.errors import FuncnnError  # noqa: E402  as just said
from funcnn.interop.torch import to_torch, weights_from  # noqa: E402  as just said
from funcnn.layers.attention.cross_attention import CrossAttention  # noqa: E402  as just said

# The drawn cases that to_torch itself refuses, since torch has no such module; and cases that it has.
REFUSED = {Attention: 3, CrossAttention: 3, Bidirectional: 3, Function: 1}
CONVERTED = {
    Attention: Attention.init(4, 2, seed=0),
    CrossAttention: CrossAttention.init(4, 2, n_memory=3, seed=0),
    Bidirectional: Bidirectional(GRU.init(2, 3, seed=0), GRU.init(2, 3, seed=1)),
}
NN = torch.nn


def emptied(params):
    """The same layer with 0.5 in all arrays of floats."""
    return tree_map(lambda a: np.full_like(a, 0.5) if a.dtype.kind == "f" else a, params)


@pytest.mark.parametrize("layer", registered(), ids=lambda layer: layer.__name__)
def test_what_to_torch_gives_comes_back(layer):
    refused = 0
    drawn = [params for params, _ in three(layer)]
    for case in [*drawn, *([CONVERTED[layer]] if layer in CONVERTED else [])]:
        try:
            module = to_torch(case)
        except FuncnnError as error:
            assert str(error).startswith("to_torch: ")  # noqa: PT017  which of the cases is counted
            refused += 1
            continue
        assert weights_from(module, emptied(case)) == case
        assert weights_from(module.state_dict(), emptied(case)) == case
    assert refused == REFUSED.get(layer, 0)


@pytest.mark.parametrize(
    ("module", "like"),
    [
        (NN.Sequential(NN.Linear(2, 3), NN.Tanh(), NN.Linear(3, 1, bias=False)), None),
        (NN.Sequential(NN.Conv2d(2, 4, 3), NN.BatchNorm2d(4)), (Conv2d.init(2, 4, 3, seed=0), BatchNorm.init(4))),
        (NN.Sequential(NN.Embedding(5, 2), NN.LayerNorm(2)), (Embedding.init(5, 2, seed=0), LayerNorm.init(2))),
        (NN.LSTM(2, 3, batch_first=True, bidirectional=True), None),
        (NN.MultiheadAttention(4, 2, batch_first=True), Attention.init(4, 2, seed=0)),
    ],
    ids=["dense", "images", "symbols", "both ways", "attention"],
)
def test_names_of_torch_are_those_of_its_own_modules(module, like):
    if isinstance(module, NN.LSTM):
        like = Bidirectional(LSTM.init(2, 3, seed=0), LSTM.init(2, 3, seed=1))
    like = like or (Dense.init(2, 3, seed=0), Tanh(), Dense.init(3, 1, seed=0, bias=False))
    module = module.double()
    net = weights_from(module, like)
    again = to_torch(net)
    theirs = [tensor for name, tensor in module.state_dict().items() if "bias_hh" not in name and "bias_ih" not in name]
    ours = [tensor for name, tensor in again.state_dict().items() if "bias_hh" not in name and "bias_ih" not in name]
    assert len(theirs) == len(ours)
    assert all(map(torch.equal, theirs, ours))


@pytest.mark.parametrize("cls", [RNN, GRU, LSTM])
def test_two_biases_of_torch_are_added(cls):
    module = getattr(NN, cls.__name__)(2, 3, batch_first=True).double()
    layer = weights_from(module, cls.init(2, 3, seed=0))
    x = np.random.default_rng(0).normal(size=(2, 5, 2))
    assert abs(predict(layer, x) - module(torch.tensor(x))[0].detach().numpy()).max() < 1e-15


def test_a_bias_that_is_added_to_0_keeps_its_sign():
    module = NN.RNN(1, 2).double()
    with torch.no_grad():
        module.bias_ih_l0.copy_(torch.tensor([-0.0, 3.0]))
        module.bias_hh_l0.zero_()
    b = weights_from(module, RNN.init(1, 2, seed=0)).b
    assert b.tolist() == [0, 3]
    assert np.signbit(b).tolist() == [True, False]


class Net(NN.Module):
    """A module as users write it."""

    def __init__(self):
        super().__init__()
        self.encoder, self.norm, self.head = NN.LSTM(2, 3, batch_first=True), NN.LayerNorm(3), NN.Linear(3, 1)

    def forward(self, x):
        return self.head(self.norm(self.encoder(x)[0]))


@pytest.mark.parametrize(
    "names",
    [
        {"encoder": "0", "norm": "1", "head": "2"},
        {"encoder": "0", "norm.weight": "1.weight", "norm": "1", "head.weight": "2.weight", "head.bias": "2.bias"},
    ],
)
def test_names_are_mapped(names):
    module = Net().double()
    like = (LSTM.init(2, 3, seed=0), LayerNorm.init(3), Dense.init(3, 1, seed=0))
    x = np.random.default_rng(0).normal(size=(2, 5, 2))
    for source in (module, module.state_dict(), {name: t.numpy() for name, t in module.state_dict().items()}):
        net = weights_from(source, like, names=names)
        assert abs(predict(net, x) - module(torch.tensor(x)).detach().numpy()).max() < 1e-14


def test_stars_stand_for_any_text_within_a_part():
    module = NN.ModuleDict({"lstm": NN.LSTM(2, 3, num_layers=2, batch_first=True)}).double()
    like = (LSTM.init(2, 3, seed=0), Tanh(), LSTM.init(3, 3, seed=0))
    net = weights_from(module, like, names={"lstm.*_l1": "2.*_l0", "lstm": "0"})
    x = np.random.default_rng(0).normal(size=(2, 5, 2))
    ours = predict((net[0], net[2]), x)
    assert abs(ours - module["lstm"](torch.tensor(x))[0].detach().numpy()).max() < 1e-14
    layers = {f"blocks.{i}.fc": np.eye(2) for i in range(3)}
    plain = tuple([Dense(np.zeros((2, 2)), None)] * 3)
    found = weights_from(layers, plain, names={"blocks.*.fc": "*.weight"})
    assert found == tuple([Dense(np.eye(2), None)] * 3)


def test_a_beginning_may_fall_away():
    module = Net().double()
    head = {name: tensor for name, tensor in module.state_dict().items() if name.startswith("head")}
    dense = weights_from(head, Dense.init(3, 1, seed=0), names={"head": ""})
    assert np.array_equal(dense.W.T, module.head.weight.detach().numpy())


def test_the_order_of_the_names_and_of_the_layers_says_nothing():
    module = NN.Sequential(NN.Linear(2, 2), NN.Linear(2, 2)).double()
    turned = dict(reversed(module.state_dict().items()))
    like = mlp([2, 2, 2], hidden=Tanh(), seed=0)
    like = (like[0], like[2])
    assert weights_from(turned, like) == weights_from(module, like)
    assert np.array_equal(weights_from(turned, like)[0].W.T, module[0].weight.detach().numpy())


def test_float32_and_infinities_are_exact():
    module = NN.Linear(2, 3)
    with torch.no_grad():
        module.weight.copy_(torch.tensor([[1e-40, -0.0], [float("inf"), float("nan")], [0.1, 3e38]]))
    dense = weights_from(module, Dense.init(2, 3, seed=0, dtype=np.float32))
    assert dense.W.dtype == np.float32
    assert dense.W.T.tobytes() == module.weight.detach().numpy().tobytes()
    assert not dense.W.flags.writeable


def test_a_shared_array_is_taken_once():
    shared = Shared(Dense.init(2, 2, seed=0), (Here("w"), Tanh(), Here("w")), "w")
    module = to_torch(shared)
    assert len(module.state_dict()) == 4
    assert weights_from(module, emptied(shared)) == shared


def test_the_layer_inside_another_has_its_path():
    net = (Residual((Dense.init(2, 2, seed=0), Frozen(Scale(np.ones(1))))),)
    names = {"block.fc": "0.layer.0", "block.gain": "0.layer.1.factor"}
    source = {"block.fc.weight": np.eye(2), "block.fc.bias": np.zeros(2), "block.gain": np.full(1, 3.0)}
    found = weights_from(source, net, names=names)[0].layer
    assert found[0] == Dense(np.eye(2), np.zeros(2))
    assert found[1].layer == Scale(np.full(1, 3.0))


@record
class Doubled:
    """A layer whose module does not hold its numbers as they are."""

    W: np.ndarray


forward.register(Doubled)(lambda params, x: (x @ params.W, x))


@pytest.mark.parametrize("rule", [lambda W: W - 7, lambda W: W / 2, lambda W: 100 * W])
def test_a_rule_of_to_torch_that_computes_is_noticed(rule):
    to_torch.register(Doubled)(lambda layer: NN.ParameterDict({"weight": NN.Parameter(torch.tensor(rule(layer.W)))}))
    sentence = "to_torch(like) must have the entries of like, unchanged, in weight"
    with pytest.raises(FuncnnError, match=re.escape(sentence)):
        weights_from({"weight": np.ones((2, 2))}, Doubled(np.ones((2, 2))))


def test_a_rule_of_to_torch_that_leaves_out_is_noticed():
    to_torch.register(Doubled)(lambda layer: NN.ParameterDict({"weight": NN.Parameter(torch.tensor(layer.W[:1]))}))
    sentence = re.escape("to_torch(like) must have all entries of like; it lacks some of W")
    with pytest.raises(FuncnnError, match=sentence):
        weights_from({"weight": np.ones((1, 2))}, Doubled(np.ones((2, 2))))


@record
class Counted:
    """A layer with an array of whole numbers."""

    W: np.ndarray
    ids: object = state(default=np.arange(3))


forward.register(Counted)(lambda params, x: (x, x))


def test_whole_numbers_of_a_layer_stay():
    to_torch.register(Counted)(lambda layer: NN.ParameterDict({"weight": NN.Parameter(torch.tensor(layer.W))}))
    assert weights_from({"weight": np.ones(2)}, Counted(np.zeros(2))) == Counted(np.ones(2))
