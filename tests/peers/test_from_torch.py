"""Modules of torch as networks: the same out, in float32 and in float64, with channels in the last axis."""

import numpy as np
import pytest

from funcnn import BatchNorm, Dense, Dropout, Flatten, Relu, Residual, Tanh, forward, inference, predict
from funcnn.layers import Bidirectional, Conv2d, First, GlobalAvgPool, Identity, Reshape
from tests.cards import CARDS, ELEMENTWISE, example

torch = pytest.importorskip("torch", reason="these are its modules")
# After that line: without torch there is nothing to import.
from torch import nn  # noqa: E402  as just said

from funcnn.interop.torch import from_torch, to_torch  # noqa: E402  as just said

NEAR = {torch.float32: 1e-6, torch.float64: 1e-12}
SEQUENCE, IMAGE, SIGNAL, ROWS = (2, 6, 4), (2, 4, 8, 6), (2, 4, 9), (5, 4)


def ours_of(array):
    """Where torch has the channels of images and signals in axis 1, they are moved to the end."""
    return np.ascontiguousarray(np.moveaxis(array, 1, -1))


def seeded(make):
    """A module in evaluation mode whose parameters and running statistics are drawn."""
    torch.manual_seed(0)
    module = make()
    with torch.no_grad():
        for name, tensor in module.state_dict().items():
            if tensor.is_floating_point():
                tensor.copy_(0.3 * torch.randn(tensor.shape))
            if name.endswith("var"):
                tensor.abs_().add_(0.5)
    return module.eval()


def encoder(*, activation="relu", norm_first=False, dropout=0.1, bias=True):
    return nn.TransformerEncoderLayer(4, 2, 8, dropout, activation, batch_first=True, norm_first=norm_first, bias=bias)


def norm(module):
    return lambda: nn.Sequential(nn.Linear(4, 4), module)


