"""Neural networks as immutable values, backpropagation as pure functions.

out, cache = forward(params, x)
cost, dA   = mse(out, y)
grads      = backward(params, cache, dA)
params     = sgd(params, grads, lr)

`funcnn` has the names that most scripts need; the others are in `funcnn.layers`, `funcnn.losses` and other namespaces.
"""

from funcnn.lazy import lazily

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazily(__name__)
