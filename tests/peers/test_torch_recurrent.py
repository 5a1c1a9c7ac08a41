"""Recurrent layers against torch: out, last states and all gradients; and positions in float32."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funcnn import GRU, LSTM, backward, forward, parameters
from funcnn.errors import KindError
from funcnn.layers import RNN, Bidirectional, LearnedPosition, Rotary, SinusoidalPosition
from funcnn.trees import astype
from tests.counts import at_most

torch = pytest.importorskip("torch", reason="its modules are the oracle")
# After that line: without the library there is nothing to import.
from funcnn.interop.torch import to_torch  # noqa: E402  as just said
from tests.peers.twins import tensors  # noqa: E402  as just said

often = at_most(40)
seeds, sizes = st.integers(0, 2**31 - 1), st.integers(1, 5)
KINDS = [RNN, GRU, LSTM]


def arrays(tree):
    """The arrays of floats in what a layer was given, gave back, or got as a gradient."""
    if type(tree) is tuple:
        return [array for part in tree for array in arrays(part)]
    return [] if tree is None or str(tree.dtype) in {"bool", "torch.bool", "int64", "torch.int64"} else [tree]


def like(tree, rng):
    """A cotangent."""
    if type(tree) is tuple:
        return tuple([like(part, rng) for part in tree])
    return rng.standard_normal(tree.shape) if arrays(tree) else None


def assert_equal(name, ours, theirs):
    assert len(ours) == len(theirs)
    for i, (a, tensor) in enumerate(zip(ours, theirs, strict=True)):
        b = np.zeros_like(a) if tensor is None else tensor.detach().numpy()
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-10 * max(1, abs(b).max(initial=0)), err_msg=f"{name} {i}")


def assert_as_torch(layer, x, rng, module, weights, back):
    """`module` is the same function; `back` turns gradients of `weights` into those of `parameters(layer)`."""
    out, cache = forward(layer, x)
    dA = like(out, rng)
    grads = backward(layer, cache, dA)
    leaves = tensors(x)
    theirs = module(leaves)
    assert_equal("out", arrays(out), arrays(theirs))
    wanted = torch.autograd.grad(
        arrays(theirs), [*weights, *arrays(leaves)], tensors(tuple(arrays(dA))), allow_unused=True
    )
    assert_equal("dx", arrays(grads.x), wanted[len(weights) :])
    assert_equal("dparams", list(parameters(grads.params).values()), back(wanted[: len(weights)]))


def drawn(kind, n, k, rng):
    extra = [rng.standard_normal(k)] if kind is GRU else []
    g = kind.gates * k
    return kind(rng.standard_normal((n, g)), rng.standard_normal((k, g)), rng.standard_normal(g), *extra)


def given_to(kind, m, t, n, states, form, rng):
    """x, (x, mask) or (x, mask, state); torch knows masks that are True up to somewhere, and once at least."""
    x, mask = rng.standard_normal((m, t, n)), np.arange(t) < rng.integers(1, t + 1, (m, 1))
    return {"x": x, "mask": (x, mask), "state": (x, mask, states), "no mask": (x, None, states)}[form]


def state_of(kind, m, k, rng):
    h, c = rng.standard_normal((2, m, k))
    return (h, c) if kind is LSTM else h


def ours(layer):
    """From torch's gradients of weight_ih, weight_hh, bias_ih and bias_hh to ours."""

    def back(grads):
        W, U, b, c = grads
        kind, k = type(layer), len(layer.U)
        if kind is LSTM:
            order = np.r_[0 : 2 * k, 3 * k : 4 * k, 2 * k : 3 * k]
            W, U, b = W[order], U[order], b[order]
        return [W.T, U.T, b, *([c[2 * k :]] if kind is GRU else [])]

    return back


forms = st.sampled_from(["x", "mask", "state", "no mask"])


@pytest.mark.parametrize("kind", KINDS)
@often
@given(sizes, sizes, sizes, sizes, forms, seeds)
def test_recurrent_layers(kind, m, t, n, k, form, seed):
    rng = np.random.default_rng(seed)
    layer = drawn(kind, n, k, rng)
    x = given_to(kind, m, t, n, state_of(kind, m, k, rng), form, rng)
    module = to_torch(layer)
    assert_as_torch(layer, x, rng, module, list(module.parameters()), ours(layer))


@pytest.mark.parametrize("kind", KINDS)
@often
@given(sizes, sizes, sizes, sizes, forms, seeds)
def test_both_ways(kind, m, t, n, k, form, seed):
    rng = np.random.default_rng(seed)
    layer = Bidirectional(drawn(kind, n, k, rng), drawn(kind, n, k, rng))
    states = tuple([state_of(kind, m, k, rng) for _ in range(2)])
    module = to_torch(layer)
    assert_as_torch(
        layer,
        given_to(kind, m, t, n, states, form, rng),
        rng,
        module,
        list(module.parameters()),
        lambda grads: [*ours(layer.ahead)(grads[:4]), *ours(layer.behind)(grads[4:])],
    )


def test_torch_has_two_ways_of_one_kind_only():
    layer = Bidirectional(GRU.init(2, 3, seed=0), LSTM.init(2, 3, seed=0))
    with pytest.raises(KindError, match="to_torch: Bidirectional must have two RNN, GRU or LSTM of one size, not"):
        to_torch(layer)


@pytest.mark.parametrize("layer", [SinusoidalPosition(), LearnedPosition.init(9, 4, seed=0), Rotary()], ids=str)
def test_a_module_of_positions_keeps_float32(layer):
    x = np.random.default_rng(0).standard_normal((2, 9, 4)).astype(np.float32)
    layer = astype(layer, np.float32)
    out = to_torch(layer)(torch.tensor(x))
    assert out.dtype == torch.float32
    np.testing.assert_allclose(out.detach().numpy(), forward(layer, x)[0], rtol=1e-5, atol=1e-6)