# Modules by the shape of x. Where it is an image or a signal, the network gets it with channels last.
IMAGES = {
    "cnn": lambda: nn.Sequential(
        nn.Conv2d(4, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Dropout2d(0.2),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 6, (3, 2), stride=(1, 2), groups=2, bias=False),
        nn.Flatten(),
        nn.BatchNorm1d(2 * 1 * 6),
        nn.PReLU(12),
        nn.LayerNorm(12),
        nn.Dropout(0.5),
        nn.Softmax(1),
        nn.Linear(12, 3),
    ),
    "nested": lambda: nn.Sequential(
        nn.Sequential(nn.Conv2d(4, 3, 3), nn.PReLU(3), nn.AvgPool2d(2, stride=2)),
        nn.Sequential(nn.Flatten(1, 3), nn.Sequential(nn.Linear(18, 2), nn.LogSoftmax(dim=-1))),
    ),
    "global": lambda: nn.Sequential(
        nn.GroupNorm(2, 4), nn.InstanceNorm2d(4, affine=True), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
    ),
    "global maximum": lambda: nn.Sequential(nn.AdaptiveMaxPool2d((1, 1)), nn.Flatten(), nn.RMSNorm(4, eps=1e-3)),
    "flattened first": lambda: nn.Sequential(nn.Flatten(), nn.ReLU(), nn.Linear(192, 2), nn.GLU()),
    "same": lambda: nn.Conv2d(4, 2, 3, padding="same", dilation=2),
    "valid": lambda: nn.Conv2d(4, 2, 2, padding="valid"),
    "padded pools": lambda: nn.Sequential(
        nn.MaxPool2d(3, stride=2, padding=1), nn.AvgPool2d(2, padding=1, count_include_pad=False)
    ),
    "transposed": lambda: nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=(1, 0), groups=2),
    "upsampled": lambda: nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(4, 1, 1)),
    "upsampled linearly": lambda: nn.Upsample(scale_factor=(2, 3), mode="bilinear"),
    "softmax over channels": lambda: nn.Sequential(nn.ReLU(), nn.Softmax(1), nn.LogSoftmax(-3)),
    "gated": lambda: nn.Sequential(nn.Conv2d(4, 6, 1), nn.GLU(1), nn.Identity()),
    "no weights": lambda: nn.Sequential(nn.BatchNorm2d(4, affine=False), nn.InstanceNorm2d(4)),
}
SIGNALS = {
    "cnn": lambda: nn.Sequential(
        nn.Conv1d(4, 6, 3, stride=2, padding=2, dilation=2),
        nn.BatchNorm1d(6),
        nn.Tanh(),
        nn.Dropout1d(0.1),
        nn.MaxPool1d(2, padding=1),
        nn.AvgPool1d(2),
        nn.Flatten(),
        nn.Linear(6, 3),
    ),
    "same": lambda: nn.Conv1d(4, 2, 5, padding="same", bias=False),
    "global": lambda: nn.Sequential(nn.InstanceNorm1d(4), nn.AdaptiveAvgPool1d(1)),
    "global maximum": lambda: nn.AdaptiveMaxPool1d(1),
    "upsampled": lambda: nn.Upsample(scale_factor=2.0, mode="linear"),
    "groups": lambda: nn.GroupNorm(1, 4),
}
SEQUENCES = {
    **{
        f"{cls.__name__} {layers} {ways} {bias}": lambda cls=cls, layers=layers, ways=ways, bias=bias: cls(
            4, 3, num_layers=layers, bidirectional=ways == 2, bias=bias, batch_first=True, dropout=0.1 * (layers - 1)
        )
        for cls in (nn.RNN, nn.LSTM, nn.GRU)
        for layers in (1, 2)
        for ways in (1, 2)
        for bias in (True, False)
    },
    **{
        f"encoder {activation} {first}": lambda activation=activation, first=first: nn.TransformerEncoder(
            encoder(activation=activation, norm_first=first),
            2,
            nn.LayerNorm(4) if first else None,
            enable_nested_tensor=False,
        )
        for activation in ("relu", "gelu")
        for first in (True, False)
    },
    "encoder without biases": lambda: encoder(activation=nn.SiLU(), bias=False, dropout=0.0),
    "attention": lambda: nn.MultiheadAttention(4, 2, batch_first=True),
    "attention without biases": lambda: nn.MultiheadAttention(4, 1, bias=False, batch_first=True),
    "layer norms": lambda: nn.Sequential(
        nn.Linear(4, 4), nn.LayerNorm(4, bias=False), nn.LayerNorm(4, elementwise_affine=False), nn.RMSNorm(4)
    ),
    "flattened": lambda: nn.Sequential(nn.Flatten(), nn.Linear(24, 2)),
}
TWINS = [to_torch(example(cls)) for cls in ELEMENTWISE if CARDS[cls].torch.startswith("torch.nn:")]
ACTIVATIONS = [
    *(*TWINS, nn.GELU("tanh"), nn.PReLU(), nn.Softplus(threshold=50), nn.Softmax(dim=1), nn.LogSoftmax(dim=-1)),
    nn.GLU(),
]
PLAIN = {
    **{f"{type(m).__name__} {i}": lambda m=m: nn.Sequential(nn.Linear(4, 4), m) for i, m in enumerate(ACTIVATIONS)},
    "features": norm(nn.PReLU(4)),
    "batch norm": norm(nn.BatchNorm1d(4, eps=0.1, momentum=0.3)),
    "group norm": norm(nn.GroupNorm(2, 4)),
    "nothing": nn.Sequential,
}
EVERY = [
    *[(f"image: {name}", make, IMAGE, True) for name, make in IMAGES.items()],
    *[(f"signal: {name}", make, SIGNAL, True) for name, make in SIGNALS.items()],
    *[(f"sequence: {name}", make, SEQUENCE, False) for name, make in SEQUENCES.items()],
    *[(f"rows: {name}", make, ROWS, False) for name, make in PLAIN.items()],
]


