"""Unit 5, softmax and cross-entropy. Write the functions, and run: python -m funcnn.teach check exercises/unit5.py

z has one example in each row and one class in each column. y has the same shape, with 1 at the true class.
"""

import numpy as np

from funcnn import accuracy, backward, forward, mlp, predict, sgd, softmax_cross_entropy
from funcnn.teach import diagnose, diagnose_answer, exercise, expect
from funcnn.teach.course.classifier import observe, rings
from funcnn.teach.course.unit5 import CROSS_ENTROPY, SOFTMAX
from funcnn.testing import check_vjp

NEXT = "unit 6: read the page 6_layer, then write exercises/unit6.py"
Z = np.array([[0.5, -1.0, 2.0], [0.0, 0.25, -0.5]])
SHAPES = [(1, 4), (3, 3), (4, 2)]
TUTORED = np.array([[0.5, -1.0, 2.0], [0.1, 0.25, -0.5], [-0.3, 0.7, 1.1], [1.4, -0.6, 0.2]])


def numbers(random, *shape):
    """Different numbers with one decimal, without 0, in an array that cannot be changed."""
    made = np.array((random.permutation(40)[: np.prod(shape, dtype=int)].reshape(shape) - 19.5) / 5)
    made.flags.writeable = False
    return made


def softmax(z):
    """The probabilities of each row: (m, k) to (m, k)."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


@exercise(
    "Write a softmax that takes large logits",
    page="'Probabilities' in 5_softmax",
    hint="Subtract z.max(axis=1, keepdims=True) first. With keepdims the result is a column, one number for each row.",
    tutor=lambda: diagnose_answer(softmax, SOFTMAX),
)
def test_softmax(seed=0):
    expect("softmax([[ln 1, ln 2, ln 5]])", softmax(np.log([[1.0, 2.0, 5.0]])), [[0.125, 0.25, 0.625]])
    assert isinstance(softmax(Z), np.ndarray), f"softmax must return an array, not a {type(softmax(Z)).__name__}"
    random = np.random.default_rng(seed)
    for shape in SHAPES:
        z, large = numbers(random, *shape), 1000 * numbers(random, shape[0], 1)
        right = [np.exp(row) / sum(np.exp(row)) for row in z]
        expect(f"softmax({z.tolist()})", softmax(z), right, tolerance=1e-12)
        with np.errstate(all="ignore"):
            found, sure = softmax(z + large), softmax(np.array([[1000.0, -1000.0]]))
        expect(f"softmax({(z + large).tolist()})", found, right)
        expect("softmax([[1000, -1000]])", sure, [[1, 0]])


def softmax_vjp(args, dA):
    """A list with the gradient of z. args is (z,)."""
    (z,) = args
    p = softmax(z)
    return [p * (dA - (dA * p).sum(axis=1, keepdims=True))]


@exercise(
    "Write its backward pass",
    page="'The gradient' in 5_softmax",
    hint="Compute p first. The sum over j is one number for each row.",
    tutor=lambda: diagnose(softmax, softmax_vjp, [TUTORED]),
)
def test_softmax_vjp(seed=0):
    random = np.random.default_rng(seed)
    for z in [Z, Z[:, :2], *[numbers(random, *shape) for shape in SHAPES]]:
        check_vjp(softmax, softmax_vjp, [z], float32=False)


def cross_entropy(z, y):
    """The mean of the cross-entropy of the examples, and its gradient with respect to z, an array: (cost, dz)."""
    shifted = z - z.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -(y * log_p).sum() / len(z), (np.exp(log_p) - y) / len(z)


@exercise(
    "Compute the cross-entropy and its gradient",
    page="'The gradient' in 5_softmax",
    hint="The gradient is (p - y) / m. Compute ln p as z - max - ln(sum of e^(z - max)), so that it is never ln 0.",
    tutor=lambda: diagnose_answer(cross_entropy, CROSS_ENTROPY),
)
def test_cross_entropy(seed=0):
    random = np.random.default_rng(seed)
    for z in [Z, *[numbers(random, *shape) for shape in SHAPES]]:
        y = np.eye(z.shape[1])[random.integers(z.shape[1], size=len(z))]
        for logits in (z, 1000 * z):
            y.flags.writeable = logits.flags.writeable = False
            theirs, their_dz = softmax_cross_entropy(logits, y)
            with np.errstate(all="ignore"):
                cost, dz = cross_entropy(logits, y)
            expect(f"the cost of z = {logits.tolist()} and y = {y.tolist()}", cost, theirs, tolerance=1e-12)
            expect(f"the gradient of z = {logits.tolist()} and y = {y.tolist()}", dz, their_dz, tolerance=1e-12)
            assert isinstance(dz, np.ndarray), f"the gradient must be an array, not a {type(dz).__name__}"

        def cost_of(z, y=y):
            return cross_entropy(z, y)[0]

        def cost_vjp(args, dA, y=y):
            return [dA * cross_entropy(args[0], y)[1]]

        check_vjp(cost_of, cost_vjp, [z], float32=False)


def classify(x, y):
    """The parameters of a network of your choice, after training on x (m, 2) and y (m, 3).

    The network ends with logits, without a softmax. 1000 steps are enough.
    """
    params = mlp([2, 16, 3], seed=0)
    for _ in range(500):
        out, cache = forward(params, x)
        _, dA = softmax_cross_entropy(out, y)
        params = sgd(params, backward(params, cache, dA), 0.5)
    return params


@exercise(
    "Train a classifier",
    page="'A classifier' in 5_softmax",
    hint="mlp([2, 16, 3], seed=0) and a learning rate of 0.5 are enough. The rings need a hidden layer.",
    tutor=lambda: observe(classify, *rings(200)),
)
def test_classify(seed=0):
    random = np.random.default_rng(seed)
    order = random.permutation(3)
    for classes in (order, order[[1, 2, 0]]):
        ring = np.arange(300) % 3
        radius, angle = ring + 0.5 + random.uniform(-0.3, 0.3, 300), random.uniform(0, 2 * np.pi, 300)
        x, label = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1), classes[ring]  # three rings
        y = np.eye(3)[label]
        x.flags.writeable = y.flags.writeable = False
        out = predict(classify(x[:200], y[:200]), x[200:])
        assert out.shape == (100, 3), f"the outputs must have a column for each class, (100, 3), not {out.shape}"
        assert not np.allclose(out.sum(axis=1), 1), (
            "the sum of each row is 1: end the network with logits, not with a softmax"
        )
        right = accuracy(out, label[200:])
        assert right > 0.9, f"of 100 new examples more than 90 % must be right, not {100 * right:.0f} %"


def probabilities(z):
    """The softmax of moderate logits. It is right."""
    return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)


def probabilities_vjp(args, dA):
    """A list with the gradient of z. It is wrong: run the check, read its message, repair the function."""
    (z,) = args
    p = probabilities(z)
    return [p * (dA - (dA * p).sum(axis=1, keepdims=True))]


@exercise(
    "Find the mistake in the backward pass of softmax",
    page="'The gradient' in 5_softmax",
    hint="How many probabilities does one logit change? Which of them does the function use?",
    mistake=True,
    tutor=lambda: diagnose(probabilities, probabilities_vjp, [TUTORED]),
)
def test_probabilities_vjp(seed=0):
    random = np.random.default_rng(seed)
    for z in [Z, *[numbers(random, *shape) for shape in SHAPES]]:
        check_vjp(probabilities, probabilities_vjp, [z], float32=False)
