"""Check of an optimizer: it is pure, and its memory is in the optimizer that it returns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from funcnn.arrays import Array, is_array, short
from funcnn.checked import checked
from funcnn.core import sgd
from funcnn.gradients import Grads
from funcnn.needs import Flag
from funcnn.optimizers.base import update
from funcnn.records import build, is_record, plans
from funcnn.testing.differentiation.vector_function import generator, sealed
from funcnn.testing.verdict import BrokenPromise, NotDeterministic, NotFinite, NotPure, WrongDtype, WrongShape
from funcnn.trees.walks import Tree, arrays_in, count, map_arrays, walk

_SCALES = (1.0, 1e-3, 30.0, 1.0, 1e-6)  # the sizes of the gradients, step by step: some are clipped, some are not
_EMPTY = ((type(None), None), (tuple, 0), (int, 0), (float, (0.0).hex()))  # outlines of an empty memory

Outline = dict[str, tuple[Any, ...]]  # every part of a tree, bit for bit, by its path


class _Given(NamedTuple):
    optimizer: Any
    grads: Any
    params: Any


class _Made(NamedTuple):
    grads: Any
    optimizer: Any


class _Call(NamedTuple):
    given: _Given
    given_then: Outline
    made: _Made
    made_then: Outline


@checked
def check_optimizer(optimizer: Tree[Any], params: Tree[Any], *, keeps_states: Flag = True) -> None:
    """Check that an optimizer is pure, over five steps of a network with random gradients.

    Pure means: the same call gives the same bits, also after other updates and for copies of its arguments, so a run
    can stop and resume anywhere. No argument and no result is written to later. The memory of the optimizer is in the
    states of the optimizer that it returns; settings do not change. If a memory begins to change late, use settings for
    which it changes within five steps. The gradient keeps its classes, shapes and dtype, in float64 and in float32, and
    the memory has that dtype too. If all gradients are 0, the result is finite. The next states of layers are passed on
    unchanged; for an optimizer that changes them on purpose, write `keeps_states=False`.

    >>> from funcnn import Adam, mlp
    >>> from funcnn.testing import check_optimizer
    >>> check_optimizer(Adam(), mlp([2, 3, 1], seed=0))

    Raises:
        GradientError: one of these properties does not hold; its class and its message say which.
        KindError: `optimizer` has no rule.
    """
    for dtype in (np.float64, np.float32):  # float32 last, so that its errors concern float32 alone
        cast = lambda a, dtype=dtype: np.array(a, dtype if a.dtype.kind == "f" else a.dtype)
        try:
            _check(map_arrays(cast, optimizer), map_arrays(cast, params), np.dtype(dtype), keeps_states=keeps_states)
        except Exception as error:
            error.add_note(f"where params and gradients are {np.dtype(dtype)}")
            raise


def _check(optimizer: Any, params: Any, dtype: np.dtype[Any], *, keeps_states: bool) -> None:
    rng = generator(arrays_in(params))
    calls = []
    for call in _training(optimizer, params, rng):
        _check_fit(call, dtype, keeps_states=keeps_states)
        _check_again(call)
        calls.append(call)
    larger = map_arrays(lambda a: np.ones([n + 1 for n in a.shape], a.dtype), params)
    for other in (map_arrays(_one_more, params), larger):
        with suppress(Exception):  # an optimizer may be made for the shapes of one network
            list(_training(optimizer, other, rng))
    for call in reversed(calls):  # the last call first, since a repeated call may fill a memory kept elsewhere
        if path := _differing(call.given_then, _look(call.given)) or _differing(call.made_then, _look(call.made)):
            raise NotPure(f"update changes {path}, which it was given or returned before")
        if path := _differing(call.made_then, _look(_called(_copied(call.given)))):
            raise NotPure(f"update gives another {path} after it was called for another network")
    _check_zeros(optimizer, params)
    _check_memory(optimizer, params, [call.made.optimizer for call in calls])


def _training(optimizer: Any, params: Any, rng: np.random.Generator) -> Iterator[_Call]:
    """Some steps of training, with gradients drawn by rng."""
    for step, scale in enumerate(_SCALES):
        draw = lambda a, scale=scale: scale * rng.standard_normal(a.shape)
        given = _Given(optimizer, _gradient(params, draw, stay=step % 2 == 1), params)
        then = _look(given)
        made = _called(given)
        yield _Call(given, then, made, _look(made))
        optimizer, params = made.optimizer, sgd(params, made.grads, 0.01)


def _called(given: _Given) -> _Made:
    try:
        with np.errstate(all="ignore"):  # numbers that are not finite are checked below
            return _Made(*update(given.optimizer, given.grads, given.params))
    except ValueError as error:
        if "read-only" not in str(error):
            raise
        raise NotPure(f"update writes to what it was given, or returned before: {error}") from None


def _check_fit(call: _Call, dtype: np.dtype[Any], *, keeps_states: bool) -> None:
    """Check that the arguments are unchanged, and that the results have the same classes, shapes and dtypes."""
    (grads, optimizer), given = call.made, call.given
    if path := _differing(call.given_then, _look(given)):
        raise NotPure(f"update changes {path}, which it was given")
    if type(grads) is not Grads:
        raise BrokenPromise(f"update must return Grads first; it returned {short(grads)}")
    _check_gradient(grads.params, given.grads.params, keeps_states=keeps_states)
    if path := _differing(*[_outline(o, "optimizer", states=False) for o in (given.optimizer, optimizer)]):
        raise BrokenPromise(f"update must not change {path}: in an optimizer, only states may change")
    for path, array in walk(optimizer, "optimizer"):
        if array.dtype.kind == "f" and array.dtype != dtype:
            raise WrongDtype(f"{path} must be {dtype}, as the parameters are, not {array.dtype}")


def _check_gradient(made: Any, given: Any, *, keeps_states: bool) -> None:
    before, after, fixed = [
        _outline(tree, "grads.params", states=states) for tree, states in ((given, True), (made, True), (given, False))
    ]
    trained, arrays = dict(walk(given, "grads.params", states=False)), dict(walk(made, "grads.params"))
    for path, entry in before.items():
        if path in trained and path in arrays:
            p, g = trained[path], arrays[path]
            if g.shape != p.shape:
                raise WrongShape(f"{path} must have the shape of its parameter, {p.shape}; it is {g.shape}")
            if g.dtype != p.dtype:
                raise WrongDtype(f"{path} must be {p.dtype}, as its parameter is, not {g.dtype}")
            if not np.isfinite(g).all():
                raise NotFinite(f"{path} is not finite where the gradient that was given is")
        elif path in fixed and after.get(path) != entry:
            raise BrokenPromise(f"update must not change {path}: in a gradient, only numbers may change")
        elif keeps_states and after.get(path) != entry:
            raise BrokenPromise(f"update must pass {path}, the next state of a layer, on unchanged")


def _check_again(call: _Call) -> None:
    if path := _differing(call.made_then, _look(_called(call.given))):
        raise NotDeterministic(
            f"update gives another {path} when it is called again with the same arguments: "
            "the memory must be in the optimizer that update returns, and noise must depend on a seed"
        )
    what = "for copies of its arguments: is something kept under the id of an array or of the optimizer?"
    try:
        copied = _look(_called(_copied(call.given)))
    except Exception as error:
        raise NotPure(f"update raises {type(error).__name__} {what}") from error
    if path := _differing(call.made_then, copied):
        raise NotPure(f"update gives another {path} {what}")


def _check_zeros(optimizer: Any, params: Any) -> None:
    """Check that results are finite if gradients are 0 from the first step on, as of a dead unit."""
    for _ in range(2):
        made, optimizer = _called(_Given(optimizer, _gradient(params, np.zeros_like, stay=True), params))
        for path, array in walk(made.params, "grads.params", states=False):
            if not np.isfinite(array).all():
                raise NotFinite(f"{path} is not finite where all gradients are 0 from the first step on")


def _check_memory(optimizer: Any, params: Any, later: list[Any]) -> None:
    """Refuse a memory that is empty at first and stays empty for any gradient: update does not return the memory.

    A state that is not empty at first may stay constant: it may be a traced setting, or count steps whose gradient is
    not finite.
    """
    for bad in (np.nan, np.inf):
        with suppress(Exception):  # an optimizer may refuse such a gradient
            grads = _gradient(params, partial(np.full_like, fill_value=bad), stay=True)
            later.append(_called(_Given(optimizer, grads, params)).optimizer)
    now, *others = [_outline(o, "optimizer") for o in (optimizer, *later)]
    settings = _outline(optimizer, "optimizer", states=False)
    for path in [p for p in now if p not in settings and p.rpartition(".")[0] in settings]:
        inside = {p: entry for p, entry in now.items() if f"{p}.".startswith(f"{path}.")}
        arrays = [entry[2] for entry in inside.values() if len(entry) == 3]
        is_empty = now[path] in _EMPTY or (arrays and not any(map(any, arrays)))
        stays = all([inside == {p: other.get(p) for p in inside} for other in others])
        if is_empty and stays and count(params):
            raise BrokenPromise(f"{path} stays empty: the memory must be in the optimizer that update returns")


def _gradient(params: Any, f: Callable[[Array], Array], *, stay: bool) -> Grads[Any]:
    """Grads with `f(p)` for each parameter p; states are None, which means unchanged, or have a next value."""

    def of(part: Any) -> Any:
        if is_array(part):
            return sealed(f(part).astype(part.dtype))
        if type(part) is tuple:
            return tuple(map(of, part))
        if not is_record(part):
            return part
        old = [(getattr(part, name), is_state) for name, is_state in plans[type(part)]]
        after = [of(a) if not is_state else None if stay else map_arrays(_one_more, a) for a, is_state in old]
        return build(type(part), after)

    return Grads(of(params), None)


def _outline(tree: Any, path: str, *, states: bool = True) -> Outline:
    if is_array(tree):
        return {path: (tree.dtype.str, tree.shape, np.asarray(tree).tobytes())}
    if type(tree) is tuple:
        parts = [(str(i), part) for i, part in enumerate(tree)]
    elif is_record(tree):
        parts = [(name, getattr(tree, name)) for name, is_state in plans[type(tree)] if states or not is_state]
    else:
        return {path: (type(tree), tree.hex() if type(tree) is float else tree)}  # hex: nan is nan, -0.0 is not 0.0
    inside = [_outline(part, f"{path}.{name}", states=states).items() for name, part in parts]
    return {path: (type(tree), len(parts)), **dict([entry for entries in inside for entry in entries])}


def _look(trees: _Given | _Made) -> Outline:
    return {path: entry for name, tree in trees._asdict().items() for path, entry in _outline(tree, name).items()}


def _differing(before: Outline, after: Outline) -> str:
    """The first path at which two outlines differ, "" if they are equal."""
    return next((path for path in {**before, **after} if before.get(path) != after.get(path)), "")


def _copied(given: _Given) -> _Given:
    return _Given(*[map_arrays(np.array, tree) for tree in given])


def _one_more(a: Array) -> Array:
    return a + np.ones_like(a)
