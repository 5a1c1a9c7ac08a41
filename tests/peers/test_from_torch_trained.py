"""What torch trains of a module, and modules as people have them: wrapped, shared, frozen, with axes that move."""

import numpy as np
import pytest

from funcnn import BatchNorm, Dense, Dropout, Frozen, Relu, backward, forward, parameters, predict, sgd
from funcnn.layers import Copy, GlobalAvgPool, LearnedPosition, Parallel, Reshape, Sum

torch = pytest.importorskip("torch", reason="these are its modules")
# After that line: without torch there is nothing to import.
from torch import nn  # noqa: E402  as just said

from funcnn.interop.torch import from_torch  # noqa: E402  as just said
from tests.peers.test_from_torch import IMAGE, ROWS, ours_of, seeded  # noqa: E402  as just said


def assert_equal_out(module, net, x, *, images=True):
    ours = predict(net, ours_of(x.numpy()) if images else x.numpy())
    theirs = module(x).detach().numpy()
    theirs = ours_of(theirs) if theirs.ndim == 4 else theirs
    assert ours.shape == theirs.shape
    assert abs(ours - theirs).max() < 1e-12


def test_a_module_at_two_places_is_two_layers():
    relu, dropout = nn.ReLU(), nn.Dropout(0.5)
    module = nn.Sequential(nn.Linear(4, 4), relu, dropout, nn.Linear(4, 4), relu, dropout).double().eval()
    x = torch.randn(ROWS, dtype=torch.float64)
    net = from_torch(module, x)
    assert net[1] == net[4] == Relu()
    assert [net[2], net[5]] == [Dropout(0.5, seed=0), Dropout(0.5, seed=1)]
    assert_equal_out(module, net, x, images=False)


@pytest.mark.parametrize("wrap", [nn.DataParallel, torch.optim.swa_utils.AveragedModel])
def test_a_wrapper_is_taken_off(wrap):
    module = nn.Sequential(nn.Linear(4, 2), nn.Tanh()).eval()
    assert from_torch(wrap(module).eval(), torch.ones(1, 4)) == from_torch(module, torch.ones(1, 4))


# A gradient of requires_grad=False is none.

RESTING = {
    "dense": lambda: nn.Linear(4, 4),
    "two recurrent layers": lambda: nn.LSTM(4, 4, 2, dropout=0.1, batch_first=True),
    "attention": lambda: nn.MultiheadAttention(4, 2, batch_first=True),
    "transformer": lambda: nn.Transformer(4, 2, 1, 1, 8, batch_first=True),
    "batch norm": lambda: nn.BatchNorm1d(6),
}


@pytest.mark.parametrize("make", RESTING.values(), ids=RESTING)
def test_what_rests_in_torch_is_frozen(make):
    module, x = seeded(make).double().requires_grad_(False), torch.randn(2, 6, 4).double()  # noqa: FBT003  torch's style
    given = (x, x) if isinstance(module, nn.Transformer) else x
    assert not parameters(from_torch(module, given))
    assert parameters(from_torch(module.requires_grad_(), given))


def test_a_frozen_part_keeps_its_weights_and_the_others_train():
    module = nn.Sequential(nn.Conv2d(4, 3, 1), nn.Flatten(), nn.Linear(144, 2)).double().eval()
    module[0].requires_grad_(False)  # noqa: FBT003  torch's style
    x = torch.randn(IMAGE, dtype=torch.float64)
    net = from_torch(module, x)
    assert list(parameters(net)) == ["2.W", "2.b"]
    out, cache = forward(net, ours_of(x.numpy()))
    net = sgd(net, backward(net, cache, np.ones_like(out)), 0.1)
    module(x).sum().backward()
    torch.optim.SGD(module.parameters(), 0.1).step()
    assert_equal_out(module, net, x)


NORMS = {
    "layer": (lambda: nn.LayerNorm(4, elementwise_affine=False), (2, 4)),
    "RMS": (lambda: nn.RMSNorm(4, elementwise_affine=False), (2, 4)),
    "group": (lambda: nn.GroupNorm(2, 4, affine=False), (2, 4)),
    "instance": (lambda: nn.InstanceNorm2d(4), IMAGE),
}


@pytest.mark.parametrize(("make", "shape"), NORMS.values(), ids=NORMS)
def test_a_norm_without_weights_trains_none(make, shape):
    net = from_torch(make().eval(), torch.randn(shape))
    assert type(net) is Frozen
    assert not parameters(net)


