"""Optimizers, transformations of gradients, and constraints."""

from funcnn import AdamW, ClipNorm, Momentum, cosine, update
from funcnn.optimizers import (
    L2,
    Average,
    ClipValue,
    Decay,
    Rates,
    Scheduled,
    averaged,
    init,
    nonnegative,
    project,
    unit_norm,
)
from tests.kinds.kinds import GRADS, NET, array, layer, tree
from tests.kinds.rows import kind, row

A = update(Average(), GRADS, NET)[1]
UPDATED = (Momentum(), AdamW(), ClipNorm(1.0), ClipValue(1.0), Decay(0.1), L2(0.1), Rates((("*", 1.0),)), A, ())
ROWS = [
    row(Rates, factors=kind((("0.W", 0.1), ("*", 1.0)))),
    row(Average, sums=kind(None, "None; 0-d; record")),
    row(update),
    row(Scheduled, optimizer=kind(Momentum()), settings=kind((("beta", cosine(0.9, 9)),))),
    row(init, optimizer=kind(Momentum()), params=tree),
    *[row(update, f"update({type(one).__name__})", optimizer=kind(one)) for one in UPDATED],
    row(averaged, optimizer=kind((A,))),
    row(project, params=layer | "record", onto=kind(nonnegative), where=kind("*.W")),
    *[row(constraint, p=array | "0-d") for constraint in (nonnegative, unit_norm)],
]
