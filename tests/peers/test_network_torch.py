"""Networks as modules of torch: values, gradients and states are those of funcnn, and torch's own tools work."""

import copy
import pickle

import numpy as np
import pytest

import funcnn as nn
from funcnn.arrays import is_array, same
from funcnn.layers import GRU, LSTM, First, Last, Softmax
from funcnn.testing.strategies import registered
from funcnn.trees import astype, difference
from tests.peers.cases import three
from tests.said import says

torch = pytest.importorskip("torch", reason="these are its modules")
# After that line: without torch there is nothing to import.
from funcnn.interop.torch import Network  # noqa: E402  as just said
from tests.peers.twins import flat  # noqa: E402  as just said

rng = np.random.default_rng(0)
X = rng.normal(size=(16, 2))
Y = X[:, :1] * X[:, 1:]
NET = (
    *(nn.Dense.init(2, 5, seed=0), nn.Tanh(), nn.BatchNorm.init(5), nn.Dropout(0.3, seed=(4, 1))),
    *(nn.Frozen(nn.Dense.init(5, 5, seed=3)), nn.Dense.init(5, 1, seed=1)),
)


def tensors(tree, *, wanted=True):
    """x as tensors of their own, which want a gradient if they hold floats."""
    if type(tree) is tuple:
        return tuple([tensors(part) for part in tree])
    if tree is None:
        return None
    tensor = torch.tensor(np.array(tree))
    return tensor.requires_grad_() if wanted and tensor.is_floating_point() else tensor


@pytest.mark.parametrize("layer", registered(), ids=lambda layer: layer.__name__)
def test_out_gradients_and_states_are_those_of_the_layer(layer):
    for params, x in three(layer):
        out, cache = nn.forward(params, x)
        ds = [rng.normal(size=a.shape) if is_array(a) and a.dtype.kind == "f" else None for a in flat(out)]
        dA = iter([d if d is None else d.astype(a.dtype) for d, a in zip(ds, flat(out), strict=True)])
        tree = shaped(out, dA)
        grads = nn.backward(params, cache, tree)
        network, theirs = Network(params), tensors(x)
        assert network.params == params
        given_back = flat(network(theirs))
        both = zip(given_back, flat(out), strict=True)
        assert all([a is None or same(t.detach().numpy(), np.asarray(a)) for t, a in both])
        pairs = [(t, d) for t, d in zip(given_back, flat(tree), strict=True) if d is not None and t.requires_grad]
        if pairs:
            outs, ds = zip(*pairs, strict=True)
            torch.autograd.backward(outs, [torch.tensor(np.array(d)) for d in ds])
            assert network.params == nn.sgd(params, grads, 0.0)
        found = {name: t.grad for name, t in network.named_parameters()}
        ours = {name: g for name, g in nn.parameters(grads.params).items() if name in found}
        assert found.keys() == ours.keys()
        assert all([t is None or same(t.numpy(), np.array(ours[name])) for name, t in found.items()])
        assert not pairs or all([t is not None for t in found.values()])
        dx = flat(grads.x) if grads.x is not None else [None] * len(flat(theirs))
        for tensor, d in zip(flat(theirs), dx, strict=True):
            assert tensor is None or d is None or tensor.grad is None or same(tensor.grad.numpy(), np.array(d))


def shaped(out, leaves):
    return tuple([shaped(part, leaves) for part in out]) if type(out) is tuple else next(leaves)


def test_torch_trains_it_as_the_four_lines_do():
    network, ours = Network(NET), NET
    steps = torch.optim.SGD(network.parameters(), 0.1)
    x, y = torch.tensor(X), torch.tensor(Y)
    for _ in range(30):
        steps.zero_grad()
        torch.nn.functional.mse_loss(network(x), y).backward()
        steps.step()
        ours = nn.sgd(ours, nn.value_and_grad(nn.mse)(ours, X, Y)[1], 0.1)
    assert max(difference(network.params, ours).values()) < 1e-14
    assert network.params[3] == ours[3] == nn.Dropout(0.3, seed=(4, 1), step=30)
    assert network.params[4] == NET[4]
    out = network.eval()(x).detach().numpy()
    assert np.allclose(out, nn.predict(ours, X), rtol=0, atol=1e-13)
    with torch.no_grad():
        assert np.array_equal(network(x).numpy(), out)
        assert network.train()(x).shape == (16, 1)
    assert network.params[3].step == 30  # a forward alone changes nothing


SMOOTH = {
    "dense, statistics and dropout": (NET, (4, 2)),
    "one layer": (nn.Dense.init(2, 3, seed=0, bias=False), (3, 2)),
    "sequence": ((LSTM.init(2, 3, seed=0), Last(), Softmax()), (2, 3, 2)),
    "gates": (GRU.init(2, 2, seed=0), (2, 3, 2)),
    "transformer": (nn.transformer_block(4, 2, 6, seed=0, dropout=0.2), (2, 3, 4)),
}


@pytest.mark.parametrize(("net", "shape"), SMOOTH.values(), ids=list(SMOOTH))
def test_gradcheck_passes(net, shape):
    network = Network(net)
    x = torch.tensor(rng.normal(size=shape), requires_grad=True)
    assert torch.autograd.gradcheck(network, x)
    names, values = zip(*network.named_parameters(), strict=True)

    def of_parameters(*values):
        return torch.func.functional_call(network, dict(zip(names, values, strict=True)), (x,))

    assert torch.autograd.gradcheck(of_parameters, [v.detach().clone().requires_grad_() for v in values])


