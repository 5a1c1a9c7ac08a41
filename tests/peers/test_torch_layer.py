"""Modules of torch as layers: proven by check_layer, trained by the four lines, equal to the layers of funcnn."""

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from funcnn import (
    Adam,
    Dense,
    Tanh,
    backward,
    forward,
    inference,
    mse,
    parameters,
    predict,
    reseed,
    sgd,
    summary,
    update,
    value_and_grad,
)
from funcnn.layers import Function, Remat
from funcnn.layers.dropout import Stochastic
from funcnn.testing import check_layer
from funcnn.testing.strategies import registered
from funcnn.trees import astype, difference
from tests.peers.cases import untied

torch = pytest.importorskip("torch", reason="these are its modules")
# After that line: without torch there is nothing to import.
from torch import nn  # noqa: E402  as just said

from funcnn.errors import FuncnnError, KindError  # noqa: E402  as just said
from funcnn.interop.torch import Network, TorchLayer, to_torch, weights_from  # noqa: E402  as just said

rng = np.random.default_rng(0)
X = rng.normal(size=(64, 2))
Y = X[:, :1] * X[:, 1:]


def layer_of(module, **settings):
    torch.manual_seed(0)
    for tensor in module.parameters():
        nn.init.normal_(tensor, std=0.5)
    return TorchLayer.init(module.double(), **settings)


class Two(nn.Module):
    """Several arguments and results, and a parameter without influence."""

    def __init__(self):
        super().__init__()
        self.scale, self.idle = nn.Parameter(torch.ones(3)), nn.Parameter(torch.ones(1))

    def forward(self, a, b=None):
        return (a * self.scale, None if b is None else [b.sin(), a.argmax(1)])


class Tied(nn.Module):
    """One parameter at two places, one that is not trained, and a buffer that is replaced."""

    def __init__(self):
        super().__init__()
        self.one, self.two, self.still = nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 2)
        self.two.weight = self.one.weight
        self.still.requires_grad_(requires_grad=False)
        self.register_buffer("calls", torch.zeros(1, dtype=torch.float64))

    def forward(self, x):
        self.calls = self.calls + 1
        return self.two(self.one(x)) + self.still(x) * torch.rand(())


MODULES = {
    "dense": (nn.Sequential(nn.Linear(2, 3), nn.Tanh()), X[:4]),
    "convolution": (nn.Conv1d(2, 3, 2), rng.normal(size=(2, 2, 5))),
    "lstm": (nn.LSTM(1, 2, batch_first=True), rng.normal(size=(1, 2, 1))),
    "statistics and dropout": (nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Dropout(0.3)), X[:5]),
    "in place": (nn.Sequential(nn.ReLU(inplace=True), nn.Linear(2, 2)), X[:4]),
    "attention": (nn.MultiheadAttention(2, 1, batch_first=True), (rng.normal(size=(1, 2, 2)),) * 3),
    "two": (Two(), (rng.normal(size=(2, 3)), rng.normal(size=(2, 1)))),
    "one of two": (Two(), (rng.normal(size=(2, 3)), None)),
    "tied": (Tied(), X[:3]),
    "no parameters": (nn.Tanh(), X[:3]),
    "symbols": (nn.Embedding(5, 2), np.array([[0, 4, 4]])),
}
every_module = pytest.mark.parametrize(("module", "x"), MODULES.values(), ids=list(MODULES))


@every_module
def test_a_module_is_a_proven_layer(module, x):
    assert check_layer(layer_of(module), x).verdict == "pass"


def test_a_module_in_evaluation_mode_is_a_proven_layer():
    module, x = MODULES["statistics and dropout"]
    assert check_layer(inference(layer_of(module)), x).verdict == "pass"


