"""Homework, a layer of bumps. Write the functions, and run: python -m funcnn.teach check exercises/homework.py

x has one example in each row. A function that ends in _vjp gets the arguments of the forward function as a tuple, and
dA, which has the shape of its output. It returns a list or a tuple with one gradient for each argument. No function may
change its arguments. You may use all of funcnn and NumPy; neither has this layer.
"""

import numpy as np

from funcnn import Array, Dense, Grads, backward, forward, gradient, predict, record, sgd
from funcnn.losses import binary_cross_entropy_with_logits
from funcnn.teach import diagnose, diagnose_layer, exercise, expect
from funcnn.testing import check_layer, check_vjp

NEXT = "the last part, in words: 'The explanation' in homework"


def numbers(random, *shape):
    """Different positive numbers with one decimal, in an array that cannot be changed."""
    made = np.array((random.permutation(40)[: np.prod(shape, dtype=int)].reshape(shape) + 1) / 20)
    made.flags.writeable = False
    return made


def by_hand():
    """D, dx and dC as lists, from a pencil, for the numbers in test_by_hand: (D, dx, dC)."""
    raise NotImplementedError


@exercise(
    "Compute distances and their gradients with a pencil",
    page="'The derivation' in homework",
    hint="dx[0] adds over the centres: 1 * 2 * (1 - 0, 2 - 0) - 1 * 2 * (1 - 1, 2 - 1).",
)
def test_by_hand(seed=0):  # the numbers of the pencil are the same for every seed
    x, C = np.array([[1.0, 2.0], [0.0, 1.0]]), np.array([[0.0, 0.0], [1.0, 1.0]])
    dA = np.array([[1.0, -1.0], [2.0, 0.0]])
    D, dx, dC = by_hand()
    apart = x[:, None] - C
    right = {"D": (apart**2).sum(2), "dx": np.einsum("ikj,ik->ij", 2 * apart, dA)}
    right["dC"] = -np.einsum("ikj,ik->kj", 2 * apart, dA)
    for (name, numbers_), found in zip(right.items(), (D, dx, dC), strict=True):
        assert np.shape(found) == numbers_.shape, f"{name} must have the shape {numbers_.shape}, not {np.shape(found)}"
        wrong = [f"{name}{place}" for place in np.argwhere(np.asarray(found) != numbers_).tolist()]
        assert not wrong, f"{', '.join(wrong)}: not right"


def distances(x, C):
    """D[i, k] = |x_i - c_k|^2, the squared distance of example i and centre k. x: (m, n), C: (k, n), D: (m, k)"""
    return ((x[:, None] - C) ** 2).sum(axis=2)


def distances_vjp(args, dA):
    """The gradients of x and C. dA has the shape (m, k)."""
    raise NotImplementedError


@exercise(
    "Write the backward pass of squared distances",
    page="'The derivation' in homework",
    hint="2 * (x[:, None] - C) * dA[:, :, None] has the shape (m, k, n). Which axis does each gradient add over?",
    tutor=lambda: diagnose(distances, distances_vjp, (numbers(np.random.default_rng(0), 3, 2), np.ones((2, 2)))),
)
def test_distances_vjp(seed=0):
    random = np.random.default_rng(seed)
    for m, k, n in [(3, 2, 2), (1, 3, 1), (2, 1, 3), (2, 2, 4)]:
        check_vjp(distances, distances_vjp, (numbers(random, m, n), numbers(random, k, n)), float32=False)


@record
class Bumps:
    """out[i, k] = exp(-b_k |x_i - c_k|^2): unit k is 1 at its centre c_k and falls off around it. C: (k, n), b: (k,)"""

    C: Array
    b: Array


@forward.register(Bumps)
def bumps_forward(params, x):
    """The output, and the cache that backward needs."""
    raise NotImplementedError


@backward.register(Bumps)
def bumps_backward(params, cache, dA):
    """Grads(gradient(params, C=..., b=...), dx)"""
    raise NotImplementedError


@exercise(
    "Write the layer",
    page="'The derivation' in homework",
    hint="The layer is a chain: distances, times -b, exp. The dA of distances is -b * dA * out. b_k acts on all rows. "
    "In a message, f is your forward rule and vjp your backward rule.",
    tutor=lambda: diagnose_layer(
        Bumps(np.array([[0.5, 1.0], [1.5, 0.25]]), np.array([0.5, 2.0])), numbers(np.random.default_rng(0), 3, 2)
    ),
)
def test_bumps(seed=0):
    random = np.random.default_rng(seed)
    at_centre = predict(Bumps(np.array([[1.0, 2.0]]), np.array([np.log(2)])), np.array([[1.0, 2.0], [1.0, 3.0]]))
    expect("the output at the centre, and at the distance 1 with b = ln 2", at_centre, [[1], [0.5]])
    for m, k, n in [(3, 2, 2), (1, 3, 1), (2, 1, 3), (4, 2, 3)]:
        layer, x = Bumps(numbers(random, k, n), numbers(random, k)), numbers(random, m, n)
        right = [[np.exp(-b * sum((row - c) ** 2)) for c, b in zip(layer.C, layer.b, strict=True)] for row in x]
        expect(f"the output for x = {x.tolist()} and {layer}", predict(layer, x), right)
        check_layer(layer, x, float32=False)


def start(x, k, seed):
    """A layer Bumps with k units that can all learn from x (m, n), whatever the unit of measure of x is."""
    raise NotImplementedError


