"""Unit 5, softmax and cross-entropy. Write the functions, and run: python -m funcnn.teach check exercises/unit5.py

z has one example in each row and one class in each column. y has the same shape, with 1 at the true class.
"""

import numpy as np

from funcnn import accuracy, backward, forward, mlp, predict, sgd, softmax_cross_entropy
from funcnn.teach import diagnose, exercise, expect
from funcnn.testing import check_vjp

NEXT = "unit 6: read the page 6_layer, then write exercises/unit6.py"
Z = np.array([[0.5, -1.0, 2.0], [0.0, 0.25, -0.5]])


def softmax(z):
    """The probabilities of each row: (m, k) to (m, k)."""
    raise NotImplementedError


@exercise(
    "Write a softmax that takes large logits",
    page="'Probabilities' in 5_softmax",
    hint="Subtract z.max(axis=1, keepdims=True) first. With keepdims the result is a column, one number for each row.",
)
def test_softmax():
    expect("softmax([[ln 1, ln 2, ln 5]])", softmax(np.log([[1.0, 2.0, 5.0]])), [[0.125, 0.25, 0.625]])
    expect("the sum of each row", softmax(Z).sum(axis=1), [1, 1])
    with np.errstate(all="ignore"):
        found = softmax(np.array([[1000.0, 1000.0], [-1000.0, 0.0]]))
    expect("softmax([[1000, 1000], [-1000, 0]])", found, [[0.5, 0.5], [0, 1]])


def softmax_vjp(args, dA):
    """A list with the gradient of z. args is (z,)."""
    raise NotImplementedError


@exercise(
    "Write its backward pass",
    page="'The gradient' in 5_softmax",
    hint="Compute p first. The sum over j is one number for each row.",
    tutor=lambda: diagnose(softmax, softmax_vjp, [Z]),
)
def test_softmax_vjp():
    check_vjp(softmax, softmax_vjp, [Z], float32=False)
    check_vjp(softmax, softmax_vjp, [Z[:, :2]], float32=False)


def cross_entropy(z, y):
    """The mean of the cross-entropy of the examples, and its gradient with respect to z: (cost, dz)."""
    raise NotImplementedError


@exercise(
    "Compute the cross-entropy and its gradient",
    page="'The gradient' in 5_softmax",
    hint="The gradient is (p - y) / m. Compute ln p as z - max - ln(sum of e^(z - max)), so that it is never ln 0.",
)
def test_cross_entropy():
    y = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    for name, z in (("Z", Z), ("1000 Z", 1000 * Z)):
        theirs, their_dz = softmax_cross_entropy(z, y)
        with np.errstate(all="ignore"):
            cost, dz = cross_entropy(z, y)
        expect(f"the cost of {name}", cost, theirs)
        expect(f"the gradient of {name}", dz, their_dz)

    def cost_of(z):
        return cross_entropy(z, y)[0]

    def cost_vjp(args, dA):
        return [dA * cross_entropy(args[0], y)[1]]

    check_vjp(cost_of, cost_vjp, [Z], float32=False)


def classify(x, y):
    """The parameters of a network of your choice, after training on x (m, 2) and y (m, 3). At most 1000 steps."""
    raise NotImplementedError


@exercise(
    "Train a classifier",
    page="'A classifier' in 5_softmax",
    hint="mlp([2, 16, 3], seed=0) and a learning rate of 0.5 are enough. The rings need a hidden layer.",
)
def test_classify():
    random = np.random.default_rng(0)
    label = np.arange(300) % 3
    radius, angle = label + 0.5 + random.uniform(-0.3, 0.3, 300), random.uniform(0, 2 * np.pi, 300)
    x = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)  # three rings
    params = classify(x[:200], np.eye(3)[label[:200]])
    right = accuracy(predict(params, x[200:]), label[200:])
    assert right > 0.9, f"of 100 new examples more than 90 % must be right, not {100 * right:.0f} %"


def probabilities(z):
    """The softmax of moderate logits. It is right."""
    return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)


def probabilities_vjp(args, dA):
    """A list with the gradient of z. It is wrong: run the check, read its message, repair the function."""
    (z,) = args
    p = probabilities(z)
    return [dA * p * (1 - p)]


@exercise(
    "Find the mistake in the backward pass of softmax",
    page="'The gradient' in 5_softmax",
    hint="How many probabilities does one logit change? Which of them does the function use?",
    mistake=True,
    tutor=lambda: diagnose(probabilities, probabilities_vjp, [Z]),
)
def test_probabilities_vjp():
    check_vjp(probabilities, probabilities_vjp, [Z], float32=False)
