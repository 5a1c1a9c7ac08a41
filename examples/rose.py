"""A rose: one unit can only cut the plane along a line, four more learn the flower."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

from funcnn import Dense, Tanh, TrainState, predict, summary, train, value_and_grad
from funcnn import binary_cross_entropy_with_logits as cross_entropy
from funcnn.plot import decision_regions

mpl.use("Agg")

# Seven petals of a hundred points each, walked in half a turn: r is negative in every other petal, which then lies on
# the far side. A petal ends where r = 0, first after 50 points. Every third petal has another colour.
theta = np.linspace(0, np.pi, 700)
r = 4 * np.cos(7 * theta)
petal = np.roll(np.arange(700) // 100, -50)

# All petals meet in the middle, where no colour is right: leave those points out.
clear = abs(r) > 0.1
x = np.stack([r * np.cos(theta), r * np.sin(theta)], axis=1)[clear]
y = (petal % 3 == 0)[clear, None]


def dense(random, n_in, n_out):
    """The article's first weights: small, so that every unit starts in the middle of its curve."""
    return Dense(0.01 * random.randn(n_out, n_in).T, np.zeros(n_out))


def learn(net, steps):
    """Every state on the way: each is a value, so nothing that comes later can change it."""
    print(summary(net, x))
    # The network ends in a logit, any number; the loss makes a probability of it, more exactly than a Sigmoid could.
    return list(train(TrainState(net), [(x, y)] * steps, value_and_grad(cross_entropy), 1.2))


def show(name, state, ax):
    """The plane as the network sees it."""
    right = ((predict(state.params, x) > 0) == y).mean()
    title = f"{name}: cost {state.cost:.3f} after {state.step} steps, {100 * right:.1f} % right"
    decision_regions(state.params, x, y, ax).set(title=title, aspect="equal", xticks=[], yticks=[])
    return title


# Logistic regression: a line through a flower. It gains next to nothing, however long it trains.
line = learn((dense(np.random.RandomState(1), 2, 1),), 1000)
print(f"2-1 cost: {line[0].cost} at first, {line[-1].cost} in the end")

# Four hidden units are four lines, bent and added up: enough to go round the petals.
random = np.random.RandomState(1)
flower = learn((dense(random, 2, 4), Tanh(), dense(random, 4, 1)), 4000)
for step in range(0, 4000, 1000):
    print(f"2-4-1 cost at step {step}: {flower[step].cost}")

figure, axes = plt.subplots(1, 2, figsize=(11, 5.6), layout="constrained")
print(show("2-1", line[-1], axes[0]))
print(show("2-4-1", flower[-1], axes[1]))
figure.savefig("rose.png", dpi=150)