@every_module
def test_a_layer_is_a_value(module, x):
    layer = layer_of(module)
    assert layer == TorchLayer.init(module) == pickle.loads(pickle.dumps(layer)) == copy.deepcopy(layer)
    assert hash(layer) == hash(TorchLayer.init(module)) == hash(pickle.loads(pickle.dumps(layer)))
    assert inference(inference(layer)) is inference(layer) or inference(layer) == inference(inference(layer))
    state = torch.get_rng_state()
    out, _ = forward(layer, x)
    assert torch.equal(torch.get_rng_state(), state)
    again, _ = forward(layer, x)
    assert all(map(np.array_equal, flat(out), flat(again)))
    given = x if isinstance(x, tuple) else (x,)
    with torch.random.fork_rng():
        theirs = flat(to_torch(inference(layer))(*[a if a is None else torch.tensor(a) for a in given]))
    if not isinstance(module, Tied):  # which draws numbers, also in evaluation mode
        for a, b in zip(flat(predict(layer, x)), theirs, strict=True):
            assert a is None is b or np.allclose(a, b.detach().numpy(), rtol=0, atol=1e-15)


def flat(tree):
    return [leaf for part in tree for leaf in flat(part)] if isinstance(tree, tuple | list) else [tree]


@pytest.mark.parametrize("layer", registered(), ids=lambda layer: layer.__name__)
def test_its_rules_are_those_of_funcnn(layer):
    if layer is Function or issubclass(layer, Stochastic):
        return  # torch has no such module, or draws other numbers
    for case, given_x in untied(layer):
        if type(given_x) is tuple:
            continue  # these modules take a tuple as one argument
        try:
            theirs = TorchLayer.init(to_torch(case))
        except FuncnnError as error:
            assert str(error).startswith("to_torch")  # noqa: PT017  torch has no such module
            continue
        out, cache = forward(case, given_x)
        other, of_other = forward(theirs, given_x)
        if type(out) is tuple:
            continue
        assert np.allclose(out, other, rtol=1e-9, atol=1e-9)
        dA = rng.normal(size=out.shape).astype(out.dtype)
        one, two = backward(case, cache, dA), backward(theirs, of_other, dA)
        if one.x is not None:
            assert np.allclose(one.x, two.x, rtol=1e-7, atol=1e-7)


def test_the_four_lines_train_it_beside_layers_of_funcnn():
    module = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Dropout(0.1))
    net = (Dense.init(2, 8, seed=0), layer_of(module, seed=3), Dense.init(8, 1, seed=1))
    first, optimizer = mse(predict(net, X), Y)[0], Adam()
    for _ in range(200):
        out, cache = forward(net, X)
        _, dA = mse(out, Y)
        grads = backward(net, cache, dA)
        grads, optimizer = update(optimizer, grads, net)
        net = sgd(net, grads, 0.02)
    assert mse(predict(net, X), Y)[0] < 0.3 * first
    assert (net[1].step, net[1].seed) == (200, (3,))
    assert net[1].buffers[2] == 200
    again = to_torch(net[1])
    assert again.training
    assert again[1].running_mean.tolist() == net[1].buffers[0].tolist()
    assert weights_from(again, layer_of(module)).arrays[0].tolist() == net[1].arrays[0].tolist()
    assert list(parameters(net))[2:4] == ["1.arrays.0", "1.arrays.1"]
    assert "TorchLayer" in str(summary(net, X))


def test_it_trains_as_torch_does():
    module = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, 1)).double()
    layer = layer_of(module)
    steps = torch.optim.SGD(module.parameters(), 0.1)
    for _ in range(20):
        steps.zero_grad()
        nn.functional.mse_loss(module(torch.tensor(X)), torch.tensor(Y)).backward()
        steps.step()
        layer = sgd(layer, value_and_grad(mse)(layer, X, Y)[1], 0.1)
    theirs = TorchLayer.init(module)
    assert max(difference(theirs.arrays, layer.arrays).values()) < 1e-13
    assert all(np.allclose(a, b, rtol=0, atol=1e-13) for a, b in zip(theirs.buffers, layer.buffers, strict=True))


def test_random_numbers_depend_on_seed_and_step_alone():
    layer, ones = layer_of(nn.Dropout(0.5), seed=1), np.ones((4, 8))
    out, cache = forward(layer, ones)
    later = sgd(layer, backward(layer, cache, out), 0.1)
    assert not np.array_equal(forward(later, ones)[0], out)
    assert not np.array_equal(forward(reseed(layer, 1), ones)[0], out)
    assert reseed(layer, 1).seed == (1, 1)
    assert np.array_equal(predict(layer, ones), ones)
    assert np.array_equal(backward(layer, cache, ones).x, out)


