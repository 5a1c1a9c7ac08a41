"""Combinators as torch modules: out and all gradients, in random settings."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funcnn import Dense, Flatten, Residual, Tanh, backward, forward, mlp, parameters, tree_map
from funcnn.layers import Concat, Copy, First, Here, Map, Parallel, Remat, Reshape, Scale, Shared, Sum, Take, Tied
from funcnn.testing.strategies import cases
from funcnn.trees import leaves, map_parameters
from tests.counts import at_most

torch = pytest.importorskip("torch", reason="its modules are the oracle")
# After that line: without the library there is nothing to import.
from funcnn.interop.torch import combinators, to_torch  # noqa: E402, F401  as just said; registers its rules

FAMILY = [
    *(Copy, Parallel, Take, Sum, Concat, Residual, First, Scale, Flatten, Reshape, Map, Remat, Here, Shared, Tied),
]


def generic(tree, rng):
    """Normal numbers for all that is a float: no two are equal, so each parameter of torch is known by its value."""
    return tree_map(lambda a: rng.standard_normal(a.shape) if a.dtype.kind == "f" else a, tree)


def tensors(tree):
    if type(tree) is tuple:
        return tuple(map(tensors, tree))
    return torch.tensor(tree, requires_grad=tree.dtype.kind == "f")


def floats(tree):
    parts = tree if type(tree) is tuple else (tree,)
    return [a for part in parts for a in (floats(part) if type(part) is tuple else [part])]


def assert_equal(name, ours, theirs):
    theirs = theirs.detach().numpy()
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-10 * max(1, abs(theirs).max()), err_msg=name)


def compare(layer, x, rng):
    layer, x = generic(layer, rng), generic(x, rng)
    out, cache = forward(layer, x)
    dA = tree_map(lambda a: rng.uniform(0.5, 1, a.shape) if a.dtype.kind == "f" else a, out)
    grads = backward(layer, cache, dA)
    module, given_x = to_torch(layer), tensors(x)
    torch_outs = floats(module(given_x))
    moving = [i for i, a in enumerate(leaves(out)) if a.dtype.kind == "f"]
    for i, a in enumerate(leaves(out)):
        assert_equal(f"out {i}", a, torch_outs[i])
    torch.autograd.backward([torch_outs[i] for i in moving], [torch.tensor(leaves(dA)[i]) for i in moving])
    for i, (d, a) in enumerate(zip(each(x, grads.x), floats(given_x), strict=True)):
        if a.dtype.is_floating_point:
            assert_equal(f"dx {i}", d, torch.zeros_like(a) if a.grad is None else a.grad)
        else:
            assert d is None
    theirs = list(module.parameters())
    ours, gradients = parameters(layer), parameters(grads.params)
    assert len(theirs) == len(ours)
    for path, value in ours.items():
        assert_equal(f"d{path}", gradients[path], gradient_of(value, theirs))


def each(x, dx):
    """A gradient, or None, for each array of x."""
    if type(x) is not tuple:
        return [dx]
    return [
        d for part, own in zip(x, dx if type(dx) is tuple else (dx,) * len(x), strict=True) for d in each(part, own)
    ]


def gradient_of(value, theirs):
    for p in theirs:
        for turned in (lambda a: a, lambda a: a.T if a.ndim == 2 else a):
            if turned(p).shape == value.shape and np.array_equal(turned(p).detach().numpy(), value):
                return turned(p.grad)
    raise AssertionError("torch has no such parameter")


@pytest.mark.parametrize("layer", FAMILY, ids=lambda layer: layer.__name__)
@at_most(25)
@given(data=st.data())
def test_out_and_all_gradients_are_those_of_the_module(layer, data):
    compare(*data.draw(cases(layer)), np.random.default_rng(data.draw(st.integers(0, 2**32 - 1))))


HERE = Here()
DEEP = (
    Dense.init(3, 4, seed=0),
    Shared(
        Dense.init(4, 4, seed=1), (Residual((HERE, Tanh())), Copy(2), Parallel((HERE, Remat((HERE, Tanh())))), Sum())
    ),
    Copy(3),
    Parallel(((), Residual((Dense.init(4, 4, seed=2), Scale.init(4, value=0.1))), mlp([4, 2], seed=3))),
    Concat(),
    Map((Reshape((5, -1)), Flatten())),
)


def test_a_network_of_them():
    rng = np.random.default_rng(0)
    compare(DEEP, np.ones((2, 3, 3)), rng)


def test_a_shared_layer_is_one_module_which_torch_trains_as_one():
    module = to_torch(Shared(Dense.init(3, 3, seed=0), (HERE, Tanh(), HERE)))
    assert len(list(module.parameters())) == 2
    assert module[0].layer is module[2].layer


def test_a_mask_goes_past():
    mask = np.array([[True, False, True]])
    net = (First(Dense.init(2, 2, seed=0)), Residual(First(Tanh())), Take(0))
    rng = np.random.default_rng(1)
    compare(net, (np.ones((1, 3, 2)), mask), rng)
    compare(map_parameters(np.copy, Tied.init(4, 2, net=First(()), seed=0)), (np.array([[0, 1, 1]]), mask), rng)
