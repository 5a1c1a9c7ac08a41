"""What the tests of curvature share: networks with parameters everywhere, a loss of any output, and cases of losses."""

from functools import partial

import numpy as np

from funcnn import Grads, backward, forward, gradient, losses, mse, record, softmax_cross_entropy, tree_map
from funcnn.arrays import is_float
from funcnn.traits import takes_complex
from funcnn.trees import leaves, map_parameters, to_vector
from tests.cards import further
from tests.peers.cases import untied


def floats(tree):
    """The arrays of floats in a tree: ids and masks are none."""
    return [leaf for leaf in leaves(tree) if is_float(leaf)]


def with_floats(f, tree):
    """f of each array of floats in x or out, and None for ids and masks."""
    if type(tree) is tuple:
        return tuple([with_floats(f, part) for part in tree])
    return f(tree) if tree is not None and is_float(tree) else None


@record
class Shifted:
    """x plus a parameter for each of its numbers, so that what follows is differentiated by x too."""

    by: tuple


@forward.register(Shifted)
def shifted_forward(params, x):
    shifts = iter(params.by)
    moved = lambda a: a if a is None or not is_float(a) else a + next(shifts)
    each = lambda tree: tuple(map(each, tree)) if type(tree) is tuple else moved(tree)
    return each(x), ()


@backward.register(Shifted)
def shifted_backward(params, cache, dA):
    parts = dA if type(dA) is tuple else (dA,)
    return Grads(gradient(params, by=tuple(flat(parts))), dA)


def plain(loss):
    """The same loss, which does not say that it takes complex numbers."""

    def undeclared(out, y):
        return loss(out, y)

    return undeclared


def flat(parts):
    for part in parts:
        if type(part) is tuple:
            yield from flat(part)
        elif part is not None:
            yield part


takes_complex.register(Shifted)(lambda _: True)


@record
class Undeclared:
    """The identity, which does not say that it takes complex numbers."""


forward.register(Undeclared)(lambda _, x: (x, ()))
backward.register(Undeclared)(lambda params, _, dA: Grads(params, dA))


@losses.of_complex
def quadratic(out, y):
    """The sum of y o + o^2 / 2 over all numbers o of all outputs, with a weight y for each of them"""
    outs, weights = list(flat(with_floats(lambda a: a, (out,)))), iter(y)
    cost = sum([(w * o + o * o / 2).sum() for w, o in zip(y, outs, strict=True)])
    return cost, with_floats(lambda o: next(weights) + o, out)


def generic(tree, rng):
    """The tree with numbers among which there are no ties and no kinks."""
    return tree_map(lambda a: rng.normal(size=a.shape) if is_float(a) else a, tree)


def network(layer, which):
    """(net, x, y, v) of a layer's case, for the loss `quadratic`."""
    rng = np.random.default_rng(abs(which))
    params, x = [*untied(layer, abs(which))][which]
    net = (Shifted(tuple([rng.normal(size=a.shape) for a in floats((x,))])), params) if floats((x,)) else (params,)
    y = tuple([rng.normal(size=o.shape) for o in floats((forward(net, x)[0],))])
    return net, x, y, map_parameters(lambda a: rng.normal(size=a.shape), net)


def in_80_bits(loss, net, x, y, v):
    """The product with the Hessian by a complex step in NumPy's longest floats."""
    step = np.longdouble(2.0**-100)
    net, x, v = [tree_map(lambda a: a.astype(np.clongdouble) if is_float(a) else a, tree) for tree in (net, x, v)]
    moved = map_parameters(lambda p, d: p + 1j * step * d, net, v)
    out, cache = forward(moved, x)
    return to_vector(backward(moved, cache, loss(out, y)[1]).params).imag / step


rng = np.random.default_rng(7)
OUT, Y, BITS = rng.normal(size=(5, 3)), rng.normal(size=(5, 3)), rng.integers(0, 2, (5, 3))
CLASSES, SHARES = rng.integers(0, 3, 5), rng.dirichlet(np.ones(3), 5)
# The loss, out and y by name.
LOSSES = {
    "mse": (mse, OUT, Y),
    "mae": (losses.mae, OUT, Y),
    "huber": (losses.huber, OUT, Y),
    "log_cosh": (losses.log_cosh, OUT, Y),
    "quantile": (partial(losses.quantile, q=0.9), OUT, Y),
    "binary_cross_entropy": (losses.binary_cross_entropy, rng.uniform(0.1, 0.9, (5, 3)), BITS),
    "binary_cross_entropy_with_logits": (losses.binary_cross_entropy_with_logits, OUT, BITS),
    "softmax_cross_entropy": (softmax_cross_entropy, OUT, CLASSES),
    "softmax_cross_entropy, soft labels": (softmax_cross_entropy, OUT, SHARES),
    "softmax_cross_entropy, smoothed": (partial(softmax_cross_entropy, smoothing=0.1), OUT, CLASSES),
    "kl_divergence": (losses.kl_divergence, OUT, SHARES),
    "binary_focal": (losses.binary_focal, OUT, BITS),
    "softmax_focal": (losses.softmax_focal, OUT, CLASSES),
    "softmax_focal, soft labels": (partial(losses.softmax_focal, gamma=0.5), OUT, SHARES),
    "hinge": (losses.hinge, OUT, BITS),
    "squared_hinge": (losses.squared_hinge, OUT, BITS),
    "triplet": (losses.triplet, rng.normal(size=(5, 3, 2)), np.full(5, 0.5)),
    "cosine_distance": (losses.cosine_distance, OUT, Y),
    "poisson_nll": (losses.poisson_nll, OUT, rng.integers(0, 9, (5, 3))),
    "gaussian_nll": (losses.gaussian_nll, (OUT, rng.normal(size=(5, 3))), Y),
}
LOSSES |= further(LOSSES, (5, 3))


def shifted(out):
    """(net, v) of a loss: the output is the input plus parameters."""
    net = (Shifted(tuple([0.01 * rng.normal(size=a.shape) for a in floats((out,))])),)
    return net, map_parameters(lambda a: rng.normal(size=a.shape), net)
