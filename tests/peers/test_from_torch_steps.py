"""Transformers of torch as networks in training, and rules of one's own for modules that have steps first."""

from contextlib import contextmanager

import numpy as np
import pytest

from funcnn import forward, predict
from funcnn.errors import ShapeError
from funcnn.layers import Dropout, First, Last
from funcnn.records import is_record, values
from tests.said import says

torch = pytest.importorskip("torch", reason="these are its modules")
# After that line: without torch there is nothing to import.
from torch import nn  # noqa: E402  as just said
from torch.nn import functional  # noqa: E402  as just said

from funcnn.interop.torch import from_torch  # noqa: E402  as just said
from tests.peers.sequences import MEMORY, SEQUENCE, assert_as_torch  # noqa: E402  as just said
from tests.peers.test_from_torch import seeded  # noqa: E402  as just said

# Dropout in training: with the masks of funcnn, torch computes the same.


def dropouts(net):
    """The dropouts in their order, which is that of their use."""
    if type(net) is Dropout:
        return [net]
    parts = net if type(net) is tuple else values(net) if is_record(net) else ()
    return [layer for part in parts for layer in dropouts(part)]


class Masks:
    """functional.dropout and scaled_dot_product_attention with the masks of funcnn's layers, one after the other."""

    def __init__(self, layers, *, turned):
        self.layers, self.turned = iter(layers), turned

    @contextmanager
    def patched(self):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(functional, "dropout", self.dropout)
            patch.setattr(functional, "scaled_dot_product_attention", self.attention)
            yield

    def factor(self, shape, p):
        layer = next(self.layers)
        assert layer.rate == p
        return torch.tensor(forward(layer, np.ones(shape))[0])

    def dropout(self, x, p, training, inplace):
        assert training
        factor = self.factor((x.swapaxes(0, 1) if self.turned else x).shape, p)
        return x * (factor.swapaxes(0, 1) if self.turned else factor)

    def attention(self, q, k, v, attn_mask=None, dropout_p=0.0, is_causal=False):  # noqa: FBT002  as torch has it
        weights = (q @ k.mT / q.shape[-1] ** 0.5 + (0 if attn_mask is None else attn_mask)).softmax(-1)
        return (weights * self.factor(weights.shape, dropout_p)) @ v


@pytest.mark.parametrize("first", [False, True], ids=["norm behind", "norm first"])
@pytest.mark.parametrize("form", ["rows", "steps"])
@pytest.mark.parametrize("kind", ["encoder", "decoder"])
def test_training_drops_the_same_entries_where_torch_does(kind, form, first):
    cls = nn.TransformerDecoderLayer if kind == "decoder" else nn.TransformerEncoderLayer
    module = seeded(lambda: cls(4, 2, 8, dropout=0.3, norm_first=first, batch_first=form == "rows")).double()
    args = (SEQUENCE[form], MEMORY[form])[: 1 + (kind == "decoder")]
    net = from_torch(module, args)
    layers = dropouts(net)
    assert len(layers) == 4 + 2 * (kind == "decoder")
    assert len({layer.seed for layer in layers}) == len(layers)
    masks = Masks(layers, turned=form == "steps")
    assert_as_torch(net, module.train(), args, form, (), ..., {}, masks.patched)
    assert not list(masks.layers)


def test_the_default_layer_converts_with_its_four_dropouts():
    net = from_torch(nn.TransformerEncoderLayer(8, 2).eval(), torch.randn(5, 3, 8))
    assert [layer.rate for layer in dropouts(net)] == [0.1] * 4
    assert predict(net, np.ones((3, 5, 8), np.float32)).shape == (3, 5, 8)


def test_a_transformer_takes_a_mask_if_its_example_has_one():
    module, (src, tgt) = seeded(lambda: nn.Transformer(4, 2, 1, 1, 8, batch_first=True)), drawn_pair()
    mask = torch.ones(3, 7, dtype=torch.bool)
    padding = dict.fromkeys(("src_key_padding_mask", "memory_key_padding_mask"), ~mask)
    plain, masked = from_torch(module, (src, tgt)), from_torch(module, (src, tgt), kwargs=padding)
    x = src.numpy(), tgt.numpy()
    assert np.allclose(predict(plain, x), predict(masked, (*x, mask.numpy())), atol=1e-6)
    says(ShapeError, "Parallel: x must be a tuple of 2", predict, plain, (*x, mask.numpy()))
    says(ShapeError, "Take: i must be at most 1", predict, masked, x)


def drawn_pair():
    return MEMORY["rows"].float(), SEQUENCE["rows"].float()


# Modules of one's own, with steps first.


class Reader(nn.Module):
    """Ids to classes, by the last state of an LSTM."""

    def __init__(self):
        super().__init__()
        self.embed, self.lstm, self.head = nn.Embedding(9, 4), nn.LSTM(4, 3), nn.Linear(3, 2)

    def forward(self, ids):
        return self.head(self.lstm(self.embed(ids))[0][-1])


@from_torch.register(Reader)
def reader(module, x):
    h = module.embed(x.tensor)
    out, _ = module.lstm(h)
    layers = from_torch(module.embed, x), from_torch(module.lstm, x.at("lstm", h))
    return *layers, Last(), from_torch(module.head, out[-1])


class Writer(nn.Module):
    """Ids to logits of the next id."""

    def __init__(self):
        super().__init__()
        self.embed, self.head = nn.Embedding(9, 4), nn.Linear(4, 9)
        self.blocks = nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8), 2, enable_nested_tensor=False)

    def forward(self, ids, padding=None):
        later = nn.Transformer.generate_square_subsequent_mask(len(ids))
        return self.head(self.blocks(self.embed(ids), later < 0, padding, is_causal=True))


@from_torch.register(Writer)
def writer(module, x):
    h = module.embed(x.tensor)
    later = nn.Transformer.generate_square_subsequent_mask(len(h))
    masks = {"mask": later < 0, "src_key_padding_mask": x.argument(module, "padding")}
    blocks = from_torch(module.blocks, x.at("blocks", h), kwargs=masks)
    return from_torch(module.embed, x), blocks, First(from_torch(module.head, x.at("head", h)))


@pytest.mark.parametrize("make", [Reader, Writer])
@pytest.mark.parametrize("t", [3, 5], ids=["as many steps as rows", "more steps"])
def test_rules_of_ones_own_for_steps_first(make, t):
    module, ids = seeded(make), torch.arange(3 * t).reshape(t, 3) % 9
    net = from_torch(module, ids)
    theirs = module(ids).detach().numpy()
    ours = predict(net, ids.numpy().T.copy())
    assert abs(ours - (theirs if make is Reader else theirs.swapaxes(0, 1))).max() < 1e-5
    chained = from_torch(nn.Sequential(module, nn.Softmax(-1)).eval(), ids)
    assert chained[0] == net


PADDING = torch.zeros(3, 5, dtype=torch.bool)
PADDING[1, 4:], PADDING[2, 2:] = True, True


def test_a_mask_reaches_a_part_through_a_rule_of_ones_own():
    module, ids = seeded(Writer), torch.arange(15).reshape(5, 3) % 9
    net = from_torch(module, (ids, PADDING))
    mask = ~PADDING.numpy()
    ours, _ = predict(net, (ids.numpy().T.copy(), mask))
    theirs = module(ids, PADDING).detach().numpy().swapaxes(0, 1)
    assert abs(ours - theirs)[mask].max() < 1e-5
