"""Cards of the optimizers; the equations of those that take g, or g and p, are those of each number, from 0 on."""

from __future__ import annotations

from functools import partial

from funcnn.about.card import Card
from funcnn.optimizers.adam import Adam, AdamW, AMSGrad, NAdam, RAdam
from funcnn.optimizers.adaptive import Adadelta, Adagrad, RMSProp
from funcnn.optimizers.average import Average
from funcnn.optimizers.momentum import Lion, Momentum
from funcnn.optimizers.muon import Muon
from funcnn.optimizers.scheduled import Scheduled
from funcnn.optimizers.transforms import L2, ClipNorm, ClipValue, Decay, Rates
from funcnn.schedules.decays import cosine

_of_g = partial(Card, takes=("g",))
_of_g_and_p = partial(Card, takes=("g", "p"))
_MEANS = r"m = <b1> m + (1 - <b1>) g", r"v = <b2> v + (1 - <b2>) g^2"
_MEAN, _ROOT = r"m / (1 - <b1>^t)", r"\sqrt{v / (1 - <b2>^t)} + <eps>"
_ADAM, _FEW = rf"\frac{{{_MEAN}}}{{{_ROOT}}}", (0.8, 0.95, 0.01)
_SQUARES = r"v = <rho> v + (1 - <rho>) g^2"
_LION = r"s = \operatorname{sign}(<b1> m + (1 - <b1>) g)", "m = <b2> m + (1 - <b2>) g", "s"
_ADADELTA = _SQUARES, r"s = \sqrt{\frac{u + <eps>}{v + <eps>}} g", r"u = <rho> u + (1 - <rho>) s^2", "s"

_DECAY = _of_g_and_p(latex="g + <rate> p", settings=((0.1,),), jax="optax:add_decayed_weights")

CARDS: dict[type, Card] = {
    Momentum: _of_g(latex=("m = <beta> m + g", "m"), settings=((0.9,), (0.5,)), jax="optax:trace"),
    Lion: _of_g(
        latex=_LION,
        settings=((0.9, 0.99), (0.8, 0.95)),
        jax="optax:scale_by_lion",
        mistakes=(("one beta for both", "the paper has two", r"\operatorname{sign}(m)"),),
    ),
    Adam: _of_g(latex=(*_MEANS, _ADAM), settings=((0.9, 0.999, 1e-8), _FEW), jax="optax:scale_by_adam"),
    AdamW: _of_g_and_p(latex=(*_MEANS, rf"{_ADAM} + <decay> p"), settings=((*_FEW, 0.2),), torch="torch.optim:AdamW"),
    AMSGrad: _of_g(latex=(*_MEANS, r"w = \max(w, v)", _ADAM.replace("v", "w")), settings=((0.8, 0.7, 0.01),)),
    NAdam: Card(
        latex=(*_MEANS, rf"\frac{{\hat{{m}}}}{{{_ROOT}}}"), settings=((*_FEW, 0.3),), torch="torch.optim:NAdam"
    ),
    RAdam: Card(latex=(*_MEANS, rf"r_t {_ADAM}"), settings=(_FEW,), jax="optax:scale_by_radam"),
    RMSProp: _of_g(latex=(_SQUARES, r"\frac{g}{\sqrt{v} + <eps>}"), settings=((0.9, 1e-8), (0.8, 0.01))),
    Adagrad: _of_g(latex=("v = v + g^2", r"\frac{g}{\sqrt{v} + <eps>}"), settings=((1e-10,), (0.01,))),
    Adadelta: _of_g(latex=_ADADELTA, settings=((0.9, 1e-6), (0.8, 0.01)), jax="optax:scale_by_adadelta"),
    Muon: Card(latex=("M = <beta> M + G", r"\sqrt{\max(1, n_{out} / n_{in})} U V^\top"), torch="torch.optim:Muon"),
    ClipNorm: Card(latex=r"g \min(1, <norm> / \lVert g \rVert)", settings=((0.5,),), jax="optax:clip_by_global_norm"),
    ClipValue: _of_g(latex=r"\max(\min(g, <value>), -<value>)", settings=((0.5,),), jax="optax:clip"),
    Decay: _DECAY,
    L2: _DECAY,
    Rates: Card(latex="f_i g_i", settings=(((("*", 0.5),),),)),
    Average: _of_g(latex="g", settings=((0.9,),)),
    Scheduled: Card(latex="g'_t", settings=((Momentum(), (("beta", cosine(0.95, 4, final=0.5)),)),)),
}
