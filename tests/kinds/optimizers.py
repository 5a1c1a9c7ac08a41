"""Optimizers, transformations of gradients, and constraints."""

import attrs

from funcnn import Adam, AdamW, ClipNorm, Momentum, update
from funcnn.optimizers import (
    L2,
    Adadelta,
    Adagrad,
    AMSGrad,
    Average,
    ClipValue,
    Decay,
    Lion,
    Muon,
    NAdam,
    RAdam,
    Rates,
    RMSProp,
    averaged,
    nonnegative,
    project,
    unit_norm,
)
from tests.cards import OPTIMIZERS
from tests.kinds.kinds import GRADS, NET, array, count, flag, fraction, grads, layer, number
from tests.kinds.rows import kind, row

where = kind("*", "text")
memory, t = kind(()), count
A = update(Average(), GRADS, NET)[1]


def of(cls, **settings):
    return row(cls, **settings, memory=memory, t=t)


adam = {"b1": fraction, "b2": fraction, "eps": number}
ROWS = [
    of(Momentum, beta=fraction, nesterov=flag),
    *[of(cls, **adam) for cls in (Adam, RAdam, AMSGrad)],
    of(AdamW, **adam, decay=number, where=where),
    of(NAdam, **adam, psi=number),
    of(RMSProp, rho=fraction, eps=number, centred=flag, momentum=fraction),
    of(Adagrad, eps=number),
    of(Adadelta, rho=fraction, eps=number),
    of(Lion, b1=fraction, b2=fraction),
    of(Muon, **adam, beta=fraction, nesterov=flag),
    row(ClipNorm, norm=number),
    row(ClipValue, value=number),
    *[row(cls, rate=number, where=where) for cls in (Decay, L2)],
    row(Rates, factors=kind((("0.W", 0.1), ("*", 1.0)))),
    row(Average, beta=fraction, sums=kind(None, "None; 0-d; record"), t=count),
    *[
        row(update, f"update({type(one).__name__})", optimizer=kind(one), grads=grads, params=layer)
        for one in (
            Momentum(),
            AdamW(),
            ClipNorm(1.0),
            ClipValue(1.0),
            Decay(0.1),
            L2(0.1),
            Rates((("*", 1.0),)),
            A,
            (),
        )
    ],
    row(averaged, optimizer=kind((A,)), params=layer),
    row(project, params=layer | "record", onto=kind(nonnegative), where=kind("*.W")),
    row(nonnegative, p=array | "0-d"),
    row(unit_norm, p=array | "0-d"),
]
KINDS = {"Fraction": fraction, "Rate": number, "Positive": number, "bool": flag, "Where": where}
for cls in OPTIMIZERS:
    if cls not in [one.function for one in ROWS]:
        fields = [field for field in attrs.fields(cls) if "state" not in field.metadata]
        ROWS.append(of(cls, **{field.name: KINDS[field.type] for field in fields}))
