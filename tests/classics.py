"""Twenty-two classic mistakes of learners: a function, the wrong backward pass, the right one, and the mistake's name.

They are the mistakes of those who write a network by hand from an article or for a course: a formula with one factor,
sum, transpose or path less than it needs. The names are those of the vocabulary in `LABELS`.
"""

import numpy as np
from attrs import frozen

# The names of mistakes, and what each says about the gradient.
LABELS = {
    "zero gradient": "the gradient of an argument is 0",
    "sign": "the sign is reversed",
    "factor": "a constant factor is missing or too much: 2, 1/m, the size of an axis, a mean in place of a sum",
    "missing dA": "the gradient does not depend on the upstream gradient",
    "doubled dA": "the upstream gradient is multiplied in twice",
    "wrong sum": "summed or averaged over an axis that must remain",
    "missing sum": "of a sum of several gradients only one term is kept, or the sum is not taken",
    "transposed": "a matrix, a permutation or the gradient is transposed, or is not",
    "flipped": "the gradient is reversed along an axis",
    "kernel not flipped": "the gradient of a convolution's input uses the kernel in the order of forward",
    "slope at out": "the slope is computed at the output where it is needed at the input",
    "slope at x": "the formula of the slope takes the output, and was given the input",
    "slope missing": "the gradient is not multiplied by the slope of the activation",
    "branch reversed": "the branches of a slope by cases are exchanged",
    "diagonal only": "of a Jacobian whose outputs depend on several inputs only the diagonal is used",
    "statistics constant": "a norm, or mean and variance, which depend on x, are treated as constants",
    "variance constant": "the mean has a gradient, the variance has none",
    "mean constant": "the variance has a gradient, the mean has none",
    "lost residual": "the identity path beside a branch has no gradient",
    "truncated sequence": "the gradient does not flow back through earlier steps",
}


@frozen
class Classic:
    """A mistake: f, a wrong and the right `vjp(args, dA)`, the arguments, and the name of the mistake."""

    name: str
    label: str
    f: object
    wrong: object
    right: object
    args: tuple


def normal(*shapes, seed=0):
    """Arrays of standard normal numbers."""
    rng = np.random.default_rng(seed)
    return tuple([rng.standard_normal(shape) for shape in shapes])


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def dense(x, W, b):
    return x @ W + b


def dense_vjp(args, dA):
    x, W, _ = args
    return [dA @ W.T, x.T @ dA, dA.sum(axis=0)]


def dense_dx_without_transpose(args, dA):
    x, W, _ = args
    return [dA @ W, x.T @ dA, dA.sum(axis=0)]


def dense_dW_transposed(args, dA):
    x, W, _ = args
    return [dA @ W.T, dA.T @ x, dA.sum(axis=0)]


def dense_db_over_all_axes(args, dA):
    x, W, _ = args
    return [dA @ W.T, x.T @ dA, np.sum(dA)]


def dense_db_mean(args, dA):
    x, W, _ = args
    return [dA @ W.T, x.T @ dA, dA.mean(axis=0)]


def dense_db_without_sum(args, dA):
    x, W, _ = args
    return [dA @ W.T, x.T @ dA, dA]


def neuron(x, W, b):
    return sigmoid(x @ W + b)


def neuron_vjp(args, dA):
    s = neuron(*args)
    return dense_vjp(args, dA * s * (1 - s))


def squared_error(out, y):
    return ((out - y) ** 2).mean()


def squared_error_vjp(args, dA):
    out, y = args
    d = 2 * dA * (out - y) / out.size
    return [d, -d]


def normalise(x):
    return (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-5)


def batch_norm(x, gamma, beta):
    return gamma * normalise(x) + beta


def batch_norm_vjp(args, dA):
    x, gamma, _ = args
    n, d = normalise(x), dA * gamma
    dx = (d - d.mean(axis=0) - n * (d * n).mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-5)
    return [dx, (dA * n).sum(axis=0), dA.sum(axis=0)]


