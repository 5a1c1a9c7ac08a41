"""The transformer block: attention, then two dense layers at each position, each part with a residual connection."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcnn.checked import checked
from funcnn.initializers import Initializer, draw, draw_bias, glorot_uniform
from funcnn.layers.activations.smooth import Gelu
from funcnn.layers.attention.heads import OfRotary, check_heads
from funcnn.layers.attention.self_attention import Attention
from funcnn.layers.checks import Held
from funcnn.layers.combinators.first import First
from funcnn.layers.combinators.residual import Residual
from funcnn.layers.dense import Dense
from funcnn.layers.dropout import Dropout
from funcnn.layers.normalisation.norm import LayerNorm
from funcnn.needs import Flag, FloatDtype, Fraction, Seed, words_of
from funcnn.sizes import Size


@checked
def transformer_block(
    n: Size,
    heads: Size,
    hidden: Size,
    *,
    seed: Seed,
    causal: Flag = False,
    pre_norm: Flag = True,
    dropout: Fraction = 0.0,
    attention_dropout: Fraction = 0.0,
    rotary: OfRotary | None = None,
    activation: Held[Any] = Gelu(),  # noqa: B008  an immutable value
    weights: Initializer = glorot_uniform,
    dtype: FloatDtype = np.float64,
) -> tuple[Any, ...]:
    """A chain: h = x + attention(norm(x)), out = h + dense(activation(dense(norm(h)))); n features in and out.

    Without `pre_norm` it is the block of the first paper, h = norm(x + attention(x)), out = norm(h + dense(...(h))).
    The gradients of that block are large at the start, so it needs a `warm_up`. The two dense layers have `hidden`
    features between them, usually 4 n. `dropout` is the dropout rate at the end of each branch, `attention_dropout` of
    the attention weights; 0 leaves the layer out.

    x: (m, t, n), or (x, mask); out has the form of x, since `First` passes the mask around layers that take none. With
    `causal`, `step` takes a sequence part by part. A stack of pre-norm blocks needs a LayerNorm at its end.

    Attention draws from child 0 of the seed, the dense layers from 1 and 2, the dropouts from 3 and 4.

    Vaswani et al. 2017, Attention Is All You Need, section 3.1; Xiong et al. 2020, On Layer Normalization in the
    Transformer Architecture, table 1.

    >>> import numpy as np
    >>> from funcnn import forward, transformer_block
    >>> block = transformer_block(4, 2, 16, seed=0, causal=True)
    >>> forward(block, np.ones((3, 5, 4)))[0].shape
    (3, 5, 4)

    Raises:
        RangeError: heads does not divide n.
    """
    function = "transformer_block"
    check_heads(function, n, heads)
    words = words_of(seed)

    def dense(i: int, n_in: int, n_out: int) -> Dense:
        W = draw(function, "weights", weights, (*words, i), (n_in, n_out), dtype)
        return Dense(W, draw_bias(n_out, dtype, bias=True))

    positionwise = (dense(1, n, hidden), activation, dense(2, hidden, n))
    norm = (LayerNorm.init(n, dtype=dtype),)
    before, after = (norm, ()) if pre_norm else ((), norm)
    drop = [(Dropout(rate=dropout, seed=(*words, i)),) if dropout else () for i in (3, 4)]
    settings: Any = {"causal": causal, "rotary": rotary, "dropout": attention_dropout}
    attention = Attention.init(n, heads, seed=(*words, 0), **settings, weights=weights, dtype=dtype)
    return (
        Residual((*map(First, before), attention, *map(First, drop[0]))),
        *map(First, after),
        Residual(First((*before, *positionwise, *drop[1]))),
        *map(First, after),
    )
