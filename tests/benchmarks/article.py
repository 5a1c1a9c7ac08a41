"""The classes of the article that funcnn's experiments follow, written from its text.

Features are rows, examples are columns. A layer keeps its input and what it computed; gradients and steps change the
layer in place. Bakhuis 2020, A Neural Network from Scratch.
"""

import numpy as np

from tests.benchmarks.timing import Contender
from tests.benchmarks.workloads import LR, Workload


class DenseLayer:
    """A layer of `units` neurons with an activation: "sigmoid", "relu", "tanh", or "" for none."""

    def __init__(self, n_in, units, activation="", multiplier=0.01):
        self.activation, self.slope = {
            "sigmoid": (self.sigmoid, self.sigmoid_slope),
            "relu": (self.relu, self.relu_slope),
            "tanh": (self.tanh, self.tanh_slope),
            "": (self.linear, self.linear_slope),
        }[activation]
        self.W = np.random.randn(units, n_in) * multiplier  # noqa: NPY002  the article's generator
        self.b = np.zeros((units, 1))

    def sigmoid(self, Z):
        return 1 / (1 + np.exp(-Z))

    def sigmoid_slope(self, dA):
        s = 1 / (1 + np.exp(-self.Z))
        return dA * s * (1 - s)

    def relu(self, Z):
        return np.maximum(0, Z)

    def relu_slope(self, dA):
        dZ = np.array(dA, copy=True)
        dZ[self.Z <= 0] = 0
        return dZ

    def tanh(self, Z):
        return np.tanh(Z)

    def tanh_slope(self, dA):
        return dA * (1 - np.tanh(self.Z) ** 2)

    def linear(self, Z):
        return Z

    def linear_slope(self, dA):
        return dA

    def forward(self, A):
        """The output of the layer; A and Z are kept for `backward`."""
        self.A = A
        self.Z = np.dot(self.W, A) + self.b
        return self.activation(self.Z)

    def backward(self, dA):
        """The gradients of W and b are kept, that of A is returned."""
        dZ, m = self.slope(dA), self.A.shape[1]
        self.dW = np.dot(dZ, self.A.T) / m
        self.db = np.sum(dZ, axis=1, keepdims=True) / m
        return np.dot(self.W.T, dZ)

    def update(self, lr):
        """A step of gradient descent."""
        self.W = self.W - lr * self.dW
        self.b = self.b - lr * self.db


class NeuralNetwork:
    """Layers one after another, and a loss: "cross-entropy" of probabilities, or "mse"."""

    def __init__(self, loss="cross-entropy", multiplier=0.01):
        self.layers, self.multiplier = [], multiplier
        self.cost, self.loss_slope = {
            "cross-entropy": (self.cross_entropy, self.cross_entropy_slope),
            "mse": (self.mse, self.mse_slope),
        }[loss]

    def add(self, units, activation="", n_in=None):
        """One more layer; the first needs the number of features."""
        n_in = n_in or self.layers[-1].b.shape[0]
        self.layers.append(DenseLayer(n_in, units, activation, self.multiplier))

    def cross_entropy(self, A, Y, eps=1e-15):
        A = np.clip(A, eps, 1 - eps)
        return -np.mean(Y * np.log(A) + (1 - Y) * np.log(1 - A))

    def cross_entropy_slope(self, A, Y):
        return -(np.divide(Y, A) - np.divide(1 - Y, 1 - A))

    def mse(self, A, Y):
        return np.mean((A - Y) ** 2)

    def mse_slope(self, A, Y):
        return 2 * (A - Y)

    def forward(self, A):
        for layer in self.layers:
            A = layer.forward(A)
        return A

    def backward(self, A, Y):
        dA = self.loss_slope(A, Y)
        for layer in reversed(self.layers):
            dA = layer.backward(dA)

    def update(self, lr):
        for layer in self.layers:
            layer.update(lr)


def article(workload: Workload) -> Contender | None:
    """The article's training loop, with the cost of every step; its classes compute in float64 alone."""
    if workload.dtype is not np.float64:
        return None
    x, y = [np.ascontiguousarray(a.T) for a in workload.data()]
    last = "sigmoid" if workload.sigmoid or workload.loss == "cross-entropy" else ""
    activations = [workload.hidden] * (len(workload.sizes) - 2) + [last]

    def start():
        model = NeuralNetwork(workload.loss)
        for i, (units, activation) in enumerate(zip(workload.sizes[1:], activations, strict=True)):
            model.add(units, activation, workload.sizes[0] if i == 0 else None)
        for layer, (W, b) in zip(model.layers, workload.parameters(), strict=True):
            layer.W, layer.b = np.ascontiguousarray(W.T), b[:, None]
        return model

    def step(model):
        A = model.forward(x)
        cost = model.cost(A, y)
        model.backward(A, y)
        model.update(LR)
        return cost, model

    return Contender(start, step, lambda model: [a for layer in model.layers for a in (layer.W.T, layer.b[:, 0])])
