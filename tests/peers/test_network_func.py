"""Networks as modules of torch under `torch.func` and `torch.compile`: equal to torch's own module, or refused."""

import sys
import warnings

import numpy as np
import pytest

import funcnn as nn
from funcnn.errors import KindError
from tests.said import says

torch = pytest.importorskip("torch", reason="these are its transformations")
# After that line: without torch there is nothing to import.
from torch.func import functional_call, grad, hessian, jacfwd, jacrev, jvp, vjp, vmap  # noqa: E402  as just said

from funcnn.interop.torch import Network, TorchLayer, from_torch, to_torch  # noqa: E402  as just said

NET = nn.mlp([2, 3, 1], hidden=nn.Tanh(), seed=0)
X = torch.randn(4, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
ROWS = X[:, None]


MOVED = {"0.W": "0.weight", "0.b": "0.bias", "2.W": "2.weight", "2.b": "2.bias"}


def of_parameters(f):
    """A function of a module and a dict of its parameters, by the names of the Network."""

    def called(module, parameters):
        is_ours = isinstance(module, Network)
        moved = {name: a if is_ours or a.ndim < 2 else a.mT for name, a in parameters.items()}
        named = moved if is_ours else {MOVED[name]: a for name, a in moved.items()}
        return f(lambda *x: functional_call(module, named, x))

    return called


def summed(f):
    return lambda x: f(x).sum()


P = {name: torch.tensor(a) for name, a in nn.parameters(NET).items()}
TWO = {name: torch.stack([a, 2 * a]) for name, a in P.items()}
at_row = of_parameters(lambda f: vmap(f)(ROWS).sum())
SAME = {
    "grad": lambda m: grad(summed(m))(X),
    "jacrev": lambda m: jacrev(m)(X),
    "vjp": lambda m: vjp(m, X)[1](torch.ones(4, 1, dtype=torch.float64))[0],
    "vmap": lambda m: vmap(m)(ROWS),
    "vmap in the last axis": lambda m: vmap(m, in_dims=2, out_dims=1)(ROWS.movedim(0, 2)),
    "vmap twice": lambda m: vmap(vmap(m))(ROWS[:, None]),
    "vmap in chunks": lambda m: vmap(m, chunk_size=3)(ROWS),
    "vmap without gradients": lambda m: torch.no_grad()(vmap(m))(ROWS),
    "gradient of each row": lambda m: vmap(grad(summed(m)))(ROWS),
    "gradient through vmap": lambda m: grad(summed(vmap(m)))(ROWS),
    "gradient of each row, twice": lambda m: vmap(vmap(grad(summed(m))))(ROWS[:, None]),
    "gradient by parameters": lambda m: grad(lambda p: of_parameters(lambda f: f(X).sum())(m, p))(P)["0.W"],
    "of each row": lambda m: vmap(grad(lambda p, x: of_parameters(lambda f: f(x).sum())(m, p)), in_dims=(None, 0))(
        P, ROWS
    )["0.W"],
    "through vmap": lambda m: grad(lambda p: at_row(m, p))(P)["2.b"],
    "two networks": lambda m: vmap(lambda p: of_parameters(lambda f: f(X))(m, p))(TWO),
    "gradients of two networks": lambda m: vmap(grad(lambda p: of_parameters(lambda f: f(X).sum())(m, p)))(TWO)["0.W"],
    "autograd.functional": lambda m: torch.autograd.functional.jacobian(m, X),
}


@pytest.mark.filterwarnings("ignore:`torch.jit.script:DeprecationWarning")
@pytest.mark.parametrize("transformed", SAME.values(), ids=SAME)
def test_transformations_are_those_of_torchs_own_module(transformed):
    torch.testing.assert_close(transformed(Network(NET)), transformed(to_torch(NET)))


def twice(module, x=X):
    x = x.clone().requires_grad_()
    (dx,) = torch.autograd.grad(module(x).sum(), x, create_graph=True)
    torch.autograd.grad(dx.sum(), x)


def mixed(module):
    """By x, then by the parameters alone."""
    f = lambda p: of_parameters(lambda f: grad(summed(f))(X).sum())(module, p)
    grad(f)(P)


def fake(x):
    """A tensor of torch.export, which has a shape and no numbers."""
    return torch._subclasses.FakeTensorMode().from_tensor(x)


REFUSED = {
    "no second derivative": (twice, mixed, lambda m: grad(summed(grad(summed(m))))(X)),
    "no forward mode; write torch.func.vjp, or jacrev": (
        lambda m: jvp(m, (X,), (X,)),
        lambda m: jacfwd(m)(X),
        lambda m: hessian(summed(m))(X),
    ),
    "x must be a tensor that holds numbers, not FakeTensor": (lambda m: m(fake(X)),),
    "dA must be a tensor that holds numbers, not Tensor": (
        lambda m: torch.autograd.functional.jacobian(m, X, vectorize=True),
    ),
    "torch.jit cannot trace NumPy; write to_torch": (lambda m: torch.jit.trace(m, (X,)),),
}


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
@pytest.mark.parametrize(("sentence", "act"), [(sentence, act) for sentence, acts in REFUSED.items() for act in acts])
def test_what_has_no_meaning_is_refused_in_one_sentence(sentence, act):
    assert says(KindError, sentence, act, Network(NET)).startswith("Network: ")


def test_layers_that_differ_in_training_have_no_vmap():
    network = Network((*NET, nn.Dropout(0.5, seed=0)))
    sentence = "vmap needs evaluation mode for layers that differ in training, such as dropout; write network.eval()"
    says(KindError, sentence, vmap(network), ROWS)
    assert network.params[3].step == 0
    assert np.allclose(vmap(network.eval())(ROWS)[:, 0].detach(), nn.predict(NET, X.numpy()))


def test_states_are_carried_in_torch_func():
    network = Network((nn.BatchNorm.init(2), *NET))
    grad(summed(network))(X)
    assert network.params[0].mean.any()
    assert network.get_buffer("0.mean").any()


def test_a_buffer_has_no_gradient():
    network = Network((nn.Frozen(nn.Dense.init(2, 2, seed=0)), *NET))
    W = {"0.layer.W": torch.eye(2, dtype=torch.float64)}
    sentence = "0.layer.W must not need a gradient, since it is not a parameter"
    says(KindError, sentence, grad(lambda p: functional_call(network, p, (X,)).sum()), W)


def test_its_name_in_messages_of_torch_needs_no_numbers():
    shown = []

    def f(x):
        shown.append(repr(network))
        return network(x).sum()

    network = Network(NET)
    grad(f)(X)
    assert shown == ["Network(...)"]


@pytest.fixture
def compiled():
    """torch.compile without machine code, which would take seconds; it warns of nothing."""
    dynamo = pytest.importorskip("torch._dynamo")
    with warnings.catch_warnings(record=True) as shown:  # as errors, torch's own would break it
        warnings.simplefilter("default")
        yield lambda module, **options: torch.compile(module, backend="eager", **options)
    dynamo.reset()
    assert not [str(warning.message) for warning in shown]


def test_torch_compile_leaves_it_to_numpy(compiled):
    network = Network((*NET, nn.Dropout(0.5, seed=0)))
    made = compiled(torch.nn.Sequential(torch.nn.Linear(2, 2).double(), network, torch.nn.Tanh()))
    made(X).sum().backward()
    assert network.params[3].step == 1
    assert network.get_parameter("0.W").grad.any()
    out = compiled(network.eval())(X)
    assert np.array_equal(out.detach(), nn.predict(network.params, X.numpy()))


def test_without_a_compiler_none_is_imported(monkeypatch):
    monkeypatch.delitem(sys.modules, "torch._dynamo", raising=False)
    assert np.array_equal(Network(NET)(X).detach(), nn.predict(NET, X.numpy()))
    assert "torch._dynamo" not in sys.modules


def test_one_graph_cannot_have_it_and_the_reason_is_said(compiled):
    with pytest.raises(torch._dynamo.exc.Unsupported, match="Network computes in NumPy"):
        compiled(Network(NET), fullgraph=True)(X)


def test_a_compiled_module_becomes_the_network_of_its_module(compiled):
    module = torch.nn.Linear(2, 2).double().eval()
    assert from_torch(compiled(module), X) == from_torch(module, X)


def test_a_compiled_module_is_a_layer(compiled):
    module = torch.nn.Linear(2, 2).double()
    layer = TorchLayer.init(compiled(module))
    out, cache = nn.forward(layer, X.numpy())
    assert np.array_equal(out, module(X).detach())
    W, b = nn.backward(layer, cache, np.ones((4, 2))).params.arrays
    assert np.allclose(W, X.sum(0).numpy())
    assert np.allclose(b, 4)
