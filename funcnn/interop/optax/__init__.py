"""Optax: its gradient transformations as optimizers of funcnn, and optimizers of funcnn as its transformations.

Optax adds updates to the parameters, `sgd` subtracts `lr` times the gradient. So after an `update` with a
transformation of optax, `sgd(params, grads, 1.0)` is the step of `optax.apply_updates(params, updates)`.
"""

from funcnn.extras import needing

with needing(__name__, "optax"):
    import optax  # noqa: F401  before jax, since without both the first one is named

    from funcnn.interop.optax.optimizers import Optax, from_optax
    from funcnn.interop.optax.transformations import to_optax

__all__ = ["Optax", "from_optax", "to_optax"]
