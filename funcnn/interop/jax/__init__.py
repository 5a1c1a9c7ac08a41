"""JAX: records as pytrees, and functions of JAX as layers.

Importing this module registers every record class as a pytree, also classes that are defined later. Arrays, layers and
states are traced by `jax.jit` and `jax.grad`; settings become constants of the compiled function. So the four lines run
unchanged inside `jax.jit`, `jax.vjp` of a `forward` is an exact oracle for its `backward`, and `jax.export` serialises
functions of networks.
"""

from funcnn.extras import needing

with needing(__name__, "jax"):
    from funcnn.interop.jax import loop, pytrees, weights  # noqa: F401  register loops, records and draws of weights
    from funcnn.interop.jax.layer import JaxFunction, JaxLayer

__all__ = ["JaxFunction", "JaxLayer"]