@exercise(
    "Choose first parameters that can learn",
    page="'First parameters' in homework",
    hint="Rows of x as centres are never far from the data. b times a squared distance must be near 1: what is the "
    "mean squared distance of the rows from their mean?",
)
def test_start(seed=0):
    random = np.random.default_rng(seed)
    for scale in (1.0, 0.01, 300.0):
        x = scale * (random.normal(size=(60, 3)) + random.uniform(-5, 5, 3))
        x.flags.writeable = False
        layer = start(x, 8, seed)
        assert isinstance(layer, Bumps), f"start must return a Bumps, not {type(layer).__name__}"
        assert (layer.C.shape, layer.b.shape) == ((8, 3), (8,)), f"C and b must be (8, 3) and (8,), not {layer}"
        assert len(np.unique(layer.C, axis=0)) == 8, "two units have the same centre, so they may stay equal"
        out, text = predict(layer, x), f"for numbers of x near {scale:g},"
        assert (out.max(axis=0) > 0.5).all(), f"{text} a unit is below 0.5 for all rows: {out.max(axis=0).round(3)}"
        assert (out.mean(axis=0) < 0.9).all(), f"{text} a unit is near 1 for all rows: {out.mean(axis=0).round(3)}"
        assert (out.mean(axis=0) > 0.02).all(), f"{text} a unit is 1 at its centre alone: {out.mean(axis=0).round(3)}"


def stuck(layer, x):
    """Which units of Bumps cannot move: True where each slope of out[i, k] for an entry of c_k is below 1e-9 in size.

    The result is an array of k booleans.
    """
    raise NotImplementedError


@exercise(
    "Find the units that cannot move",
    page="'A gradient that fails' in homework",
    hint="The slope is 2 b (x - c) out. It is 0 for a small output, but not only then: look at the other factors.",
)
def test_stuck(seed=0):
    random = np.random.default_rng(seed)
    far = random.uniform(0.3, 1, (6, 2)) * random.choice([-1, 1], (6, 2))
    near = np.concatenate([far, [[0.02, -0.01]]])
    C = np.array([[0.0, 0.0], [40.0, 0.0], [0.5, -0.5], [0.0, 0.0], [0.2, 0.3], [0.0, 5.5]])
    b, order = np.array([1.0, 1.0, 0.0, 900.0, 1e-8, 0.3]), random.permutation(6)
    for x, right in ((near, [0, 1, 1, 0, 0, 0]), (far, [0, 1, 1, 1, 0, 0]), (np.zeros((6, 2)), [1, 1, 1, 1, 0, 0])):
        x.flags.writeable = False
        found = stuck(Bumps(C[order], b[order]), x)
        assert np.shape(found) == (6,), f"the result must have the shape (6,), not {np.shape(found)}"
        for unit, one in zip(order, found, strict=True):
            can = f"{'cannot' if right[unit] else 'can'} move, for x = {x.round(2).tolist()}"
            assert bool(one) == right[unit], f"the unit with c = {C[unit].tolist()} and b = {b[unit]:g} {can}"


def train(x, y):
    """A network (Bumps, Dense) with one output, after training: x is (m, 2), y is (m, 1) with labels 0 and 1.

    The output is a logit, above 0 where the label is 1. 1000 steps are enough.
    """
    raise NotImplementedError


@exercise(
    "Train it on data",
    page="'The data' in homework",
    hint="(start(x, 12, 0), Dense.init(12, 1, seed=0)), the loss binary_cross_entropy_with_logits, and the four lines.",
)
def test_train(seed=0):
    random = np.random.default_rng(seed)
    for inner in (0.0, 1.0):  # the label of the disc inside the ring
        label = np.arange(300) % 2
        radius, angle = random.uniform(0, 1, 300) + 1.5 * label, random.uniform(0, 2 * np.pi, 300)
        x = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1) + random.uniform(-2, 2, 2)
        y = abs(label - inner)[:, None]
        x.flags.writeable = y.flags.writeable = False
        params = train(x[:200], y[:200])
        kinds = [type(layer).__name__ for layer in params] if isinstance(params, tuple) else type(params).__name__
        assert kinds == ["Bumps", "Dense"], f"the network must be (Bumps, Dense), not {kinds}"
        out = predict(params, x[200:])
        assert out.shape == (100, 1), f"the network must have one output, not the shape {out.shape} for 100 examples"
        right = float(((out > 0) == y[200:]).mean())
        assert right > 0.9, f"of 100 new examples more than 90 % must be right, not {100 * right:.0f} %"


def bell(D, b):
    """exp(-b D), as in the layer. D: (m, k), b: (k,)"""
    return np.exp(-b * D)


def bell_vjp(args, dA):
    """The gradients of D and b. One is wrong: run the check, read its message, repair the function."""
    D, b = args
    return -b * dA * bell(D, b), -(dA * D).sum(axis=0)


@exercise(
    "Find the mistake in a bell curve",
    page="'The derivation' in homework",
    hint="The derivative of e^u is e^u times the derivative of u. Which gradient has lost a factor?",
    mistake=True,
    tutor=lambda: diagnose(bell, bell_vjp, (np.array([[0.5, 1.0], [1.5, 0.25], [2.0, 0.75]]), np.array([0.5, 2.0]))),
)
def test_bell_vjp(seed=0):
    random = np.random.default_rng(seed)
    for m, k in [(3, 2), (1, 3), (4, 1)]:
        check_vjp(bell, bell_vjp, (numbers(random, m, k), numbers(random, k)), float32=False)
