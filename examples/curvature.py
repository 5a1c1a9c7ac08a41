"""The curvature of a trained network: the largest eigenvalues of its Hessian by Lanczos's method, and the cost along
the first two eigenvectors.

A product with the Hessian is the imaginary part of one gradient at complex parameters, so that no second framework is
needed, and the matrix is not written down.
"""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from scipy.sparse.linalg import LinearOperator, eigsh

from funcnn import Adam, Tanh, TrainState, mlp, predict, train, value_and_grad
from funcnn import softmax_cross_entropy as cross_entropy
from funcnn.curvature import hvp
from funcnn.trees import count, from_vector, to_vector

mpl.use("Agg")

# Two spirals, each of one class.
rng = np.random.default_rng(0)
y = np.arange(200) % 2
turn = 1.5 * np.pi * np.sqrt(rng.uniform(0.05, 1, 200))
x = (np.where(y == 1, -turn, turn) * [np.cos(turn), np.sin(turn)]).T / 3 + 0.25 * rng.normal(size=(200, 2))

start = TrainState(mlp([2, 16, 16, 2], hidden=Tanh(), seed=0), Adam())
*_, end = train(start, [(x, y)] * 200, value_and_grad(cross_entropy), 0.01)
net, n, product = end.params, count(end.params), hvp(cross_entropy, bound=False)
print(f"cost {end.cost:.4f}, {n} parameters")


def times(u):
    """H u, for a vector u."""
    return to_vector(product(net, x, y, from_vector(net, u.ravel())).value)


H = LinearOperator((n, n), times, dtype=float)
values, vectors = eigsh(H, k=20, which="LA", v0=np.ones(n))
[lowest], _ = eigsh(H, k=1, which="SA", v0=np.ones(n))
print(f"largest eigenvalues {values[:-4:-1].round(4)}, smallest {lowest:.5f}")

# The same by all columns of H, which a network of this size still allows.
dense = np.array([times(column) for column in np.eye(n)])
every = np.linalg.eigvalsh((dense + dense.T) / 2)
print(f"Lanczos differs from all eigenvalues by {abs(every[-20:] - values).max() / every[-1]:.1e}")
print(f"H differs from its transpose by {abs(dense - dense.T).max() / abs(dense).max():.1e}")


def cost_at(a, b=0.0):
    """The cost at a distance a along the first eigenvector and b along the second."""
    moved = from_vector(net, to_vector(net) + a * vectors[:, -1] + b * vectors[:, -2])
    return cross_entropy(predict(moved, x), y)[0]


h = 1e-3
bend = (cost_at(h) - 2 * cost_at(0) + cost_at(-h)) / h**2
print(f"the cost along the first eigenvector bends by {bend:.4f}")

a = np.linspace(-1, 1, 61)
surface = np.array([[cost_at(one, other) for one in a] for other in a])
figure, (left, middle, right) = plt.subplots(1, 3, figsize=(11.5, 4), layout="constrained")
left.semilogy(np.arange(1, 21), values[::-1], "o")
left.set(title="largest eigenvalues of the Hessian", xlabel="number", xticks=[1, 5, 10, 15, 20])
middle.plot(a, surface[30], label="cost")
middle.plot(a, cost_at(0) + values[-1] * a**2 / 2, "--", label="its parabola at 0")
middle.set(title="along the first eigenvector", xlabel="distance", xticks=np.linspace(-1, 1, 5))
middle.legend(loc="upper center", frameon=False)
lines = right.contourf(a, a, surface, levels=np.geomspace(surface.min(), surface.max(), 20), norm="log")
right.set(
    title="cost along two eigenvectors", xlabel="first", ylabel="second", aspect="equal", xticks=np.linspace(-1, 1, 5)
)
figure.colorbar(lines, format="%.2g")
figure.savefig("curvature.png", dpi=150)
