"""Recurrent modules and transformers of torch as networks: equal out and gradients in evaluation mode."""

from itertools import product

import numpy as np
import pytest

from funcnn import inference

torch = pytest.importorskip("torch", reason="these are its modules")
# After that line: without torch there is nothing to import.
from torch import nn  # noqa: E402  as just said

from funcnn.interop.torch import from_torch  # noqa: E402  as just said
from tests.peers.sequences import MEMORY, SEQUENCE, assert_as_torch, drawn  # noqa: E402  as just said
from tests.peers.test_from_torch import seeded  # noqa: E402  as just said

LATER = nn.Transformer.generate_square_subsequent_mask(5, dtype=torch.float64)
FAR = (torch.arange(5)[:, None] - torch.arange(5)).abs() > 1
PADDED, SPARE = torch.zeros(3, 5, dtype=torch.bool), torch.zeros(3, 7, dtype=torch.bool)
PADDED[1, 4:], PADDED[2, 2:], SPARE[0, 6:], SPARE[2, 3:] = True, True, True, True
FEW = torch.arange(35).reshape(5, 7) % 3 > 0


def pairs(barred, *others):
    """The mask of funcnn, (3, t, s)."""
    allowed = np.broadcast_to(~barred.numpy(), (3, *barred.shape))
    for other in others:
        allowed = allowed & ~other.numpy()[:, None]
    return allowed


def case(make, x, form, *masks, where=..., **named):
    """`masks`: what the network takes behind the arguments that torch has by position; `where`: out that is compared"""
    return make, x, form, masks, where, named


def positions(mask):
    return ~mask.numpy()


RECURRENT, CELLS = (nn.RNN, nn.LSTM, nn.GRU), (nn.RNNCell, nn.LSTMCell, nn.GRUCell)


def of_states(cls, *shape):
    """(the first state of a module, the state of one layer as funcnn takes it)"""
    h, c = drawn(*shape), drawn(*shape) + 1
    if "LSTM" not in cls.__name__:
        return h, h.reshape(-1, 3).numpy()
    return [h, c], (h.reshape(-1, 3).numpy(), c.reshape(-1, 3).numpy())


def with_state(cls, x, form, make, *shape):
    state, ours = of_states(cls, *shape)
    return case(make, (x,), form, None, ours, hx=state)


def encoder_layer(cls=nn.TransformerEncoderLayer, **settings):
    return cls(4, 2, 8, **settings)


def whole(**settings):
    return nn.Transformer(4, 2, 1, 2, 8, **settings)


STYLES = {
    f"{activation} {first} {form}": {"activation": activation, "norm_first": first, "batch_first": form == "rows"}
    for (activation, first), form in product([("relu", False), ("gelu", True)], ("rows", "steps"))
}


def form_of(style):
    return "rows" if style["batch_first"] else "steps"