def test_a_tied_parameter_is_one_and_a_still_one_a_state():
    layer = layer_of(Tied())
    assert [a.shape for a in layer.arrays] == [(2, 2), (2,), (2,)]
    assert [a.shape for a in layer.buffers] == [(2, 2), (2,), (1,)]
    module = to_torch(layer)
    assert module.one.weight is module.two.weight
    assert not module.still.weight.requires_grad
    out, cache = forward(layer, X)
    after = sgd(layer, backward(layer, cache, out), 0.1)
    assert after.buffers[2].tolist() == [1]
    assert np.array_equal(after.buffers[0], layer.buffers[0])


@pytest.mark.parametrize(
    "other",
    [
        nn.Linear(2, 3),
        nn.Linear(2, 2, bias=False),
        nn.Sequential(nn.Linear(2, 2)),
        nn.Linear(2, 2).requires_grad_(requires_grad=False),
    ],
)
def test_layers_differ_by_more_than_numbers(other):
    layer = layer_of(nn.Linear(2, 2))
    assert layer != layer_of(other)
    assert layer.module != "Linear"


def test_settings_count():
    assert layer_of(nn.ELU(2.0)) != layer_of(nn.ELU(1.0))
    odd = nn.Tanh()
    odd.table, same, other = torch.ones(2), nn.Tanh(), nn.Tanh()
    same.table, other.table = torch.ones(2), torch.zeros(2)
    assert TorchLayer.init(odd) == TorchLayer.init(same) != TorchLayer.init(other)
    odd.table = [torch.ones(2), 1]
    assert TorchLayer.init(odd) != TorchLayer.init(same)
    assert repr(layer_of(nn.ELU(2.0))) == "TorchLayer(arrays=(), module=ELU, buffers=(), seed=(0,), step=0)"


def test_the_module_is_copied():
    module = nn.Linear(2, 1)
    layer = TorchLayer.init(module)
    before = layer.arrays[0].copy()
    with torch.no_grad():
        module.weight.zero_()
    assert np.array_equal(layer.arrays[0], before)
    assert module.weight.device.type == "cpu"


def test_it_computes_in_the_dtype_of_its_arrays():
    layer = astype(layer_of(nn.LSTM(2, 3, batch_first=True)), np.float32)
    out, _ = forward((layer,), rng.normal(size=(2, 3, 2)).astype(np.float32))
    assert {a.dtype for a in flat(out)} == {np.dtype(np.float32)}
    assert to_torch(layer)(torch.ones(1, 1, 2))[0].dtype == torch.float32


def test_one_layer_serves_several_threads():
    layer = layer_of(nn.Sequential(nn.Linear(2, 64), nn.Dropout(0.5), nn.Linear(64, 1)))
    alone = value_and_grad(mse)(layer, X, Y)
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: value_and_grad(mse)(layer, X, Y), range(16)))
    assert all(cost == alone[0] and grads == alone[1] for cost, grads in found)


def test_a_module_of_torch_in_a_network_of_funcnn_in_torch():
    network = Network((Dense.init(2, 3, seed=0), Tanh(), Remat(layer_of(nn.Linear(3, 1)))))
    network(torch.tensor(X)).sum().backward()
    assert network.params[2].layer.step == 1
    assert torch.autograd.gradcheck(network, torch.tensor(X[:3], requires_grad=True))


def test_it_is_not_among_the_layers_that_every_law_is_tested_on():
    assert TorchLayer not in registered()


def test_a_gradient_that_is_not_given_is_0():
    layer = layer_of(Two())
    _, cache = forward(layer, (np.ones((2, 3)), np.ones((2, 1))))
    grads = backward(layer, cache, (None, (np.ones((2, 1)), None)))
    assert not grads.params.arrays[0].any()
    assert grads.x[1].any()
    grads = backward(layer, cache, (None, None))
    assert not any(a.any() for a in (*grads.params.arrays, *grads.x))


def test_a_module_that_cannot_be_copied_is_refused():
    module = nn.Linear(2, 2)
    module.product = module.weight * 2
    with pytest.raises(KindError, match="module must be one that can be copied: Only Tensors created explicitly"):
        TorchLayer.init(module)