def test_a_batch_norm_without_weights_has_a_scale():
    net = from_torch(nn.BatchNorm1d(4, affine=False).eval(), torch.randn(ROWS))
    assert type(net) is BatchNorm
    assert net.scale.tolist() == [1.0] * 4


@pytest.mark.parametrize("affine", [True, False])
def test_a_norm_over_several_axes_takes_any_number_of_steps(affine):
    module = seeded(lambda: nn.LayerNorm((5, 6), elementwise_affine=affine)).double()
    net = from_torch(module, torch.randn(2, 3, 5, 6).double())
    x = torch.randn(1, 7, 5, 6).double()
    assert abs(predict(net, x.numpy()) - module(x).detach().numpy()).max() < 1e-12


def test_rows_become_images():
    module = seeded(
        lambda: nn.Sequential(
            nn.Linear(4, 24), nn.ReLU(), nn.Unflatten(1, (4, 2, -1)), nn.ConvTranspose2d(4, 3, 2, 2), nn.Sigmoid()
        )
    ).double()
    x = torch.randn(ROWS, dtype=torch.float64)
    assert_equal_out(module, from_torch(module, x), x, images=False)


def test_rows_become_sequences():
    module = nn.Sequential(nn.Unflatten(-1, (2, 2)), nn.Linear(2, 3)).double().eval()
    x = torch.randn(ROWS, dtype=torch.float64)
    assert_equal_out(module, from_torch(module, x), x, images=False)


# Rules of one's own whose parts get x with other axes.


class Patches(nn.Module):
    """A small vision transformer."""

    def __init__(self):
        super().__init__()
        self.patches, self.positions = nn.Conv2d(4, 8, 2, 2), nn.Parameter(torch.randn(12, 8))
        self.block, self.head = nn.TransformerEncoderLayer(8, 2, 8, batch_first=True), nn.Linear(8, 2)

    def embedded(self, x):
        return self.patches(x).flatten(2).transpose(1, 2) + self.positions

    def forward(self, x):
        return self.head(self.block(self.embedded(x)).mean(1))


class Skipped(nn.Module):
    """Two branches of an image, whose mean over positions is mapped."""

    def __init__(self):
        super().__init__()
        self.one, self.two, self.head = nn.Conv2d(4, 4, 1), nn.Conv2d(4, 4, 1), nn.Linear(4, 2)

    def forward(self, x):
        return self.head((self.one(x) + self.two(x)).mean((2, 3)))


@from_torch.register(Patches)
def patches_from_torch(module, x):
    rows = module.embedded(x.tensor)
    return (
        from_torch(module.patches, x),
        Reshape((-1, 8)),
        LearnedPosition(module.positions.detach().numpy()),
        from_torch(module.block, x.at("block", rows)),
        GlobalAvgPool(),
        from_torch(module.head, x.at("head", rows[:, 0])),
    )


@from_torch.register(Skipped)
def skipped_from_torch(module, x):
    means = module.one(x.tensor).mean((2, 3))
    both = Parallel((from_torch(module.one, x), from_torch(module.two, x)))
    return Copy(2), both, Sum(), GlobalAvgPool(), from_torch(module.head, x.at("head", means))


@pytest.mark.parametrize("cls", [Patches, Skipped])
def test_a_part_behind_an_image_may_take_rows(cls):
    module, x = seeded(cls).double(), torch.randn(IMAGE, dtype=torch.float64)
    assert_equal_out(module, from_torch(module, x), x)


def test_dropouts_of_parts_with_an_x_of_their_own_have_seeds_of_their_own():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two = [nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5)) for _ in range(2)]

        def forward(self, x):
            return self.two(self.one(x))

    @from_torch.register(Twice)
    def twice(module, x):
        return from_torch(module.one, x.tensor), from_torch(module.two, module.one(x.tensor))

    net = from_torch(Twice().eval(), torch.ones(1, 4))
    assert [part[1].seed for part in net] == [(0,), (1,)]
    assert type(from_torch(nn.Linear(4, 4).eval(), torch.ones(1, 4))) is Dense
    assert from_torch(nn.Dropout(0.5).eval(), torch.ones(1, 4)).seed == (0,)  # each call of its own counts from 0
