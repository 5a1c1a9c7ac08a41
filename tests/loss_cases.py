"""Every loss of funcnn with drawn settings, outputs, targets and weights: what the laws of losses are tested on."""

from functools import partial
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from funcnn import Sigmoid, forward, huber, losses, softmax_cross_entropy
from funcnn.about import card_of
from funcnn.testing import strategies as fst
from tests import cards as about


class Case(NamedTuple):
    """A loss and its arguments; `terms` is the shape of its terms, and weights have the first axes of it."""

    loss: Any
    out: Any
    y: Any
    terms: tuple[int, ...]


pairs = fst.tensors("m k", "m k") | fst.tensors("m t k", "m t k")
trios = fst.tensors("m k", "m k", "m k") | fst.tensors("m t k", "m t k", "m t k")
of_classes = pairs.filter(lambda arrays: arrays[0].shape[-1] > 1)  # the softmax of one logit is always 1
gammas = st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.5])


def of_outputs(name, of=lambda out: out, targets=lambda y: y, **settings):
    """Cases of a loss with a term for each output."""

    def made(arrays, chosen):
        out, y = arrays
        return Case(with_settings(name, chosen), of(out), targets(y), out.shape)

    return st.builds(made, pairs, st.fixed_dictionaries(settings))


def with_settings(name, settings):
    return partial(getattr(losses, name, None), **settings) if settings else getattr(losses, name)


def probabilities(a):
    return forward(Sigmoid(), a)[0]


def distributions(y, least):
    """Rows with the sum 1, now and then of a single class, or with classes that do not occur."""
    y = np.where(y < least, 0, np.exp(np.clip(y, -30, 30)))
    return y / np.where(y.sum(axis=-1, keepdims=True) == 0, 1, y.sum(axis=-1, keepdims=True))


@st.composite
def of_softmax(draw, name, *, soft=distributions, classes=True, **settings):
    """Cases of a loss of logits with a term for each example; y holds distributions, or classes."""
    out, y = draw(of_classes)
    loss = with_settings(name, draw(st.fixed_dictionaries(settings)))
    if classes and draw(st.booleans()):
        labels = hnp.arrays(int, out.shape[:-1], elements=st.integers(0, out.shape[-1] - 1))
        return Case(loss, out, draw(labels), out.shape[:-1])
    return Case(loss, out, soft(y, draw(st.sampled_from([-np.inf, 0.0, 1.0]))), out.shape[:-1])


@st.composite
def of_triples(draw, name):
    [out] = draw(fst.tensors("m 3 d"))
    margins = hnp.arrays(float, out.shape[:1], elements=st.sampled_from([0, 0.25, 1, 4]))
    return Case(getattr(losses, name), out, draw(margins), out.shape[:1])


def of_directions(name):
    def made(arrays):
        out, y = arrays
        out = np.where((out == 0).all(axis=-1, keepdims=True), 1.0, out)  # where the loss jumps
        return Case(getattr(losses, name), out, y, out.shape[:-1])

    return pairs.map(made)


def of_two(name):
    def made(arrays):
        mu, s, y = arrays
        return Case(getattr(losses, name), (mu, np.clip(s, -10, 30)), y, y.shape)

    return trios.map(made)


@st.composite
def masks_of(draw, name):
    """A loss with one term for each output, or for each example, at positions of which some are padded."""
    case = draw(of_two("gaussian_nll") | of_softmax("softmax_cross_entropy") | of_outputs("mse"))
    mask = draw(st.none() | hnp.arrays(bool, case.terms[: draw(st.integers(1, len(case.terms)))]))
    return case._replace(loss=getattr(losses, name)(case.loss), out=(case.out, mask))


@st.composite
def of_several(draw, name):
    [a, b, y] = draw(fst.tensors("m k", "m k", "m k").filter(lambda arrays: arrays[0].shape[1] > 1))
    labels = draw(hnp.arrays(int, len(a), elements=st.integers(0, a.shape[1] - 1)))
    factors = draw(st.none() | st.sampled_from([(0.5, 3), (0, 1.0)]))
    return Case(getattr(losses, name)(huber, softmax_cross_entropy, factors=factors), (a, b), (y, labels), a.shape[:1])


CASES = {
    "mse": of_outputs("mse"),
    "mae": of_outputs("mae"),
    "huber": of_outputs("huber", delta=st.sampled_from([0.5, 1.0, 3.0])),
    "log_cosh": of_outputs("log_cosh"),
    "quantile": of_outputs("quantile", q=st.sampled_from([0.25, 0.5, 0.875])),
    "binary_cross_entropy": of_outputs(
        "binary_cross_entropy", lambda out: 0.05 + 0.9 * probabilities(out), lambda y: 0.05 + 0.9 * probabilities(y)
    ),
    "binary_cross_entropy_with_logits": of_outputs("binary_cross_entropy_with_logits", targets=probabilities),
    "softmax_cross_entropy": of_softmax(
        "softmax_cross_entropy", soft=lambda y, _: probabilities(y), smoothing=st.sampled_from([0.0, 0.125])
    ),  # the sum of soft labels may be anything
    "kl_divergence": of_softmax("kl_divergence", classes=False),
    "binary_focal": of_outputs("binary_focal", targets=lambda y: y > 0, gamma=gammas),
    "softmax_focal": of_softmax("softmax_focal", gamma=gammas),
    "hinge": of_outputs("hinge", targets=lambda y: y > 0),
    "squared_hinge": of_outputs("squared_hinge", targets=lambda y: y > 0),
    "triplet": of_triples("triplet"),
    "cosine_distance": of_directions("cosine_distance"),
    "poisson_nll": of_outputs("poisson_nll", lambda out: np.clip(out, -800, 30), abs),
    "gaussian_nll": of_two("gaussian_nll"),
    "masked": masks_of("masked"),
    "joint": of_several("joint"),
}
OF_KINDS = {
    "numbers": lambda a: a,
    "probabilities": lambda a: 0.05 + 0.9 * probabilities(a),
    "unit": probabilities,
    "bits": lambda a: a > 0,
    "counts": abs,
}
for name, loss in about.LOSSES.items():
    of, targets = [OF_KINDS[kind] for kind in card_of(loss).takes]
    names = about.settings_of(loss)[0]
    drawn = {one: st.sampled_from([settings[one] for settings in about.settings_of(loss)]) for one in names}
    CASES.setdefault(name, of_outputs(name, of, targets, **drawn))
# Names of the namespace that are no losses, or losses of the cases above: each law calls `weighted(loss)`.
OTHERS = {"of_complex", "of_logits", "normalised", "weighted"}


def weights(case):
    """Weights for each term, for each of the first axes or for each row; some are 0."""
    shapes = st.sampled_from([case.terms[: i + 1] for i in range(len(case.terms))])
    return hnp.arrays(float, shapes, elements=st.sampled_from([0, 0.5, 1, 3]))


@st.composite
def arguments(draw, name):
    """(case, weight)"""
    case = draw(CASES[name])
    return case, draw(weights(case))
