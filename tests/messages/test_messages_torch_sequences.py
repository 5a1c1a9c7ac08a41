"""Error messages of `from_torch` for recurrent modules and transformers, and of networks in torch's transformations."""

import numpy as np
import pytest

from funcnn import Dense, Dropout, Frozen, Tanh
from tests.says import assert_says, each_row, kind_error, shape_error

torch = pytest.importorskip("torch", reason="these are its modules")
# After that line: without torch there is nothing to import.
from torch import nn  # noqa: E402  as just said
from torch.func import functional_call, grad, jvp, vmap  # noqa: E402  as just said

from funcnn.interop.torch import Network, from_torch  # noqa: E402  as just said

X, DENSE = torch.ones(3, 2, dtype=torch.float64), Dense.init(2, 3, seed=0)
SEQUENCE, MEMORY, STATES = torch.ones(5, 3, 4), torch.ones(7, 3, 4), torch.ones(2, 3, 2)
LATER, NEAR = torch.ones(5, 5).triu(1) > 0, torch.eye(5) < 1
PADDING = torch.zeros(3, 5, dtype=torch.bool)
BEHIND, BEFORE = PADDING.clone(), PADDING.clone()
BEHIND[0, 4], BEFORE[0, 0] = True, True
SPARE = torch.zeros(3, 7, dtype=torch.bool)
CAUSAL = "TransformerDecoderLayer must have a causal tgt_mask and padding at the end of each row, with a "


def converted(module, *x, **kwargs):
    return lambda: from_torch(module.eval(), x if len(x) > 1 else x[0], kwargs=kwargs or None)


def refuses(sentence, module, *x, **kwargs):
    return kind_error(converted(module, *x, **kwargs)) >> f"from_torch: {sentence}"


def attention(**settings):
    return nn.MultiheadAttention(4, 2, **settings)


def encoder(**settings):
    return nn.TransformerEncoderLayer(4, 2, 8, **settings)


def decoder():
    return nn.TransformerDecoderLayer(4, 2, 8)


def transformer():
    return nn.Transformer(4, 2, 1, 1, 8, batch_first=True)


def held():
    network = Network((Frozen(DENSE),))
    grad(lambda W: functional_call(network, {"0.layer.W": W}, (X,)).sum())(torch.ones(2, 3, dtype=torch.float64))