def batch_norm_statistics_constant(args, dA):
    x, gamma, _ = args
    return [dA * gamma / np.sqrt(x.var(axis=0) + 1e-5), (dA * normalise(x)).sum(axis=0), dA.sum(axis=0)]


def batch_norm_no_variance(args, dA):
    x, gamma, _ = args
    d = dA * gamma / np.sqrt(x.var(axis=0) + 1e-5)
    return [d - d.mean(axis=0), (dA * normalise(x)).sum(axis=0), dA.sum(axis=0)]


def convolve(x, W):
    """Images (m, h, w) with one kernel, without padding."""
    rows, columns = x.shape[1] - W.shape[0] + 1, x.shape[2] - W.shape[1] + 1
    return sum([W[i, j] * x[:, i : i + rows, j : j + columns] for i, j in np.ndindex(W.shape)])


def convolve_dW(x, W, dA):
    rows, columns = dA.shape[1:]
    dW = np.zeros_like(W)
    for i, j in np.ndindex(W.shape):
        dW[i, j] = (x[:, i : i + rows, j : j + columns] * dA).sum()
    return dW


def padded(dA, W):
    kh, kw = W.shape
    return np.pad(dA, ((0, 0), (kh - 1, kh - 1), (kw - 1, kw - 1)))


def convolve_vjp(args, dA):
    x, W = args
    return [convolve(padded(dA, W), W[::-1, ::-1]), convolve_dW(x, W, dA)]


def convolve_not_flipped(args, dA):
    x, W = args
    return [convolve(padded(dA, W), W), convolve_dW(x, W, dA)]


def residual(x, W):
    return x + np.tanh(x @ W)


def residual_vjp(args, dA):
    x, W = args
    dz = dA * (1 - np.tanh(x @ W) ** 2)
    return [dA + dz @ W.T, x.T @ dz]


def residual_lost(args, dA):
    x, W = args
    dz = dA * (1 - np.tanh(x @ W) ** 2)
    return [dz @ W.T, x.T @ dz]


def rnn(x, W, U):
    """h_t = tanh(x_t W + h_(t-1) U), from zeros; all h_t."""
    h, every = np.zeros((len(x), len(U))), []
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ W + h @ U)
        every.append(h)
    return np.stack(every, axis=1)


def rnn_vjp(args, dA, *, is_carried=True):
    x, W, U = args
    out, dx, dW, dU = rnn(x, W, U), np.zeros_like(x), np.zeros_like(W), np.zeros_like(U)
    carried = np.zeros_like(out[:, 0])
    for t in reversed(range(x.shape[1])):
        dz = (dA[:, t] + carried) * (1 - out[:, t] ** 2)
        before = out[:, t - 1] if t else np.zeros_like(dz)
        dx[:, t] = dz @ W.T
        dW += x[:, t].T @ dz
        own = dz if is_carried else dA[:, t] * (1 - out[:, t] ** 2)
        dU += before.T @ own
        carried = dz @ U.T
    return [dx, dW, dU]


def rnn_dU_truncated(args, dA):
    return rnn_vjp(args, dA, is_carried=False)


KEEP = 0.75
MASK = np.array([[1, 1, 0, 1, 1], [1, 0, 1, 1, 1], [0, 1, 1, 1, 0]])
IDS = np.array([2, 0, 2, 1, 2, 0])


def embedding_vjp(args, dA):
    dE = np.zeros_like(args[0])
    np.add.at(dE, IDS, dA)
    return [dE]


def embedding_assigned(args, dA):
    dE = np.zeros_like(args[0])
    for i, word in enumerate(IDS):
        dE[word] = dA[i]
    return [dE]


def elementwise(slope):
    """The vjp of an elementwise function whose slope is `slope(x)`."""
    return lambda args, dA: [dA * slope(args[0])]


def softmax_vjp(args, dA):
    p = softmax(args[0])
    return [p * (dA - (p * dA).sum(axis=1, keepdims=True))]


def sigmoid_slope(x):
    return sigmoid(x) * (1 - sigmoid(x))


def relu(x):
    return np.maximum(x, 0)


def mistake(name, label, f, wrong, right, args):
    return Classic(name, label, f, wrong, right, args)


