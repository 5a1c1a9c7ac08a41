"""What layers that hold other layers share: where an error was, gradients that add up, shapes that are remembered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from funcnn.arrays import as_array, check_out_gradient, is_array, is_float, kind, namespace, short
from funcnn.core import backward, backward_params
from funcnn.errors import KindError, ShapeError
from funcnn.records import build, is_record, plans, values

P = TypeVar("P")
LONG = 160  # what is longer is not read


def visit(where: str, verb: Callable[..., Any], layer: Any, *given: Any) -> Any:
    """`verb(layer, *given)`, with a note on every error that passes: where it was, in which layer, for what.

    >>> import numpy as np
    >>> from funcnn import Dense, forward
    >>> from funcnn.layers.parts import visit
    >>> try:
    ...     visit("in branch 1 of Parallel", forward, Dense.init(2, 3, seed=0), np.ones((5, 7)))
    ... except ValueError as error:
    ...     print(error.__notes__[0])
    in branch 1 of Parallel, Dense(W=<f64 [...]>, b=<f64 [0. 0. 0.]>), x: <f64 5x7>
    """
    try:
        return verb(layer, *given)
    except Exception as error:
        name, value = ("dA", given[1]) if verb in (backward, backward_params) else ("x", given[0])
        error.add_note(f"{where}, {named(layer)}, {name}: {short(value)}")
        raise


def named(layer: Any) -> str:
    """A layer as a note on an error shows it: whole, or where that is long, the layers inside by their classes.

    >>> from funcnn import mlp, transformer_block
    >>> from funcnn.layers.parts import named
    >>> block = transformer_block(8, 2, 32, seed=0)
    >>> named(block), named(block[0])
    ('(Residual, Residual)', 'Residual(layer=(First, Attention))')
    """
    whole = short(layer)
    if len(whole) <= LONG:
        return whole
    if not is_record(layer):
        return _classes(layer)
    fields = zip(plans[type(layer)], values(layer), strict=True)
    return f"{type(layer).__name__}({', '.join([f'{name}={_classes(value)}' for (name, _), value in fields])})"


def _classes(value: Any) -> str:
    if type(value) is tuple:
        return f"({', '.join(map(_classes, value))}{',' if len(value) == 1 else ''})"
    return type(value).__name__ if is_record(value) else short(value)


def check_held(whose: str, name: str, value: Any) -> None:
    """`value` is a layer: a record, or a tuple of layers."""
    if type(value) is not tuple and not is_record(value):
        given = f"the class {value.__name__}" if isinstance(value, type) else kind(value)
        raise KindError(f"{whose}: {name} must be a layer, such as Relu(), or a tuple of layers, not {given}")


def holding(params: P, /, **gradients: Any) -> P:
    """The gradient of a record whose parameters are layers, where `gradient` would take a `()` for a setting."""
    return build(type(params), [gradients.get(name, getattr(params, name)) for name, _ in plans[type(params)]])


def check_tuple(whose: str, name: str, value: Any, n: int | None = None, why: str = "", remedy: str = "") -> None:
    """`value` is a tuple, of n parts or of some."""
    size = f"a tuple of {n}" if n else "a tuple"
    if type(value) is not tuple:
        raise KindError(f"{whose}: {name} must be {size}{why}, not {shown(value)}{remedy}")
    if len(value) != (n or len(value) or 1):
        given = f"one of {len(value)}" if value else "an empty one"
        raise ShapeError(f"{whose}: {name} must be {size}{why}, not {given}{remedy}")


def shown(value: Any) -> str:
    """Arrays by their shape; of what should be none, the kind, since a list may be long."""
    if type(value) is tuple:
        return f"({', '.join(map(shown, value))})"
    return short(value) if is_array(value) else kind(value)


def added(gradients: Sequence[Any]) -> Any:
    """The sum of the gradients of one thing that was used several times, where None is no gradient.

    Those of tuples and records add up part by part; a state takes the last next value that there is.

    >>> import numpy as np
    >>> from funcnn.layers.parts import added
    >>> added([(2.0 * np.ones(1), None), (3.0 * np.ones(1), None), None])
    (array([5.]), None)

    Raises:
        ShapeError: two of them differ in shape, or in the number of their parts.
    """
    found = [g for g in gradients if g is not None]
    if len(found) < 2:
        return found[0] if found else None
    first, cls = found[0], type(found[0])
    if cls is tuple:
        if len({len(g) for g in found}) > 1:
            raise ShapeError(f"gradients of one thing must be alike: {', '.join(map(short, found))}")
        return tuple([added(parts) for parts in zip(*found, strict=True)])
    if cls in plans:
        columns = zip(plans[cls], *map(values, found), strict=True)
        return build(cls, [_last(parts) if is_state else added(parts) for (_, is_state), *parts in columns])
    if not is_array(first):
        return first  # a setting
    if len({g.shape for g in found}) > 1:
        raise ShapeError(f"gradients of one thing must be alike: {', '.join(map(short, found))}")
    total = first + found[1]
    for g in found[2:]:
        total += g
    return as_array(total)


def _last(states: Sequence[Any]) -> Any:
    return next((now for now in reversed(states) if now is not None), None)


def outline(x: Any) -> Any:
    """What a cache needs of x where only its shape matters: arrays of 0 bytes, `(0, *x.shape)`, which jit can trace.

    >>> import numpy as np
    >>> from funcnn.layers.parts import outline
    >>> outline((np.ones((5, 3)), None))[0].shape
    (0, 5, 3)
    """
    if type(x) is tuple:
        return tuple(map(outline, x))
    return namespace(x).zeros((0, *x.shape), dtype=x.dtype) if is_array(x) else x


def fitting(dA: Any, kept: Any) -> Any:
    """dA, which must be like the value whose outline was kept; None for what has no gradient, such as ids and masks."""
    if type(kept) is tuple:
        if dA is None:
            return (None,) * len(kept)
        if type(dA) is not tuple or len(dA) != len(kept):
            raise ShapeError(f"dA must be like out, a tuple of {len(kept)}; it is {short(dA)}")
        return tuple(map(fitting, dA, kept))
    if dA is None or not is_array(kept) or not is_float(kept):
        return None
    check_out_gradient(dA, kept.shape[1:], kept.dtype)
    return dA


def nothing(kept: Any) -> Any:
    """The gradient of what was not used: zeros, and None for what has no gradient."""
    if type(kept) is tuple:
        return tuple(map(nothing, kept))
    if not is_array(kept) or not is_float(kept):
        return None
    return namespace(kept).zeros(kept.shape[1:], dtype=kept.dtype)
