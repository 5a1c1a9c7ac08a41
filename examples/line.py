"""A line: seven points of y = 2x + 1, and a network that finds the rule by itself.

Read this one first. The four lines in the loop are all of funcnn, and they train every network there is.
"""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

from funcnn import Dense, backward, forward, mse, predict, sgd, summary
from funcnn.plot import cost_curve

mpl.use("Agg")  # the picture goes into a file: no screen needed

# Seven examples, one a row. The network sees these numbers, never the formula.
x = np.arange(-2.0, 5.0)[:, None]
y = 2 * x + 1

# The smallest network there is: out = x W + b, with one W and one b. At first it knows nothing: W is random and almost
# 0, b is 0. (The article drew its numbers from RandomState(1), so we do, and get its very costs.)
random = np.random.RandomState(1)
params = Dense(W=0.01 * random.randn(1, 1).T, b=np.zeros(1))
print(summary(params, x))

lr = 0.01
costs = []
for step in range(1000):
    out, cache = forward(params, x)  # what the network says, and what `backward` will need
    cost, dA = mse(out, y)  # how wrong that is, and in which direction
    grads = backward(params, cache, dA)  # how much W and b each had to do with it
    params = sgd(params, grads, lr)  # a small step downhill, to a new network; the old one stays as it was
    costs.append(cost)
    if step % 100 == 0:
        print(f"step {step:3d}  cost {cost}")

# A straight line is all this network can be, so what it learned between -2 and 4 holds at 12 as well.
answer = predict(params, np.array([[12.0]])).item()

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
line = np.array([[-3.0], [13.0]])
left.plot(line, predict(params, line), label=f"learned: {params.W.item():.4f} x + {params.b.item():.4f}")
left.plot(x, y, "o", label="the seven examples")
left.plot(12, answer, "*", markersize=14, label=f"f(12) = {answer:.4f}")
left.set(title="The line", xlabel="x", ylabel="y")
left.legend()
cost_curve({"step": range(1000), "cost": costs}, right).set_title("Every step makes it less wrong")
figure.savefig("line.png", dpi=150)

print(f"f(12) = {answer:.8f}")
