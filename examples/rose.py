"""A rose: a single unit divides the plane along a line; a network with four hidden units learns the flower.

`python rose.py --player` also writes rose.html, which plays the first 120 steps: the regions of every second network.
"""

import sys

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

from funcnn import Dense, Tanh, TrainState, predict, summary, train, value_and_grad
from funcnn import binary_cross_entropy_with_logits as cross_entropy
from funcnn.plot import decision_regions, render_regions, write_player

mpl.use("Agg")

# Seven petals of a hundred points each, for angles from 0 to pi: r is negative in every other petal, which puts it on
# the opposite side. A petal ends where r = 0, first after 50 points. Every third petal has another colour.
theta = np.linspace(0, np.pi, 700)
r = 4 * np.cos(7 * theta)
petal = np.roll(np.arange(700) // 100, -50)

# All petals meet in the middle, where no colour is right, so those points are left out.
clear = abs(r) > 0.1
x = np.stack([r * np.cos(theta), r * np.sin(theta)], axis=1)[clear]
y = (petal % 3 == 0)[clear, None]


def dense(random, n_in, n_out):
    """Small weights, as in the article that this example follows, so that tanh does not saturate."""
    return Dense(0.01 * random.randn(n_out, n_in).T, np.zeros(n_out))


def learn(net, steps):
    """All states of the run. Each is a value, so later steps cannot change it."""
    print(summary(net, x))
    # The output is a logit; the loss applies the sigmoid, with less rounding than a Sigmoid layer would have.
    return list(train(TrainState(net), [(x, y)] * steps, value_and_grad(cross_entropy), 1.2))


def show(name, state, ax):
    """The answers of the network in the plane, and its cost and accuracy."""
    right = ((predict(state.params, x) > 0) == y).mean()
    title = f"{name}: cost {state.cost:.3f} after {state.step} steps, {100 * right:.1f} % right"
    decision_regions(state.params, x, y, ax).set(title=title, aspect="equal", xticks=[], yticks=[])
    return title


# Logistic regression: its boundary is a line, so the cost hardly falls.
line = learn((dense(np.random.RandomState(1), 2, 1),), 1000)
print(f"2-1 cost: {line[0].cost} at first, {line[-1].cost} in the end")

# Four hidden units are four smooth steps, each along a line. Their sum is enough to enclose the petals.
random = np.random.RandomState(1)
flower = learn((dense(random, 2, 4), Tanh(), dense(random, 4, 1)), 4000)
for step in range(0, 4000, 1000):
    print(f"2-4-1 cost at step {step}: {flower[step].cost}")

figure, axes = plt.subplots(1, 2, figsize=(11, 6.8), layout="constrained")
print(show("2-1", line[-1], axes[0]))
print(show("2-4-1", flower[-1], axes[1]))
dots, _ = axes[1].collections[-1].legend_elements()
names, title = ["y = 0", "y = 1"], "dots: the examples; regions in the same colour, paler: the network's answer"
figure.legend(dots, names, title=title, loc="outside lower center", ncols=2)
figure.savefig("rose.png", dpi=150)

if "--player" in sys.argv:
    title = "A network with four hidden units learns a rose"
    write_player("rose.html", flower[:120], lambda state: render_regions(state.params, x, y), every=2, title=title)