MESSAGES = [
    # The arguments.
    kind_error(lambda: from_torch(nn.Tanh().eval(), X, kwargs=[1]))
    >> "from_torch: kwargs must be a dict of arguments of the module by name, not list",
    kind_error(lambda: from_torch(nn.Tanh().eval(), ()))
    >> "from_torch: x must be a tensor of torch, or a tuple of arguments, not ()",
    refuses("x must be a tensor of torch, not float64 array; write torch.tensor(x)", nn.Tanh(), X.numpy(), X),
    refuses("x and kwargs must be arguments of Linear: too many positional arguments", nn.Linear(2, 2), X.float(), X),
    refuses(
        "x and kwargs must be arguments of LSTM: got an unexpected keyword argument 'mask'",
        nn.LSTM(4, 2),
        SEQUENCE,
        mask=PADDING,
    ),
    refuses(
        "x and kwargs must be arguments of TransformerDecoderLayer: missing a required argument: 'memory'",
        decoder(),
        SEQUENCE,
    ),
    refuses(
        "memory must be torch.float32, as self_attn.in_proj_weight is, not torch.float64; "
        "write memory.to(torch.float32)",
        decoder(),
        SEQUENCE,
        MEMORY.double(),
    ),
    refuses(
        "hx[1] must be torch.float32, as weight_ih_l0 is, not torch.float64; write hx[1].to(torch.float32)",
        nn.LSTM(4, 2),
        SEQUENCE,
        (STATES[:1], STATES[:1].double()),
    ),
    refuses("key must be on the CPU, not on meta", attention(), SEQUENCE, MEMORY.to("meta"), MEMORY.to("meta")),
    shape_error(converted(nn.GRU(4, 2), torch.ones(2, 3, 5, 4)))
    >> "from_torch: x must fit the module, but it refuses (2, 3, 5, 4): GRU: Expected input to be 2D or 3D, got 4D "
    "instead",
    shape_error(converted(decoder(), SEQUENCE, MEMORY[:, :2]))
    >> "from_torch: x must fit the module, but it refuses (5, 3, 4), (7, 2, 4): shape '[7, 6, 2]' is invalid for "
    "input of size 56",
    shape_error(converted(nn.GRU(4, 2), SEQUENCE, (STATES[:1], STATES[:1])))
    >> "from_torch: x must fit the module, but it refuses (5, 3, 4), (1, 3, 2), (1, 3, 2): 'tuple' object has no "
    "attribute 'dim'",
    # Rows and steps.
    refuses(
        "the modules before 1.self_attn (MultiheadAttention) must leave x as (m, ...), not as (t, m, ...)",
        nn.Sequential(encoder(), encoder(batch_first=True)),
        SEQUENCE,
    ),
    refuses(
        "the modules before 1 (Flatten) must leave x as (m, ...), not as (t, m, ...)",
        nn.Sequential(encoder(), nn.Flatten()),
        SEQUENCE,
    ),
    refuses(
        "the modules before 1 (Conv1d) must leave x as (m, ...), not as (t, m, ...)",
        nn.Sequential(encoder(), nn.Conv1d(3, 3, 1)),
        SEQUENCE,
    ),
    # Settings without a layer.
    refuses("LSTM must have proj_size=0, not 2", nn.LSTM(4, 3, proj_size=2), SEQUENCE),
    refuses("RNN must have nonlinearity=\"tanh\", not 'relu'", nn.RNN(4, 2, nonlinearity="relu"), SEQUENCE),
    refuses("RNNCell must have nonlinearity=\"tanh\", not 'relu'", nn.RNNCell(2, 2, nonlinearity="relu"), X.float()),
    refuses(
        "GRU must have num_layers=1 for a first state, not 2, since a chain has no place for the states of its layers",
        nn.GRU(4, 2, 2),
        SEQUENCE,
        STATES,
    ),
    refuses(
        "MultiheadAttention must have add_bias_kv=False and add_zero_attn=False, not True",
        attention(add_zero_attn=True),
        SEQUENCE,
    ),
    refuses(
        "MultiheadAttention must have one tensor as key and value, not two",
        attention(),
        SEQUENCE,
        MEMORY,
        MEMORY.clone(),
    ),
    refuses(
        "TransformerEncoderLayer must have relu, gelu or a module as activation, not sin",
        encoder(activation=torch.sin),
        SEQUENCE,
    ),
    # Masks.
    refuses(
        "MultiheadAttention must have bools, or 0 and -inf, in attn_mask, not other numbers",
        attention(),
        SEQUENCE,
        attn_mask=torch.ones(5, 5),
    ),
    refuses(
        "MultiheadAttention must have one attn_mask for all heads, not one for each",
        attention(),
        SEQUENCE,
        attn_mask=torch.stack([LATER, NEAR] * 3),
    ),
    refuses(
        "self_attn (MultiheadAttention) must have x of two positions or more, not one, since a mask of one position "
        "may be causal or not",
        encoder(),
        SEQUENCE[:1],
        LATER[:1, :1],
    ),
    refuses(
        "TransformerDecoderLayer must have a causal tgt_mask, or None, not another mask",
        decoder(),
        SEQUENCE,
        MEMORY,
        tgt_mask=NEAR,
    ),
    refuses(f"{CAUSAL}tgt_key_padding_mask, not no causal mask", decoder(), SEQUENCE, MEMORY, None, None, BEHIND),
    refuses(f"{CAUSAL}tgt_key_padding_mask, not padding in front", decoder(), SEQUENCE, MEMORY, LATER, None, BEFORE),
    refuses(
        "Transformer must have one mask as src_key_padding_mask and memory_key_padding_mask, and no other, not two",
        transformer(),
        SEQUENCE,
        SEQUENCE,
        src_key_padding_mask=torch.zeros(5, 3, dtype=torch.bool),
    ),
    # Networks in transformations of torch.
    kind_error(lambda: vmap(Network((DENSE, Dropout(0.5, seed=0))))(X[:, None]))
    >> "Network: vmap needs evaluation mode for layers that differ in training, such as dropout; write network.eval()",
    kind_error(lambda: jvp(Network(DENSE), (X,), (X,)))
    >> "Network: there is no forward mode; write torch.func.vjp, or jacrev",
    kind_error(held) >> "Network: 0.layer.W must not need a gradient, since it is not a parameter",
    kind_error(lambda: torch.jit.trace(Network(Tanh()), (X,)))
    >> "Network: torch.jit cannot trace NumPy; write to_torch(network.params)",
]


@pytest.mark.filterwarnings(
    "ignore:LSTM with projections",
    "ignore:`torch.jit",
    "ignore:enable_nested_tensor",
    "ignore:The PyTorch API of nested",
)
@each_row(MESSAGES)
def test_each_says_what_is_wrong(row):
    assert_says(row, np.ones(1))
