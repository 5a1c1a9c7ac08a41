"""Gradient transformations of optax as optimizers."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import jax
import numpy as np
import optax
from jax import numpy as jnp

from funcnn.arrays import counted, is_array, kind, short
from funcnn.errors import KindError, ShapeError
from funcnn.gradients import Grads
from funcnn.interop.jax.precision import as_given, running
from funcnn.optimizers.base import update
from funcnn.optimizers.initial import init
from funcnn.records import build, plans, record, state, values
from funcnn.trees.edits import evolve
from funcnn.trees.walks import map_arrays, parameters


@record
class Optax(ABC):
    """g' = -u, where u is the update that a transformation of optax makes of g and of its memory

    The base of optimizers of your own that are written with optax. The transformation gets dictionaries from path to
    array, as `parameters(params)` returns them, so masks and labels are dictionaries by path too. Its settings are
    fields of the record, and its memory is the tuple of the arrays in the state of optax. `save` and pickle find the
    class by its name, so a run can be saved and resumed.

    >>> import optax
    >>> from funcnn import TrainState, mlp, record
    >>> from funcnn.interop.optax import Optax
    >>> @record
    ... class Clipped(Optax):
    ...     norm: float = 1.0
    ...     def transformation(self):
    ...         return optax.chain(optax.clip_by_global_norm(self.norm), optax.adamw(1.0))
    >>> start = TrainState(mlp([2, 8, 1], seed=0), Clipped(norm=0.5))

    Optax adds updates: a step with its learning rate in the transformation and 1.0 in `sgd` and `train` is its own
    step, and `optax.adam(1.0)` leaves the learning rate to `sgd` and `train`. Transformations without a learning rate,
    such as `optax.scale_by_adam()`, lead uphill as they do in optax; put `optax.scale(-1.0)` behind them.

    Arrays of NumPy stay arrays of NumPy, and float64 is computed in float64, also if `jax_enable_x64` is off. JAX
    compiles the transformation twice for each network: for the first step, in which the memory is None, and for all
    others. States of layers pass through unchanged.

    Raises:
        KindError: `transformation` does not return a GradientTransformation, or the memory is not a tuple of arrays;
            in `update`, the transformation needs extra arguments, such as the value of the loss, or returns updates
            that are not like the parameters.
        ShapeError: in `update`, the memory is of another network.
    """

    memory: Any = state(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Check that the memory is a tuple of arrays, or None before the first update."""
        if self.memory is not None and not (type(self.memory) is tuple and all(map(is_array, self.memory))):
            raise KindError(
                f"{type(self).__name__}: memory must be None, or a tuple of arrays as update returned it, "
                f"not {short(self.memory)}"
            )

    @abstractmethod
    def transformation(self) -> optax.GradientTransformation:
        """The transformation, made from the settings."""


@record
class FromOptax(Optax):
    """The record that `from_optax` makes."""

    given: Any

    def __repr__(self) -> str:
        """The function of optax that made the transformation, since addresses differ between processes."""
        made_by = self.given.update.__qualname__.split(".")[0]
        return f"from_optax({made_by}, memory={short(self.memory)})"

    def transformation(self) -> optax.GradientTransformation:
        return self.given


def from_optax(transformation: optax.GradientTransformation) -> Optax:
    """A transformation of optax as an optimizer: an `Optax` without a class of its own.

    `save` and pickle refuse it, since its functions have no names; an `Optax` of your own can be saved.

    >>> import numpy as np
    >>> import optax
    >>> from funcnn import Dense, Grads, gradient, sgd, update
    >>> from funcnn.interop.optax import from_optax
    >>> net, optimizer = Dense(np.ones((1, 1)), None), from_optax(optax.sgd(0.1))
    >>> grads, optimizer = update(optimizer, Grads(gradient(net, W=np.array([[2.0]])), None), net)
    >>> sgd(net, grads, 1.0)
    Dense(W=<f64 [[0.8]]>, b=None)

    Raises:
        KindError: `transformation` is not a GradientTransformation. In `update`, the errors of `Optax`.
    """
    _check_transformation("from_optax", transformation, "be")
    return FromOptax(transformation)


def _check_transformation(function: str, given: Any, must: str) -> None:
    if not isinstance(given, optax.GradientTransformation):
        remedy = "; write transformation.gradient_transformation()" if isinstance(given, optax.MultiSteps) else ""
        needed = "a transformation of optax, such as optax.adam(1e-3)"
        raise KindError(f"{function}: transformation must {must} {needed}, not {kind(given)}{remedy}")