@pytest.mark.parametrize("dtype", NEAR, ids=str)
@pytest.mark.parametrize(("make", "shape", "moves"), [row[1:] for row in EVERY], ids=[row[0] for row in EVERY])
def test_out_is_that_of_the_module(make, shape, moves, dtype):
    module, x = seeded(make).to(dtype), torch.randn(shape, dtype=dtype)
    net = from_torch(module, x)
    given = ours_of(x.numpy()) if moves else x.numpy()
    with torch.no_grad():
        theirs = module(x, x, x) if isinstance(module, nn.MultiheadAttention) else module(x)
    theirs = (theirs[0] if isinstance(theirs, tuple) else theirs).numpy()
    theirs = ours_of(theirs) if moves else theirs
    ours = predict(net, given)
    assert ours.dtype == theirs.dtype
    assert ours.shape == theirs.shape
    assert abs(ours - theirs).max(initial=0) < NEAR[dtype] * max(1, abs(theirs).max(initial=0))
    forward(net, given)  # it can be trained


@pytest.mark.parametrize("ids", [torch.arange(6).reshape(2, 3), torch.zeros(4, 1, dtype=torch.int32)])
def test_symbols_are_embedded(ids):
    module = seeded(lambda: nn.Sequential(nn.Embedding(6, 4), nn.Linear(4, 2)))
    ours = predict(from_torch(module, ids), ids.numpy())
    assert abs(ours - module(ids).detach().numpy()).max() < 1e-6


def test_hardsigmoid_is_as_near_as_torch_rounds_a_sixth():
    x = torch.randn(9, 4, dtype=torch.float64)
    for module in (nn.Hardsigmoid(), nn.Softplus()):
        assert abs(predict(from_torch(module.eval(), x), x.numpy()) - module(x).numpy()).max() < 3e-9


def test_layers_stand_where_the_modules_stood():
    module = seeded(lambda: nn.Sequential(nn.Conv2d(1, 2, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.5)))
    net = from_torch(module, torch.randn(1, 1, 4, 4))
    assert [type(layer) for layer in net] == [Conv2d, tuple, Flatten, Dropout]
    assert net[1] == (GlobalAvgPool(), Reshape((1, 1, 2)))
    assert type(inference(net)[3]) is Identity


def test_dropouts_have_seeds_of_their_own():
    module = nn.Sequential(nn.Dropout(0.5), nn.Sequential(nn.Dropout(0.5)), nn.Dropout(0.5)).eval()
    net = from_torch(module, torch.ones(1, 2))
    assert [net[0].seed, net[1][0].seed, net[2].seed] == [(0,), (1,), (2,)]
    attention = nn.TransformerEncoderLayer(2, 1, 2, batch_first=True, norm_first=True).eval()
    block = from_torch(attention, torch.ones(1, 2, 2))
    assert block[0].layer[1].dropout == Dropout(0.1, seed=0)
    assert to_torch(block[0].layer[1]).attention.dropout == 0.1
    lstm = nn.LSTM(2, 2, 3, dropout=0.5, batch_first=True, bidirectional=True)
    stacked = from_torch(lstm.eval(), torch.ones(1, 2, 2))
    assert [type(layer) for layer in stacked] == [Bidirectional, First, Bidirectional, First, Bidirectional]
    assert [layer.layer.seed for layer in stacked[1::2]] == [(0,), (1,)]


def test_the_module_keeps_its_own_numbers():
    module = seeded(lambda: nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4)))
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    net = from_torch(module, torch.randn(ROWS))
    with torch.no_grad():
        module[0].weight.zero_()
    assert net[0].W.any()
    assert all(torch.equal(before[name], t) for name, t in module.state_dict().items() if name != "0.weight")


def test_x_keeps_its_numbers():
    module, x = nn.Sequential(nn.ELU(inplace=True), nn.Linear(4, 2), nn.ReLU(inplace=True)).eval(), torch.randn(ROWS)
    before = x.clone()
    net = from_torch(module, x)
    assert torch.equal(x, before)
    assert abs(predict(net, x.numpy()) - module(before).detach().numpy()).max() < 1e-6


def test_statistics_of_a_batch_norm_are_states_and_it_trains():
    module = seeded(lambda: nn.BatchNorm1d(4))
    layer = from_torch(module, torch.randn(ROWS))
    assert layer == BatchNorm(*[module.state_dict()[name].numpy() for name in NAMES])


