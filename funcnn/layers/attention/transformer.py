"""The block that transformers are stacks of: attention, then two dense layers for each place, both past a residual."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcnn.annotations import Seed, seed_words
from funcnn.fields import check_sizes
from funcnn.initializers import Initializer, glorot_uniform
from funcnn.layers.activations.base import Gelu
from funcnn.layers.attention.self_attention import Attention
from funcnn.layers.combinators.first import First
from funcnn.layers.combinators.residual import Residual
from funcnn.layers.dense import Dense
from funcnn.layers.dropout import Dropout
from funcnn.layers.normalisation.norm import LayerNorm
from funcnn.layers.positions import Rotary


def transformer_block(
    n: int,
    heads: int,
    hidden: int,
    *,
    seed: Seed,
    causal: bool = False,
    pre_norm: bool = True,
    dropout: float = 0.0,
    rotary: Rotary | None = None,
    activation: Any = Gelu(),  # noqa: B008  a value, which nobody can change
    weights: Initializer = glorot_uniform,
    dtype: Any = np.float64,
) -> tuple[Any, ...]:
    """A chain: h = x + attention(norm(x)), out = h + dense(activation(dense(norm(h)))); n features in and out.

    Without `pre_norm` it is that of the first paper, h = norm(x + attention(x)), out = norm(h + dense(...(h))), whose
    gradients are large at the start, so that it wants a warm-up. `hidden` features are between the two dense layers,
    mostly 4 n. `dropout` is the rate at which entries of what each branch adds are dropped; 0 leaves the layer out.

    x: (m, t, n), or (x, mask), and so is out: `First` carries the mask past the layers that know none. With `causal`,
    `step` generates. A stack of pre-norm blocks ends in a LayerNorm of its own.

    Attention, the dense layers and the dropouts draw from children 0, 1, 2 and 3, 4 of the seed.

    Vaswani et al. 2017, Attention Is All You Need, section 3.1; Xiong et al. 2020, On Layer Normalization in the
    Transformer Architecture, table 1.

    >>> import numpy as np
    >>> from funcnn import forward, transformer_block
    >>> block = transformer_block(4, 2, 16, seed=0, causal=True)
    >>> forward(block, np.ones((3, 5, 4)))[0].shape
    (3, 5, 4)
    >>> print(block[1].layer.layer[2])
    Gelu()

    Raises:
        RangeError: a size is less than 1, heads does not divide n, or dropout is not in [0, 1).
    """
    check_sizes("transformer_block", {"n": n, "heads": heads, "hidden": hidden})
    words = seed_words(seed)

    def dense(i: int, n_in: int, n_out: int) -> Dense:
        return Dense.init(n_in, n_out, seed=(*words, i), weights=weights, dtype=dtype)

    norm = (LayerNorm.init(n, dtype=dtype),)
    before, after = (norm, ()) if pre_norm else ((), norm)
    drop = [(Dropout(rate=dropout, seed=(*words, i)),) if dropout else () for i in (3, 4)]
    attention = Attention.init(n, heads, seed=(*words, 0), causal=causal, rotary=rotary, weights=weights, dtype=dtype)
    places = (*before, dense(1, n, hidden), activation, dense(2, hidden, n), *drop[1])
    return (
        Residual((*map(First, before), attention, *map(First, drop[0]))),
        *map(First, after),
        Residual(First(places)),
        *map(First, after),
    )
