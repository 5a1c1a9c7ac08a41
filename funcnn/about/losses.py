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
_GAMMAS = ((2.0,), (0.5,), (3.0,))

CARDS = {
    mse: _numbers(
        rational=True, latex="(out - y)^2", torch="torch.nn.functional:mse_loss", jax="optax.losses:squared_error"
    ),
    mae: _numbers(rational=True, latex=r"\lvert out - y \rvert", torch="torch.nn.functional:l1_loss"),
    huber: _numbers(
        rational=True,
        latex=("e = out - y", r"s = \max(\min(e, <delta>), -<delta>)", "s (e - s / 2)"),
        settings=((1.0,), (0.5,), (3.0,)),
        torch="torch.nn.functional:huber_loss",
        jax="optax.losses:huber_loss",
    ),
    log_cosh: _numbers(latex=("e = out - y", r"\log(\cosh(e))"), jax="optax.losses:log_cosh"),
    quantile: _numbers(
        rational=True,
        latex=("e = out - y", r"\max(e, 0) - <q> e"),
        settings=((0.25,), (0.5,), (0.875,)),
    ),
    binary_cross_entropy: Card(
        latex=r"-y \log(out) - (1 - y) \log(1 - out)",
        takes=("probabilities", "unit"),
        torch="torch.nn.functional:binary_cross_entropy",
    ),
    binary_cross_entropy_with_logits: Card(
        latex=r"\log(1 + e^{out}) - y out",
        takes=("numbers", "unit"),
        torch="torch.nn.functional:binary_cross_entropy_with_logits",
        jax="optax.losses:sigmoid_binary_cross_entropy",
    ),
    binary_focal: _bits(
        latex=(r"q = \frac{1}{1 + e^{(1 - 2 y) out}}", r"-(1 - q)^{<gamma>} \log(q)"),
        settings=_GAMMAS,
    ),
    hinge: _bits(rational=True, latex=r"\max(0, 1 - (2 y - 1) out)"),
    squared_hinge: _bits(rational=True, latex=r"\max(0, 1 - (2 y - 1) out)^2"),
    poisson_nll: Card(latex="e^{out} - y out", takes=("numbers", "counts")),
    gaussian_nll: Card(
        latex=(r"(\mu, s) = out", r"\frac{1}{2} (s + (\mu - y)^2 e^{-s})"),
        symbols=(("mu", "the first part of out"), ("s", "the second part of out")),
        takes=("pairs", "numbers"),
    ),
    softmax_cross_entropy: Card(
        latex=(r"p = \operatorname{softmax}(out)", r"-\log p_y"),
        settings=((0.0,), (0.125,)),
        takes=("rows", "classes"),
        jax="optax.losses:softmax_cross_entropy_with_integer_labels",
    ),
    softmax_focal: Card(
        latex=(r"p = \operatorname{softmax}(out)", r"-(1 - p_y)^{<gamma>} \log p_y"),
        settings=_GAMMAS,
        takes=("rows", "classes"),
    ),
    kl_divergence: Card(
        latex=(r"p = \operatorname{softmax}(out)", r"\sum_i y_i (\log y_i - \log p_i)"),
        takes=("rows", "distributions"),
    ),
    cosine_distance: Card(
        latex=r"1 - \frac{out \cdot y}{\lvert out \rvert \lvert y \rvert}",
        takes=("rows", "numbers"),
        jax="optax.losses:cosine_distance",
    ),
    triplet: Card(
        rational=True,
        latex=("(a, p, n) = out", r"\max(0, \lvert a - p \rvert^2 - \lvert a - n \rvert^2 + y)"),
        symbols=(("a", "out[:, 0]"), ("p", "out[:, 1]"), ("n", "out[:, 2]")),
        takes=("triples", "margins"),
    ),
}
