"""Optimizers of funcnn as gradient transformations of optax."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np
import optax
from jax import numpy as jnp

from funcnn.arrays import is_array, is_float, kind
from funcnn.checked import checked
from funcnn.errors import KindError, ShapeError
from funcnn.gradients import Grads
from funcnn.interop.jax.precision import running  # whose package registers optimizers as pytrees
from funcnn.needs import Rate
from funcnn.optimizers.base import update
from funcnn.records import is_record
from funcnn.training.arguments import Optimizer
from funcnn.trees.walks import walk


class FuncnnState(NamedTuple):
    """The state of a transformation that `to_optax` makes: the optimizer, and whether the first update is to come."""

    optimizer: Any
    is_first: Any


@checked
def to_optax(optimizer: Optimizer[Any], lr: Rate) -> optax.GradientTransformation:
    """An optimizer of funcnn, or a tuple of them, as a transformation of optax whose updates are `-lr` times g'.

    The transformation works as any other of optax: last in `optax.chain`, in `optax.multi_transform`, under `jax.jit`
    and in `jax.lax.scan`, since its state keeps its structure. For a schedule write `lr=1.0` and put
    `optax.scale_by_schedule` behind it. Parameters are any pytree of arrays of floats. Patterns of paths, such as
    `"*.b"`, match the paths of a network of funcnn; in another pytree a path is the number of the array in
    `jax.tree.leaves`. A network whose layers have states, such as a dropout, is refused: pass `parameters(net)`.

    >>> import jax.numpy as jnp
    >>> import optax
    >>> from funcnn import Momentum
    >>> from funcnn.interop.optax import to_optax
    >>> transformation = optax.chain(optax.clip(1.0), to_optax(Momentum(beta=0.5), lr=0.25))
    >>> params = {"w": jnp.ones(2)}
    >>> state = transformation.init(params)
    >>> for _ in range(2):
    ...     updates, state = transformation.update({"w": 8 * jnp.ones(2)}, state, params)
    ...     params = optax.apply_updates(params, updates)
    >>> params["w"].tolist()
    [0.375, 0.375]

    Raises:
        KindError: in `init` and `update`, `params` is not given or holds anything but arrays of floats, or float64
            arrays while `jax_enable_x64` is off; in `update`, the state is not what `init` returned, or the memory of
            the optimizer changes its structure.
        ShapeError: in `update`, the gradients are not like the parameters.
    """
    compiled: Any = jax.jit(partial(_step, optimizer, lr))

    def init(params: Any) -> FuncnnState:
        after = _memory_of(optimizer, _as_tree("params", params))
        return FuncnnState(jax.tree.map(_zeros, after), jnp.asarray(1, bool))

    def updates_of(grads: Any, state: Any, params: Any = None) -> tuple[Any, FuncnnState]:
        if params is None:
            raise KindError("to_optax: params must be given to update; write update(grads, state, params)")
        if type(state) is not FuncnnState:
            raise KindError(f"to_optax: state must be what init returned, not {kind(state)}")
        tree, given = _as_tree("params", params), _as_tree("updates", grads)
        if jax.tree.structure(grads) != jax.tree.structure(params):
            raise ShapeError("to_optax: the gradients must have the structure of params")
        with running("to_optax", ()):
            made, after = compiled(given, state, tree)
        return jax.tree.unflatten(jax.tree.structure(params), jax.tree.leaves(made)), after

    return optax.GradientTransformation(init, updates_of)


def _memory_of(optimizer: Any, params: Any) -> Any:
    """The shapes in the optimizer after its first update."""
    return jax.eval_shape(lambda p: update(optimizer, Grads(p, None), p)[1], params)


def _step(optimizer: Any, rate: Any, grads: Any, state: FuncnnState, params: Any) -> tuple[Any, FuncnnState]:
    """The updates, and the next state: from the optimizer that has no memory yet, or from the one in the state."""
    if _outline(_memory_of(optimizer, params)) != _outline(state.optimizer):
        raise ShapeError("to_optax: state must be what init returned for these params, not a state of other params")

    def updated(before: Any) -> Any:
        made, after = update(before, Grads(grads, None), params)
        if _outline(after) != _outline(state.optimizer):
            raise KindError("to_optax: the memory of the optimizer must keep its structure after the first update")
        return made.params, after

    made, after = jax.lax.cond(state.is_first, lambda: updated(optimizer), lambda: updated(state.optimizer))
    return jax.tree.map(lambda g: (-rate * g).astype(g.dtype), made), FuncnnState(after, jnp.asarray(0, bool))


def _zeros(like: Any) -> Any:
    """Zeros of a shape and dtype. Counters stay weakly typed: JAX would make float64 of 0.9**t for a strong int t."""
    zero = jnp.asarray(like.dtype.type(0).item()) if like.weak_type else jnp.zeros((), like.dtype)
    return jnp.broadcast_to(zero, like.shape)


def _outline(tree: Any) -> Any:
    """The structure of a tree, and the shape and dtype of each of its leaves."""
    parts, structure = jax.tree.flatten(tree)
    return structure, [(np.shape(part), jnp.result_type(part)) for part in parts]


def _as_tree(argument: str, params: Any) -> Any:
    """A pytree as a tree of funcnn: itself, if it is one, or else the tuple of its leaves."""
    own = {id(a) for _, a in walk(params, states=False)}
    for path, leaf in jax.tree_util.tree_leaves_with_path(params):
        rule = f"to_optax: {argument}{jax.tree_util.keystr(path)} must be"
        if own and id(leaf) not in own and _holds_records(params):
            raise KindError(f"{rule} a parameter, not a state of a layer; write parameters(net)")
        if not is_array(leaf) or not is_float(leaf):
            raise KindError(f"{rule} an array of floats, not {kind(leaf)}")
        if isinstance(leaf, np.ndarray) and leaf.dtype.char in "dD" and not jax.config.jax_enable_x64:
            raise KindError(f"{rule} float32 while jax_enable_x64 is off, not {kind(leaf)}")
    return params if len(own) == len(jax.tree.leaves(params)) else tuple(jax.tree.leaves(params))


def _holds_records(tree: Any) -> bool:
    return is_record(tree) or (type(tree) is tuple and any(map(_holds_records, tree)))
