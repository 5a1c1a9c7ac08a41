"""A line: a network of two parameters learns y = 2x + 1 from seven points.

Read this example first. The four lines in its loop train every network.
"""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

from funcnn import Dense, backward, forward, mse, predict, sgd, summary
from funcnn.plot import cost_curve

mpl.use("Agg")  # the picture is written to a file, without a screen

# Seven examples, one a row. The network sees these numbers, never the formula.
x = np.arange(-2.0, 5.0)[:, None]
y = 2 * x + 1

# The smallest network: out = x W + b, with one W and one b. At the start W is random and almost 0, and b is 0.
# RandomState(1) gives the weights of the article that this example follows, and so the same costs.
random = np.random.RandomState(1)
params = Dense(W=0.01 * random.randn(1, 1).T, b=np.zeros(1))
print(summary(params, x))

lr = 0.01
costs = []
for step in range(1000):
    out, cache = forward(params, x)  # the output, and the cache for `backward`
    cost, dA = mse(out, y)  # the mean squared error, and its gradient with respect to out
    grads = backward(params, cache, dA)  # the gradients of W and b
    params = sgd(params, grads, lr)  # a new network, one small step downhill; the old one is unchanged
    costs.append(cost)
    if step % 100 == 0:
        print(f"step {step:3d}  cost {cost}")

# This network can only be a straight line, so a line learned between -2 and 4 holds at 12 as well.
answer = predict(params, np.array([[12.0]])).item()

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
line = np.array([[-3.0], [13.0]])
left.plot(line, predict(params, line), label=f"learned: {params.W.item():.4f} x + {params.b.item():.4f}")
left.plot(x, y, "o", label="the seven examples")
left.plot(12, answer, "*", markersize=14, label=f"f(12) = {answer:.4f}")
left.set(title="The line", xlabel="x", ylabel="y")
left.legend()
cost_curve({"step": range(1000), "cost": costs}, right).set(yscale="log", title="The cost of each step")
figure.savefig("line.png", dpi=150)

print(f"f(12) = {answer:.8f}")
