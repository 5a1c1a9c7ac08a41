"""Attention as a torch module, and as its formula in torch: out and all gradients, in random settings."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import funcnn as nn
from funcnn import Attention, Dense, backward, forward, parameters, transformer_block, tree_map
from funcnn.layers import CrossAttention, Rotary
from funcnn.testing.strategies import cases
from funcnn.trees import leaves
from tests.counts import at_most

torch = pytest.importorskip("torch", reason="its modules are the oracle")
# After that line: without the library there is nothing to import.
from funcnn.interop.torch import to_torch  # noqa: E402  as just said
from tests.peers.twins import assert_equal, flat, tensors  # noqa: E402  as just said


def first(x):
    return x[0] if type(x) is tuple else x


def like(x, dA):
    """dA in the form of x: nothing comes back for what passes beside."""
    return (dA, *[None for _ in x[1:]]) if type(x) is tuple else dA


# The formula, in torch: what the widths and the biases are, does not matter to it.


def linear(x, W, b=None):
    return x @ W if b is None else x @ W + b


def turned(x, base):
    """Each pair of features as a complex number, times e^(i angle)."""
    t, d = x.shape[2:]
    angles = torch.arange(t)[:, None] * base ** (-torch.arange(0, d, 2, dtype=torch.float64) / d)
    pairs = torch.view_as_complex(x.reshape(*x.shape[:3], d // 2, 2))
    return torch.view_as_real(pairs * torch.polar(torch.ones_like(angles), angles)).flatten(3)


def by_formula(layer, weights, x):
    """Out of `weights`, tensors by path, and of x, tensors."""
    inputs, memory = (x[0], x[0]) if type(layer) is Attention else x[:2]
    mask = x[-1] if x[-1].dtype == torch.bool else None
    causal = type(layer) is Attention and layer.causal
    dense = lambda name, x: linear(x, weights[f"{name}.W"], weights.get(f"{name}.b"))
    heads = lambda x: x.reshape(*x.shape[:2], layer.heads, -1).transpose(1, 2)
    q, k, v = heads(dense("query", inputs)), heads(dense("key", memory)), heads(dense("value", memory))
    if type(layer) is Attention and layer.rotary is not None:
        q, k = (turned(a, layer.rotary.base) for a in (q, k))
    allowed = torch.ones(len(q), 1, q.shape[2], k.shape[2], dtype=torch.bool)
    if mask is not None:
        allowed = allowed & (mask[:, None, None] if mask.ndim == 2 else mask[:, None])
    allowed = allowed.tril() if causal else allowed
    scores = (q @ k.mT / q.shape[-1] ** 0.5).masked_fill(~allowed, -1e300)
    factor = 1 if layer.dropout is None else torch.tensor(forward(layer.dropout, np.ones(scores.shape))[0])
    out = (scores.softmax(-1) * allowed * factor) @ v
    out = dense("out", out.transpose(1, 2).flatten(2))
    return out.masked_fill(~mask[..., None], 0) if type(layer) is Attention and of_places(mask) else out


def of_places(mask):
    return mask is not None and mask.ndim == 2


@pytest.mark.parametrize("layer", [Attention, CrossAttention], ids=lambda layer: layer.__name__)
@at_most(60)
@given(st.data())
def test_out_and_all_gradients_are_those_of_the_formula(layer, data):
    params, x = data.draw(cases(layer))
    dA = np.random.default_rng(first(x).size).uniform(-1, 1, first(forward(params, x)[0]).shape)
    out, cache = forward(params, x)
    grads = backward(params, cache, like(x, dA))
    weights = {path: torch.tensor(a, requires_grad=True) for path, a in parameters(params).items()}
    given_x = flat(tensors(x))
    theirs = by_formula(params, weights, given_x)
    theirs.backward(torch.tensor(dA))
    assert_equal("out", first(out), theirs)
    for path, gradient in parameters(grads.params).items():
        assert_equal(path, gradient, weights[path].grad)
    for d, a in zip(leaves(grads.x), [a for a in given_x if a.requires_grad], strict=True):
        assert_equal("dx", d, a.grad)


# The module of torch.


@st.composite
def settings_of_a_module(draw, *, cross):
    """A layer as wide inside as outside, x, and a mask of places, of pairs or none; some see nothing."""
    heads, d, m, t, s = (draw(st.integers(1, most)) for most in (4, 4, 4, 7, 7))
    n, bias, seed = heads * d, draw(st.booleans()), draw(st.integers(0, 2**31 - 1))
    rng = np.random.default_rng(seed)
    axes = draw(st.sampled_from([(m,), (m, t)]))
    mask = rng.random((*axes, s if cross else t)) < draw(st.sampled_from([0.3, 0.9]))
    x = rng.standard_normal((m, t, n))
    if cross:
        k = draw(st.sampled_from([n, n + 1]))
        layer = CrossAttention.init(n, heads, n_memory=k, seed=seed, bias=bias)
        x = x, rng.standard_normal((m, s, k))
    else:
        layer = Attention.init(n, heads, seed=seed, bias=bias, causal=draw(st.booleans()))
    masked = (*x, mask) if cross else (x, mask)
    return random_biases(layer, rng), draw(st.sampled_from([x, masked]))


def random_biases(layer, rng):
    """Of a layer that starts with zeros."""
    dense = lambda part: part if part.b is None else Dense(part.W, rng.standard_normal(part.b.shape))
    rest = (layer.heads, layer.causal) if type(layer) is Attention else (layer.heads,)
    return type(layer)(dense(layer.query), dense(layer.key), dense(layer.value), dense(layer.out), *rest)


def assert_gradients_equal(ours, theirs):
    """A gradient is a layer like the other, so it becomes a module like the other: its weights are those gradients."""
    ours, theirs = dict(ours.named_parameters()), dict(theirs.named_parameters())
    assert ours.keys() == theirs.keys()
    for name, parameter in theirs.items():
        assert_equal(name, ours[name].detach().numpy(), parameter.grad)


@pytest.mark.parametrize("cross", [False, True], ids=["self", "cross"])
@at_most(60)
@given(st.data())
def test_out_and_all_gradients_are_those_of_the_module(cross, data):
    params, x = data.draw(settings_of_a_module(cross=cross))
    module, given_x = to_torch(params), flat(tensors(x))
    torch_out = first(module(tuple(given_x) if type(x) is tuple else given_x[0]))
    dA = np.random.default_rng(1).uniform(-1, 1, torch_out.shape)
    out, cache = forward(params, x)
    grads = backward(params, cache, like(x, dA))
    torch_out.backward(torch.tensor(dA))
    assert_equal("out", first(out), torch_out)
    assert_gradients_equal(to_torch(grads.params), module)
    for d, a in zip(leaves(grads.x), [a for a in given_x if a.requires_grad], strict=True):
        assert_equal("dx", d, a.grad)


def test_one_bias_of_four_becomes_four():
    rng = np.random.default_rng(0)
    W = lambda: rng.standard_normal((2, 2))
    layer = Attention(Dense(W(), None), Dense(W(), np.ones(2)), Dense(W(), None), Dense(W(), None), 1)
    x = rng.standard_normal((3, 4, 2))
    assert_equal("out", forward(layer, x)[0], to_torch(layer)(torch.tensor(x)))


NARROW = Attention(*[Dense.init(2, 4, seed=i) for i in range(3)], Dense.init(4, 4, seed=3), 2)
TURNED = Attention.init(4, 2, seed=0, rotary=Rotary())
UNKNOWN = {
    NARROW: "to_torch: W of query and of out must be square, as torch's attention needs; query: (2, 4), out: (4, 4)",
    TURNED: "to_torch: torch has no attention with rotary positions",
}


@pytest.mark.parametrize("layer", UNKNOWN, ids=["narrow", "rotary"])
def test_what_torch_has_no_module_for(layer):
    with pytest.raises(nn.FuncnnError) as error:
        to_torch(layer)
    assert str(error.value) == UNKNOWN[layer]


# The block of torch.


def as_torch_has_it(block, *, pre_norm):
    """A `TransformerEncoderLayer` with the weights of a block without dropout."""
    attention = block[0].layer[1] if pre_norm else block[0].layer[0]
    norms = [block[0].layer[0].layer, block[1].layer.layer[0]] if pre_norm else [block[1].layer, block[3].layer]
    dense = (block[1].layer.layer[1:] if pre_norm else block[2].layer.layer)[::2]
    n, hidden = dense[0].W.shape
    gelu = lambda x: torch.nn.functional.gelu(x, approximate="tanh")
    shape = {"dim_feedforward": hidden, "dropout": 0.0, "batch_first": True, "norm_first": pre_norm}
    module = torch.nn.TransformerEncoderLayer(n, attention.heads, activation=gelu, dtype=torch.float64, **shape)
    module.self_attn = to_torch(attention).attention
    module.linear1, module.linear2 = map(to_torch, dense)
    module.norm1, module.norm2 = map(to_torch, norms)
    return module


@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize("pre_norm", [True, False])
@at_most(20)
@given(st.data())
def test_a_block_is_that_of_torch(pre_norm, masked, data):
    heads, d, m, t, hidden = (data.draw(st.integers(1, most)) for most in (3, 4, 3, 6, 9))
    causal, seed = data.draw(st.booleans()), data.draw(st.integers(0, 2**31 - 1))
    block = transformer_block(heads * d, heads, hidden, seed=seed, causal=causal, pre_norm=pre_norm)
    rng = np.random.default_rng(seed)
    block = tree_map(lambda a: a + 0.3 * rng.standard_normal(a.shape), block)
    x, dA = rng.standard_normal((2, m, t, heads * d))
    mask = np.arange(t) < rng.integers(1, t + 1, (m, 1))  # torch makes NaN of a place that may attend to nothing
    dA = dA * mask[..., None] if masked else dA

    given_x = torch.tensor(x, requires_grad=True)
    x = (x, mask) if masked else x
    out, cache = forward(block, x)
    grads = backward(block, cache, like(x, dA))

    module = as_torch_has_it(block, pre_norm=pre_norm)
    later = torch.ones(t, t, dtype=torch.bool).triu(1) if causal else None
    nothing = torch.tensor(~mask) if masked else None
    torch_out = module(given_x, src_mask=later, src_key_padding_mask=nothing)
    torch_out.backward(torch.tensor(dA))
    there = mask if masked else mask | True
    assert_equal("out", first(out)[there], torch_out[torch.tensor(there)])
    assert_equal("dx", first(grads.x)[there], given_x.grad[torch.tensor(there)])
    assert_gradients_equal(as_torch_has_it(grads.params, pre_norm=pre_norm), module)
