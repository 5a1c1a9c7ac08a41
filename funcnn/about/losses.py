"""Cards of the losses. Each of "numbers" and "probabilities" has a term; other outs have one for each example."""

from __future__ import annotations

from functools import partial

from funcnn.about.card import Card
from funcnn.losses.classification import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    kl_divergence,
    softmax_cross_entropy,
)
from funcnn.losses.focal import binary_focal, softmax_focal
from funcnn.losses.likelihoods import gaussian_nll, poisson_nll
from funcnn.losses.margins import hinge, squared_hinge, triplet
from funcnn.losses.regression import huber, log_cosh, mae, mse, quantile
from funcnn.losses.similarity import cosine_distance

_numbers = partial(Card, takes=("numbers", "numbers"))
_bits = partial(Card, takes=("numbers", "bits"))
_classes = partial(Card, takes=("rows", "classes"))
_TORCH, _OPTAX = "torch.nn.functional:", "optax.losses:"
_CLIPPED = "e = out - y", r"s = \max(\min(e, <delta>), -<delta>)", "s (e - s / 2)"
_FOCAL = r"q = \frac{1}{1 + e^{(1 - 2 y) out}}", r"-(1 - q)^{<gamma>} \log(q)"
_LIKELIHOOD = r"(\mu, s) = out", r"\frac{1}{2} (s + (\mu - y)^2 e^{-s})"
_SOFTMAX = r"p = \operatorname{softmax}(out)"
_GAMMAS = (2.0,), (0.5,), (3.0,)

CARDS = {
    mse: _numbers(latex="(out - y)^2", torch=f"{_TORCH}mse_loss", jax=f"{_OPTAX}squared_error", rational=True),
    mae: _numbers(latex=r"\lvert out - y \rvert", torch=f"{_TORCH}l1_loss", rational=True),
    huber: _numbers(latex=_CLIPPED, settings=((1.0,), (0.5,), (3.0,)), jax=f"{_OPTAX}huber_loss", rational=True),
    log_cosh: _numbers(latex=("e = out - y", r"\log(\cosh(e))"), jax=f"{_OPTAX}log_cosh"),
    quantile: _numbers(
        latex=("e = out - y", r"\max(e, 0) - <q> e"), settings=((0.25,), (0.5,), (0.875,)), rational=True
    ),
    binary_cross_entropy: Card(
        latex=r"-y \log(out) - (1 - y) \log(1 - out)",
        takes=("probabilities", "unit"),
        torch=f"{_TORCH}binary_cross_entropy",
    ),
    binary_cross_entropy_with_logits: Card(
        latex=r"\log(1 + e^{out}) - y out",
        takes=("numbers", "unit"),
        torch=f"{_TORCH}binary_cross_entropy_with_logits",
        jax=f"{_OPTAX}sigmoid_binary_cross_entropy",
    ),
    binary_focal: _bits(latex=_FOCAL, settings=_GAMMAS),
    hinge: _bits(latex=r"\max(0, 1 - (2 y - 1) out)", rational=True),
    squared_hinge: _bits(latex=r"\max(0, 1 - (2 y - 1) out)^2", rational=True),
    poisson_nll: Card(latex="e^{out} - y out", takes=("numbers", "counts")),
    gaussian_nll: Card(
        latex=_LIKELIHOOD,
        symbols=(("mu", "the first part of out"), ("s", "the second part of out")),
        takes=("pairs", "numbers"),
    ),
    softmax_cross_entropy: _classes(latex=(_SOFTMAX, r"-\log p_y"), settings=((0.0,), (0.125,))),
    softmax_focal: _classes(latex=(_SOFTMAX, r"-(1 - p_y)^{<gamma>} \log p_y"), settings=_GAMMAS),
    kl_divergence: Card(latex=(_SOFTMAX, r"\sum_i y_i (\log y_i - \log p_i)"), takes=("rows", "distributions")),
    cosine_distance: Card(latex=r"1 - \cos(out, y)", takes=("rows", "numbers"), jax=f"{_OPTAX}cosine_distance"),
    triplet: Card(
        latex=("(a, p, n) = out", r"\max(0, \lvert a - p \rvert^2 - \lvert a - n \rvert^2 + y)"),
        symbols=(("a", "out[:, 0]"), ("p", "out[:, 1]"), ("n", "out[:, 2]")),
        takes=("triples", "margins"),
        rational=True,
    ),
}
