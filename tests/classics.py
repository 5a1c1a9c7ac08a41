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
    # Of a part of a function, and of what a backward pass returns.
    "lost path": "a path has no gradient; a value receives the sum of the gradients of its uses",
    "term left out": "a term of a sum is left out, such as an example, or a round of a loop",
    "max to all": "dA goes to other entries than the largest one, which alone has a slope",
    "wrong slope": "the slope has another formula",
    "slope of dA": "the slope or the mask is computed from dA, and must be computed from the input",
    "doubled factor": "a factor or a slope is multiplied in twice",
    "wrong value": "another value has the place of the one that the rule needs",
    "wrong gradient": "another gradient has the place of the upstream gradient",
    "updated weights": "the weights after the step are used, and must be those of the forward pass",
    "missing keepdims": "without keepdims=True a sum for each row is added to the columns",
    "shape": "the numbers are right, and an axis of length 1 is missing or too much",
    "order": "the gradients are returned in another order",
    "term without dA": "a term without dA is added to the gradient, or subtracted from dA",
    "dA added": "dA is added, and must be multiplied",
    "slope too much": "a slope is a factor where f has no such function",
    "factor too late": "a factor is multiplied in after the sums, and must be before them",
    "paths multiplied": "the gradients of two paths are multiplied, and must be added",
    "several mistakes": "each wrong gradient has a mistake of its own",
    "changed in place": "your backward changes its argument in place",
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


sigmoid = lambda x: 1 / (1 + np.exp(-x))


def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


dense = lambda x, W, b: x @ W + b


def dense_vjp(args, dA):
    x, W, _ = args
    return [dA @ W.T, x.T @ dA, dA.sum(axis=0)]


def dense_but(i, wrong):
    """The vjp of dense, with `wrong(x, W, dA)` as the gradient of its argument i."""

    def vjp(args, dA):
        grads = dense_vjp(args, dA)
        grads[i] = wrong(*args[:2], dA)
        return grads

    return vjp


neuron = lambda x, W, b: sigmoid(x @ W + b)


def neuron_vjp(args, dA):
    s = neuron(*args)
    return dense_vjp(args, dA * s * (1 - s))


squared_error = lambda out, y: ((out - y) ** 2).mean()


def squared_error_vjp(args, dA):
    out, y = args
    d = 2 * dA * (out - y) / out.size
    return [d, -d]


normalise = lambda x: (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-5)
batch_norm = lambda x, gamma, beta: gamma * normalise(x) + beta


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


residual = lambda x, W: x + np.tanh(x @ W)


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


rnn_dU_truncated = lambda args, dA: rnn_vjp(args, dA, is_carried=False)


KEEP = 0.75
MASK = np.array([[1, 1, 0, 1, 1], [1, 0, 1, 1, 1], [0, 1, 1, 1, 0]])
IDS = np.array([2, 0, 2, 1, 2, 0])
dropout = lambda x: x * MASK / KEEP
dropout_vjp = lambda args, dA: [dA * MASK / KEEP]
embedding = lambda table: table[IDS]


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


sigmoid_slope = lambda x: sigmoid(x) * (1 - sigmoid(x))
sigmoid_without_dA = lambda args, dA: [sigmoid_slope(args[0]) + 0 * dA]
softmax_diagonal = lambda x: softmax(x) * (1 - softmax(x))
relu = lambda x: np.maximum(x, 0)


def of_dense(name, label, i, wrong, args):
    return Classic(name, label, dense, dense_but(i, wrong), dense_vjp, args)


def of_slope(name, label, f, wrong, right):
    return Classic(name, label, f, elementwise(wrong), elementwise(right), X)


def of_batch_norm(name, label, wrong):
    return Classic(name, label, batch_norm, wrong, batch_norm_vjp, BATCH)


def of_error(name, label, factor):
    wrong = lambda args, dA: [factor * d for d in squared_error_vjp(args, dA)]
    return Classic(name, label, squared_error, wrong, squared_error_vjp, ERRORS)


X = normal((3, 5))
SQUARE = normal((4, 3), (3, 3), (3,))
WIDE = normal((4, 3), (3, 2), (2,))
ERRORS = normal((4, 2), (4, 2))
BATCH = normal((6, 3), (3,), (3,))
IMAGES = normal((2, 5, 6), (3, 2))
STEPS = normal((2, 4, 3), (3, 3), (3, 3))
TABLE = normal((4, 3))

CLASSICS = [
    of_dense("dx without transpose", "transposed", 0, lambda x, W, dA: dA @ W, SQUARE),
    of_dense("dW = dA.T @ x", "transposed", 1, lambda x, W, dA: dA.T @ x, SQUARE),
    of_dense("db over all axes", "wrong sum", 2, lambda x, W, dA: np.sum(dA), WIDE),
    of_dense("db is a mean", "factor", 2, lambda x, W, dA: dA.mean(axis=0), WIDE),
    of_dense("db = dA", "missing sum", 2, lambda x, W, dA: dA, WIDE),
    Classic("dz = dA", "slope missing", neuron, dense_vjp, neuron_vjp, WIDE),
    of_slope("sigmoid slope at x", "slope at x", sigmoid, lambda x: x * (1 - x), sigmoid_slope),
    of_slope("sigmoid of the output", "slope at out", sigmoid, lambda x: sigmoid_slope(sigmoid(x)), sigmoid_slope),
    Classic("sigmoid slope without dA", "missing dA", sigmoid, sigmoid_without_dA, elementwise(sigmoid_slope), X),
    of_slope("tanh slope with x", "slope at x", np.tanh, lambda x: 1 - x**2, lambda x: 1 - np.tanh(x) ** 2),
    of_slope("relu reversed", "branch reversed", relu, lambda x: x <= 0, lambda x: x > 0),
    Classic("softmax diagonal only", "diagonal only", softmax, elementwise(softmax_diagonal), softmax_vjp, X),
    of_batch_norm("batch norm with constant statistics", "statistics constant", batch_norm_statistics_constant),
    of_batch_norm("batch norm without variance", "variance constant", batch_norm_no_variance),
    Classic("kernel not flipped", "kernel not flipped", convolve, convolve_not_flipped, convolve_vjp, IMAGES),
    Classic("lost residual", "lost residual", residual, residual_lost, residual_vjp, SQUARE[:2]),
    Classic("dU truncated", "truncated sequence", rnn, rnn_dU_truncated, rnn_vjp, STEPS),
    of_error("1/m forgotten", "factor", ERRORS[0].size),
    of_error("2 forgotten", "factor", 1 / 2),
    of_error("y - out", "sign", -1),
    Classic("dropout without 1/keep", "factor", dropout, lambda args, dA: [dA * MASK], dropout_vjp, X),
    Classic("embedding assigned, not added", "missing sum", embedding, embedding_assigned, embedding_vjp, TABLE),
]