@update.register(Optax)
def optax_update(optimizer: Optax, grads: Grads[Any], params: Any) -> tuple[Grads[Any], Optax]:
    """The update of the transformation, with the opposite sign"""
    own, given = parameters(params), parameters(grads.params)
    for path, p in own.items():
        g = given.get(path)
        if getattr(g, "shape", None) != p.shape or given[path].dtype != p.dtype:
            raise ShapeError(f"update: the gradient of {path!r} must be like its parameter, {short(p)}, not {short(g)}")
    if not own:
        return grads, optimizer
    memory = optimizer.memory
    arrays = [*own.items(), *given.items(), *[(f"memory[{i}]", a) for i, a in enumerate(memory or ())]]
    contents = dict(zip([name for name, _ in plans[type(optimizer)]], values(optimizer), strict=True))
    bare = build(type(optimizer), list({**contents, "memory": None}.values()))
    with running("update", arrays):
        made, after = _stepping(bare)(memory, given, own)
        numpy = partial(as_given, numpy=all([isinstance(a, np.ndarray) for _, a in arrays]))
        rest, after = iter([numpy(made[path]) for path in own]), tuple(map(numpy, after))
    steps = map_arrays(lambda _: next(rest), grads.params, states=False)
    return Grads(steps, grads.x), build(type(optimizer), list({**contents, "memory": after}.values()))


@init.register(Optax)
def optax_init(optimizer: Optax, params: Any) -> Optax:
    """The state that the transformation begins with"""
    if optimizer.memory is not None:
        return optimizer
    own = parameters(params)
    with running("init", own.items()):
        memory = tuple(map(_stored, jax.tree.leaves(optimizer.transformation().init(own))))
        numpy = all([isinstance(a, np.ndarray) for a in own.values()])
        return evolve(optimizer, memory=tuple([as_given(a, numpy=numpy) for a in memory]))


@lru_cache(maxsize=64)
def _stepping(optimizer: Optax) -> Callable[..., Any]:
    """The compiled `(memory, grads, params) -> (-updates, memory)` of an optimizer with these settings."""
    transformation, function = optimizer.transformation(), type(optimizer).__name__
    _check_transformation(function, transformation, "return")

    def step(memory: Any, grads: Any, params: Any) -> Any:
        state = transformation.init(params)
        if memory is not None:
            state = _restored(function, memory, state)
        try:
            updates, state = transformation.update(grads, state, params)
        except TypeError as error:
            if "required keyword-only argument" not in str(error):
                raise
            names = ", ".join(re.findall(r"'(\w+)'", str(error)))
            needed = "a transformation that needs gradients and parameters alone, such as optax.adam(1e-3)"
            raise KindError(f"update: optimizer must hold {needed}, not one that also needs {names}") from None
        _check_updates(updates, params)
        return jax.tree.map(jnp.negative, updates), tuple(map(_stored, jax.tree.leaves(state)))

    return jax.jit(step)


def _check_updates(updates: Any, params: Any) -> None:
    found, tree = jax.tree.flatten(updates)
    if tree != jax.tree.structure(params):
        raise KindError("update: the transformation must return updates in the structure of params")
    for u, p in zip(found, jax.tree.leaves(params), strict=True):
        if (u.shape, u.dtype) != (p.shape, p.dtype):
            needed = f"like its parameter, {short(p)}"
            raise KindError(f"update: an update of the transformation must be {needed}, not {short(u)}")


def _stored(leaf: Any) -> Any:
    """A part of a state of optax as an array of numbers: a random key as its words."""
    return jax.random.key_data(leaf) if _is_key(leaf) else jnp.asarray(leaf)


def _is_key(leaf: Any) -> bool:
    return hasattr(leaf, "dtype") and bool(jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key))


def _restored(name: str, memory: Any, like: Any) -> Any:
    """The state of optax with the arrays of a memory."""
    leaves, tree = jax.tree.flatten(like)
    if len(memory) != len(leaves):
        raise ShapeError(
            f"update: the memory of {name} is of another network: it has {counted(len(memory), 'array')} in place of "
            f"{len(leaves)}; start anew with memory=None"
        )
    parts = []
    for i, (a, leaf) in enumerate(zip(memory, leaves, strict=True)):
        needed = _stored(leaf)
        if (a.shape, a.dtype) != (needed.shape, needed.dtype):
            raise ShapeError(
                f"update: the memory of {name} is of another network: memory[{i}] is {short(a)} in place of "
                f"{short(needed)}; start anew with memory=None"
            )
        parts.append(jax.random.wrap_key_data(a, impl=jax.random.key_impl(leaf)) if _is_key(leaf) else a)
    return tree.unflatten(parts)