def of_style(name, style):
    """The cases of attention and transformers in one style."""
    form = form_of(style)
    x, memory = SEQUENCE[form], MEMORY[form]
    layer, decoder = (lambda cls=cls: encoder_layer(cls, **style) for cls in LAYERS)
    attention = lambda **more: nn.MultiheadAttention(4, 2, batch_first=style["batch_first"], **more)
    stack = lambda: nn.TransformerEncoder(layer(), 2, nn.LayerNorm(4), enable_nested_tensor=False)
    decoders = lambda: nn.TransformerDecoder(decoder(), 2, nn.LayerNorm(4))
    seq = lambda: nn.Sequential(nn.Linear(4, 4), layer(), nn.Tanh(), nn.Linear(4, 2))
    keep, kept = positions(PADDED), positions(SPARE)
    wide = torch.cat([memory, memory], -1)
    rows = {
        "attention": case(attention, (x,), form),
        "attention to itself": case(attention, (x, x, x), form),
        "causal attention": case(attention, (x,), form, attn_mask=LATER, is_causal=True),
        "attention to a memory": case(lambda: attention(kdim=8, vdim=8, bias=False), (x, wide, wide), form),
        "to few": case(attention, (x, memory, memory), form, pairs(FEW, SPARE), attn_mask=FEW, key_padding_mask=SPARE),
        "in a chain": case(seq, (x,), form),
        "encoder": case(stack, (x,), form),
        "causal": case(stack, (x,), form, mask=LATER),
        "padded": case(stack, (x,), form, keep, where=keep, src_key_padding_mask=PADDED),
        "padded and causal": case(layer, (x, LATER < 0, PADDED), form, keep, where=keep, is_causal=True),
        "near": case(layer, (x,), form, pairs(FAR), src_mask=FAR.repeat(6, 1, 1)),
        "near and padded": case(
            layer,
            (x,),
            form,
            pairs(FAR, PADDED),
            where=pairs(FAR, PADDED).any(-1),
            src_mask=FAR,
            src_key_padding_mask=PADDED,
        ),
        "decoder": case(decoder, (x, memory), form),
        "decoder of itself": case(decoder, (x, x), form, tgt_key_padding_mask=PADDED & False),
        "decoders": case(decoders, (x, memory), form, kept, tgt_mask=LATER, memory_key_padding_mask=SPARE),
        "to few of the memory": case(decoder, (x, memory), form, pairs(FEW), memory_mask=FEW),
        "padded decoder": case(
            decoder,
            (x, memory),
            form,
            kept,
            where=keep,
            tgt_mask=LATER < 0,
            tgt_key_padding_mask=PADDED,
            memory_key_padding_mask=SPARE,
        ),
        "transformer": case(lambda: whole(**style), (memory, x), form, tgt_mask=LATER),
        "padded transformer": case(
            lambda: whole(**style),
            (memory, x),
            form,
            kept,
            tgt_mask=LATER,
            src_key_padding_mask=SPARE,
            memory_key_padding_mask=SPARE,
        ),
    }
    return {f"{row} {name}": given for row, given in rows.items()}


LAYERS = nn.TransformerEncoderLayer, nn.TransformerDecoderLayer
STACKS = product(RECURRENT, (1, 2), (False, True))
CASES = {
    **{
        f"{cls.__name__} {n} {both} {form}": case(
            lambda cls=cls, n=n, both=both, form=form: cls(
                4, 3, n, bidirectional=both, batch_first=form == "rows", dropout=0.1 * (n - 1)
            ),
            (SEQUENCE.get(form, SEQUENCE["rows"][0]),),
            form,
        )
        for (cls, n, both), form in product(STACKS, ("steps", "one sequence"))
    },
    **{
        f"{cls.__name__} {form}": with_state(cls, x, form, lambda cls=cls: cls(4, 3), *shape)
        for cls in CELLS
        for x, form, shape in [(drawn(5, 4), "one step", (5, 3)), (drawn(4), "one step of one sequence", (3,))]
    },
    **{
        f"{cls.__name__} with a state": with_state(cls, SEQUENCE["steps"], "steps", lambda cls=cls: cls(4, 3), 1, 3, 3)
        for cls in RECURRENT
    },
    "both ways with states": case(
        lambda: nn.GRU(4, 3, bidirectional=True),
        (SEQUENCE["steps"],),
        "steps",
        None,
        tuple(of_states(nn.GRU, 2, 3, 3)[0].numpy()),
        hx=of_states(nn.GRU, 2, 3, 3)[0],
    ),
    "layers with states of 0": case(
        lambda: nn.LSTM(4, 3, 2, bidirectional=True),
        (SEQUENCE["steps"],),
        "steps",
        hx=(torch.zeros(4, 3, 3, dtype=torch.float64),) * 2,
    ),
    "cell without a state": case(lambda: nn.Sequential(nn.RNNCell(4, 3), nn.Linear(3, 2)), (drawn(5, 4),), "one step"),
    "one sequence": case(lambda: encoder_layer(norm_first=True), (drawn(5, 4),), "one sequence", src_mask=LATER),
    **{name: row for style, settings in STYLES.items() for name, row in of_style(style, settings).items()},
}


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested", "ignore:enable_nested_tensor is True")
@pytest.mark.parametrize(("make", "args", "form", "masks", "where", "named"), CASES.values(), ids=CASES)
def test_out_and_gradients_are_those_of_the_module(make, args, form, masks, where, named):
    module = seeded(make).double()
    net = from_torch(module, args if len(args) > 1 else args[0], kwargs=named)
    assert_as_torch(inference(net), module, args, form, masks, where, named)