X = normal((3, 5))
SQUARE = normal((4, 3), (3, 3), (3,))
WIDE = normal((4, 3), (3, 2), (2,))
ERRORS = normal((4, 2), (4, 2))
BATCH = normal((6, 3), (3,), (3,))
IMAGES = normal((2, 5, 6), (3, 2))
STEPS = normal((2, 4, 3), (3, 3), (3, 3))

CLASSICS = [
    mistake("dx without transpose", "transposed", dense, dense_dx_without_transpose, dense_vjp, SQUARE),
    mistake("dW = dA.T @ x", "transposed", dense, dense_dW_transposed, dense_vjp, SQUARE),
    mistake("db over all axes", "wrong sum", dense, dense_db_over_all_axes, dense_vjp, WIDE),
    mistake("db is a mean", "factor", dense, dense_db_mean, dense_vjp, WIDE),
    mistake("db = dA", "missing sum", dense, dense_db_without_sum, dense_vjp, WIDE),
    mistake("dz = dA", "slope missing", neuron, dense_vjp, neuron_vjp, WIDE),
    mistake(
        "sigmoid slope at x", "slope at x", sigmoid, elementwise(lambda x: x * (1 - x)), elementwise(sigmoid_slope), X
    ),
    mistake(
        "sigmoid of the output",
        "slope at out",
        sigmoid,
        elementwise(lambda x: sigmoid_slope(sigmoid(x))),
        elementwise(sigmoid_slope),
        X,
    ),
    mistake(
        "sigmoid slope without dA",
        "missing dA",
        sigmoid,
        lambda args, dA: [sigmoid_slope(args[0]) + 0 * dA],
        elementwise(sigmoid_slope),
        X,
    ),
    mistake(
        "tanh slope with x",
        "slope at x",
        np.tanh,
        elementwise(lambda x: 1 - x**2),
        elementwise(lambda x: 1 - np.tanh(x) ** 2),
        X,
    ),
    mistake("relu reversed", "branch reversed", relu, elementwise(lambda x: x <= 0), elementwise(lambda x: x > 0), X),
    mistake(
        "softmax diagonal only",
        "diagonal only",
        softmax,
        elementwise(lambda x: softmax(x) * (1 - softmax(x))),
        softmax_vjp,
        X,
    ),
    mistake(
        "batch norm with constant statistics",
        "statistics constant",
        batch_norm,
        batch_norm_statistics_constant,
        batch_norm_vjp,
        BATCH,
    ),
    mistake(
        "batch norm without variance", "variance constant", batch_norm, batch_norm_no_variance, batch_norm_vjp, BATCH
    ),
    mistake("kernel not flipped", "kernel not flipped", convolve, convolve_not_flipped, convolve_vjp, IMAGES),
    mistake("lost residual", "lost residual", residual, residual_lost, residual_vjp, SQUARE[:2]),
    mistake("dU truncated", "truncated sequence", rnn, rnn_dU_truncated, rnn_vjp, STEPS),
    mistake(
        "1/m forgotten",
        "factor",
        squared_error,
        lambda args, dA: [2 * dA * (args[0] - args[1]), 2 * dA * (args[1] - args[0])],
        squared_error_vjp,
        ERRORS,
    ),
    mistake(
        "2 forgotten",
        "factor",
        squared_error,
        lambda args, dA: [d / 2 for d in squared_error_vjp(args, dA)],
        squared_error_vjp,
        ERRORS,
    ),
    mistake(
        "y - out",
        "sign",
        squared_error,
        lambda args, dA: [-d for d in squared_error_vjp(args, dA)],
        squared_error_vjp,
        ERRORS,
    ),
    mistake(
        "dropout without 1/keep",
        "factor",
        lambda x: x * MASK / KEEP,
        lambda args, dA: [dA * MASK],
        lambda args, dA: [dA * MASK / KEEP],
        X,
    ),
    mistake(
        "embedding assigned, not added",
        "missing sum",
        lambda table: table[IDS],
        embedding_assigned,
        embedding_vjp,
        normal((4, 3)),
    ),
]