def test_names_are_paths_and_load_as_such():
    network = Network(NET)
    assert [name for name, _ in network.named_parameters()] == list(nn.parameters(NET))
    others = [name for name, _ in network.named_buffers()]
    assert others == ["2.mean", "2.var", "3.step", "3.seed.0", "3.seed.1", "4.layer.W", "4.layer.b"]
    other = Network((nn.Dense.init(2, 5, seed=7), *NET[1:]))
    assert other.params != NET
    assert str(other.load_state_dict(network.state_dict())) == "<All keys matched successfully>"
    assert other.params == NET
    assert Network(nn.Dense.init(1, 1, seed=0)).get_parameter("W").shape == (1, 1)
    assert list(Network(nn.Relu()).state_dict()) == []


def test_it_is_copied_pickled_and_shown():
    network = Network(NET)
    for other in (copy.deepcopy(network), pickle.loads(pickle.dumps(network))):
        assert other.params == network.params
        other.get_parameter("0.b").data += 1
        assert network.params == NET
    assert repr(Network(nn.mlp([1, 1], seed=0))) == f"Network({nn.mlp([1, 1], seed=0)})"


def test_it_computes_in_the_dtype_it_is_given():
    network = Network(NET).float()
    assert network.params == astype(NET, np.float32)
    assert network(torch.tensor(X).float()).dtype == torch.float32
    assert network.params[3].seed == (4, 1)


def test_params_are_a_copy():
    network = Network(nn.mlp([2, 1], seed=0))
    params = network.params
    with torch.no_grad():
        network.get_parameter("0.W").zero_()
    assert params == nn.mlp([2, 1], seed=0)
    assert not network.params[0].W.any()


def test_tensors_that_were_written_to_are_refused_by_torch():
    for changed in ("0.W", None):
        network, x = Network(nn.mlp([2, 3, 1], seed=0)), torch.tensor(X).requires_grad_()
        x = x * 1
        out = network(x).sum()
        with torch.no_grad():
            (network.get_parameter(changed) if changed else x).add_(1.0)
        says(RuntimeError, "modified by an inplace operation", out.backward)


def test_only_what_is_wanted_is_computed():
    network, x = Network(NET), torch.tensor(X)
    network.get_parameter("0.W").requires_grad_(requires_grad=False)
    network(x).sum().backward()
    assert network.get_parameter("0.W").grad is None
    assert network.get_parameter("0.b").grad is not None
    x.requires_grad_()
    network.requires_grad_(requires_grad=False)(x).sum().backward()
    assert x.grad is not None


def test_gradients_in_evaluation_mode():
    network, x = Network((*NET[:2], NET[3], NET[5])).eval(), torch.tensor(X, requires_grad=True)
    network(x).sum().backward()
    net = (*NET[:2], NET[5])
    out, cache = nn.forward(net, X)
    grads = nn.backward(net, cache, np.ones_like(out))
    assert np.allclose(network.get_parameter("3.W").grad.numpy(), grads.params[2].W, rtol=0, atol=1e-14)
    assert np.allclose(x.grad.numpy(), grads.x, rtol=0, atol=1e-14)
    assert network.params[2].step == 0
    x.grad = None
    Network(NET).eval().requires_grad_(requires_grad=False)(x).sum().backward()
    assert x.grad is not None


def test_masks_states_and_symbols_are_tensors():
    ids, mask = torch.tensor([[0, 2, 1], [1, 1, 0]]), torch.tensor([[True, True, True], [True, False, False]])
    net = nn.Embedding.init(3, 4, seed=0), First(nn.Dense.init(4, 3, seed=1)), GRU.init(3, 2, seed=1), Last()
    network = Network(net)
    out = network((ids, mask))
    out.sum().backward()
    assert out.shape == (2, 2)
    assert all([p.grad is not None for p in network.parameters()])
    cell = Network(GRU.init(2, 3, seed=0))
    x, h = torch.randn(2, 3, 2).double(), torch.randn(2, 3).double().requires_grad_()
    out, none, last = cell([x, None, h])
    assert none is None
    last.sum().backward()
    assert h.grad.any()


@nn.record
class Note:
    """A layer with states that are no numbers."""

    calls: int = nn.state(default=0)
    first: bool = nn.state(default=True)
    scale: float = nn.state(default=0.5)
    label: str = nn.state(default="as it was")
    nothing: object = nn.state(default=None)
    gain: object = None


nn.forward.register(Note)(lambda params, x: (x * params.scale * params.gain[0], x))


@nn.backward.register(Note)
def note_backward(params, x, dA):
    gain = (np.array((dA * x * params.scale).sum()), params.gain[1])
    new = {"calls": params.calls + 1, "first": False, "scale": params.scale / 2}
    return nn.Grads(nn.gradient(params, gain=gain, **new), dA * params.scale * params.gain[0])


def test_states_of_every_kind_are_carried():
    network = Network(Note(gain=(np.array(2.0), "text")))
    for _ in range(3):
        network(torch.ones(2, 2, dtype=torch.float64)).sum().backward()
    assert network.params == Note(3, False, 0.0625, gain=(np.array(2.0), "text"))  # noqa: FBT003  the values of fields
    assert [type(value) for value in (network.params.calls, network.params.first)] == [int, bool]


@nn.record
class Growing:
    """A layer whose memory is a tuple of another length after each step."""

    memory: tuple = nn.state(default=())


nn.forward.register(Growing)(lambda params, x: (x, x))


@nn.backward.register(Growing)
def growing_backward(params, x, dA):
    return nn.Grads(nn.gradient(params, memory=(dA,) if len(params.memory) != 1 else (dA, dA)), dA)


def test_a_state_may_change_its_form():
    network, x = Network((Growing(),)), torch.ones(1, 2, requires_grad=True)
    lengths = []
    for _ in range(3):
        network(x).sum().backward()
        lengths.append(len(network.params[0].memory))
    assert lengths == [1, 2, 1]
    assert list(network.state_dict()) == ["0.memory.0"]
