"""Kinds of arguments that several functions take."""

import numpy as np

from funcnn import Momentum, Tanh, TrainState, backward, forward, glorot_uniform, mlp, mse, value_and_grad
from funcnn.layers import Rotary
from tests.kinds.kind import kind

X = np.linspace(-1, 1, 8).reshape(4, 2)
Y = X[:, :1] + 1.0
NET = mlp([2, 3, 1], hidden=Tanh(), seed=0)
OUT, CACHE = forward(NET, X)
GRADS = backward(NET, CACHE, mse(OUT, Y)[1])

# Numbers: an array without axes is one, since it comes back from jit; True is none.
number = kind(0.5, "1.5; 0-d")  # any finite one, or any above 0
fraction = kind(0.5)  # below 1
count = kind(2)
flag = kind(True, "True")  # noqa: FBT003  the value
text = kind("mean", "text")
seed = kind(7)
dtype = kind(np.float32)
path = kind("file", "text")

array = kind(X)
classes = kind(np.array([0, 1, 1, 0]))
layer = kind(NET, verbs="forward; inference; reseed; step")
optimizer = kind((Momentum(),), verbs="update")
tree = kind(NET, "0-d; record")  # an array is a tree
grads = kind(GRADS)
function = kind(lambda *_: 0.5)
loss = kind(mse)
initializer = kind(glorot_uniform)
schedule = kind(lambda step: 0.5 / (1 + step), "1.5; 0-d")  # or a number
STATES = [TrainState(NET, step=i, cost=1.0) for i in range(1, 5)]
run = kind(STATES).made(lambda: iter(STATES))
gradient_of = kind(value_and_grad(mse))
data = kind([(X, Y)] * 4)
start = kind(TrainState(NET))
rng = kind(np.random.default_rng(0))
shape = kind((2, 3))
xp = kind(None).made(lambda: np)
where = kind("*", "text")
rotary = kind(Rotary())
ax = kind(None, "None")