NAMES = "weight", "bias", "running_mean", "running_var"


def test_masks_go_through_an_encoder():
    module = seeded(
        lambda: nn.TransformerEncoder(encoder(norm_first=True), 2, nn.LayerNorm(4), enable_nested_tensor=False)
    ).double()
    x, mask = torch.randn(SEQUENCE, dtype=torch.float64), torch.ones(2, 6, dtype=torch.bool)
    mask[1, 4:] = False
    net = from_torch(module, x)
    ours, _ = predict(net, (x.numpy(), mask.numpy()))
    theirs = module(x, src_key_padding_mask=~mask).detach().numpy()
    assert abs(ours - theirs)[mask.numpy()].max() < 1e-12


class Block(nn.Module):
    """A residual block of convolutions."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4)

    def forward(self, x):
        return x + torch.relu(self.norm(self.conv(x)))


class Net(nn.Module):
    """A network with a forward of its own."""

    def __init__(self):
        super().__init__()
        self.block, self.head = Block(), nn.Linear(192, 2)

    def forward(self, x):
        return self.head(torch.tanh(self.block(x)).flatten(1))


class Wide(nn.Linear):
    """A Linear, so that it has the rule of one."""


@from_torch.register(Block)
def block_from_torch(module, x):
    return Residual(from_torch(nn.Sequential(module.conv, module.norm, nn.ReLU()), x))


@from_torch.register(Net)
def net_from_torch(module, x):
    return from_torch(nn.Sequential(module.block, nn.Tanh(), nn.Flatten(), module.head), x)


def test_rules_of_ones_own():
    module, x = seeded(lambda: nn.Sequential(Net(), nn.ReLU())).double(), torch.randn(IMAGE, dtype=torch.float64)
    net = from_torch(module, x)
    assert type(net[0][0]) is Residual
    assert abs(predict(net, ours_of(x.numpy())) - module(x).detach().numpy()).max() < 1e-12
    lone = from_torch(module[0].block, x)
    assert abs(predict(lone, ours_of(x.numpy())) - ours_of(module[0].block(x).detach().numpy())).max() < 1e-12


def test_a_rule_that_flattens_gives_rows():
    class Head(nn.Module):
        def forward(self, x):
            return x.mean((2, 3))

    @from_torch.register(Head)
    def head(module, x):
        return GlobalAvgPool()

    module, x = nn.Sequential(nn.MaxPool2d(2), Head(), nn.Linear(4, 2)).double().eval(), torch.randn(IMAGE).double()
    assert abs(predict(from_torch(module, x), ours_of(x.numpy())) - module(x).detach().numpy()).max() < 1e-12


def test_a_part_may_have_an_x_of_its_own():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two = nn.Linear(4, 3), nn.Linear(3, 2)

        def forward(self, x):
            return self.two(torch.relu(self.one(x)))

    @from_torch.register(Two)
    def two(module, x):
        return from_torch(module.one, x), Relu(), from_torch(module.two, module.one(x.tensor))

    module = seeded(Two)
    assert [type(layer) for layer in from_torch(module, torch.randn(ROWS))] == [Dense, Relu, Dense]


def test_a_class_with_the_same_forward_has_the_same_rule():
    x = torch.randn(ROWS)
    assert type(from_torch(Wide(4, 2).eval(), x)) is Dense
    assert from_torch(nn.Sequential(nn.Tanh()).eval(), x) == (Tanh(),)


def test_a_result_that_is_not_a_number_is_compared():
    module = nn.Sequential(nn.Linear(4, 2)).eval()
    with torch.no_grad():
        module[0].weight.fill_(float("nan"))
    assert np.isnan(predict(from_torch(module, torch.randn(ROWS)), np.ones((1, 4), np.float32))).all()


def test_whole_numbers_may_pass():
    assert from_torch(nn.Flatten().eval(), torch.ones(2, 3, 2, dtype=torch.int64)) == Flatten()
