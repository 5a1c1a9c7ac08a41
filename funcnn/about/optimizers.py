"""Cards of the optimizers; the equations of those that take g, or g and p, are those of each number, from 0 on."""

from __future__ import annotations

from funcnn.about.card import Card
from funcnn.optimizers.adam import Adam, AdamW, AMSGrad, NAdam, RAdam
from funcnn.optimizers.adaptive import Adadelta, Adagrad, RMSProp
from funcnn.optimizers.average import Average
from funcnn.optimizers.momentum import Lion, Momentum
from funcnn.optimizers.muon import Muon
from funcnn.optimizers.transforms import L2, ClipNorm, ClipValue, Decay, Rates

_MEANS = (r"m = <b1> m + (1 - <b1>) g", r"v = <b2> v + (1 - <b2>) g^2")
_MEAN, _ROOT = r"m / (1 - <b1>^t)", r"\sqrt{v / (1 - <b2>^t)} + <eps>"

CARDS = {
    Momentum: Card(
        latex=("m = <beta> m + g", "m"),
        settings=((0.9,), (0.5,)),
        takes=("g",),
        torch="torch.optim:SGD",
        jax="optax:trace",
    ),
    Lion: Card(
        latex=(r"s = \operatorname{sign}(<b1> m + (1 - <b1>) g)", "m = <b2> m + (1 - <b2>) g", "s"),
        settings=((0.9, 0.99), (0.8, 0.95)),
        takes=("g",),
        jax="optax:scale_by_lion",
        mistakes=(("one beta for both", "the paper has two", r"\operatorname{sign}(m)"),),
    ),
    Adam: Card(
        latex=(*_MEANS, rf"\frac{{{_MEAN}}}{{{_ROOT}}}"),
        settings=((0.9, 0.999, 1e-8), (0.8, 0.95, 0.01)),
        takes=("g",),
        torch="torch.optim:Adam",
        jax="optax:scale_by_adam",
    ),
    AdamW: Card(
        latex=(*_MEANS, rf"\frac{{{_MEAN}}}{{{_ROOT}}} + <decay> p"),
        settings=((0.8, 0.95, 0.01, 0.2),),
        takes=("g", "p"),
        torch="torch.optim:AdamW",
    ),
    AMSGrad: Card(
        latex=(*_MEANS, r"w = \max(w, v)", rf"\frac{{{_MEAN}}}{{{_ROOT.replace('v', 'w')}}}"),
        settings=((0.8, 0.7, 0.01),),
        takes=("g",),
    ),
    NAdam: Card(
        latex=(*_MEANS, rf"\frac{{\hat{{m}}}}{{{_ROOT}}}"),
        settings=((0.8, 0.95, 0.01, 0.3),),
        torch="torch.optim:NAdam",
    ),
    RAdam: Card(
        latex=(*_MEANS, rf"r_t \frac{{{_MEAN}}}{{{_ROOT}}}"),
        settings=((0.8, 0.95, 0.01),),
        torch="torch.optim:RAdam",
        jax="optax:scale_by_radam",
    ),
    RMSProp: Card(
        latex=(r"v = <rho> v + (1 - <rho>) g^2", r"\frac{g}{\sqrt{v} + <eps>}"),
        settings=((0.9, 1e-8), (0.8, 0.01)),
        takes=("g",),
        torch="torch.optim:RMSprop",
    ),
    Adagrad: Card(
        latex=("v = v + g^2", r"\frac{g}{\sqrt{v} + <eps>}"),
        settings=((1e-10,), (0.01,)),
        takes=("g",),
        torch="torch.optim:Adagrad",
    ),
    Adadelta: Card(
        latex=(
            r"v = <rho> v + (1 - <rho>) g^2",
            r"s = \sqrt{\frac{u + <eps>}{v + <eps>}} g",
            r"u = <rho> u + (1 - <rho>) s^2",
            "s",
        ),
        settings=((0.9, 1e-6), (0.8, 0.01)),
        takes=("g",),
        torch="torch.optim:Adadelta",
        jax="optax:scale_by_adadelta",
    ),
    Muon: Card(latex=("M = <beta> M + G", r"\sqrt{\max(1, n_{out} / n_{in})} U V^\top"), torch="torch.optim:Muon"),
    ClipNorm: Card(
        latex=r"g \min(1, \frac{<norm>}{\lVert g \rVert})", settings=((0.5,),), jax="optax:clip_by_global_norm"
    ),
    ClipValue: Card(latex=r"\max(\min(g, <value>), -<value>)", settings=((0.5,),), takes=("g",), jax="optax:clip"),
    Decay: Card(latex="g + <rate> p", settings=((0.1,),), takes=("g", "p"), jax="optax:add_decayed_weights"),
    L2: Card(latex="g + <rate> p", settings=((0.1,),), takes=("g", "p"), jax="optax:add_decayed_weights"),
    Rates: Card(latex="f_i g_i", settings=(((("*", 0.5),),),)),
    Average: Card(latex="g", settings=((0.9,),), takes=("g",)),
}
