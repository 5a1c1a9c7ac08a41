"""Time travel: a run is a list of states, so it can be searched backwards, continued from any state, and plotted."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

import funcnn as nn
from funcnn.training import keep
from funcnn.trees import difference, from_vector, to_vector

mpl.use("Agg")

# A network of 33 parameters learns the product of two numbers in 400 steps.
random = np.random.default_rng(0)
x = random.uniform(-2, 2, (200, 2))
y = x[:, :1] * x[:, 1:]
data, step = [(x, y)] * 400, nn.value_and_grad(nn.mse)
start = nn.TrainState(nn.mlp([2, 8, 1], hidden=nn.Tanh(), seed=3), nn.Adam())
run = [start, *nn.train(start, data, step, 0.03)]
kept = keep(run)
print(kept)

# Backwards: the last step in which a weight of the first layer changes its sign, and that weight.
weights = np.array([state.params[0].W.ravel() for state in kept])
for now in reversed(kept):
    crossed = np.flatnonzero(weights[now.step] * weights[now.step - 1] < 0)
    if crossed.size:
        break
unit, before = crossed[0] % 8, kept[now.step - 1]
print(f"step {before.step} is the last to change a sign: a weight of unit {unit} goes")
print(f"from {weights[before.step, crossed[0]]:+.4f} to {weights[now.step, crossed[0]]:+.4f}")

# Continued from the state before: the step repeated gives the same value, and the step at a hundredth of its learning
# rate begins another run.
once, twice = [next(nn.train(before, data[before.step :], step, 0.03)) for _ in range(2)]
assert once == twice == now
assert difference(once, now) == {}
*_, other = nn.train(before, data[before.step :], step, lambda i: 0.03 if i > before.step else 0.0003)
print(f"costs in the end: {kept[-1].cost:.5f}, and {other.cost:.5f} had that step been short")
changed = difference(kept[-1].params, other.params)
apart = {path: changed[path] for path in nn.parameters(start.params)}
print(f"furthest apart are {max(apart, key=apart.get)}, by {max(apart.values()):.4f}")

# Plotted: the cost in the plane through the first state, the state after that step and the last state.
points = np.array([to_vector(state.params) for state in kept])
origin, across = points[0], points[-1] - points[0]
aside = points[now.step] - origin
aside = aside - across * (aside @ across) / (across @ across)
u, v = across / np.linalg.norm(across), aside / np.linalg.norm(aside)
way = np.stack([(points - origin) @ u, (points - origin) @ v], axis=1)
low, high = way.min(axis=0), way.max(axis=0)
margin = 0.35 * (high - low).max()
a, b = (np.linspace(low[i] - margin, high[i] + margin, 70) for i in (0, 1))
cost = [[nn.mse(nn.forward(from_vector(start.params, origin + i * u + j * v), x)[0], y)[0] for i in a] for j in b]

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained")
left.plot(weights, color="#bbbbbb", lw=1)
left.plot(weights[:, crossed[0]], color="#1f6fb4", lw=2)
left.axhline(0, color="black", lw=0.6)
left.plot(now.step, 0, "o", color="#c0152f", ms=8)
title = f"Weights: the last change of sign, in step {before.step}"
left.set(xlabel="step", ylabel="weight", title=title)
shown = right.contourf(a, b, np.log10(cost), 30, cmap="viridis")
figure.colorbar(shown, label="log10 of the cost")
right.plot(*way.T, color="white", lw=1.5)
for state, name in ((kept[0], "start"), (now, f"step {before.step}"), (kept[-1], "end")):
    right.plot(*way[state.step], "o", color="#c0152f", ms=7)
    right.annotate(name, way[state.step], (8, -14), textcoords="offset points", color="white", fontsize=11)
right.set(title="The run, and the cost in the plane of three states")
right.set(xlabel="distance from the start, towards the end", ylabel="distance aside")
figure.savefig("time_travel.png", dpi=150)
