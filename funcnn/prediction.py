"""Prediction, for all rows or for some rows at a time, into a new array or into one of the caller."""

from __future__ import annotations

from functools import partial
from operator import is_
from typing import Any, overload
from weakref import ref

import numpy as np

from funcnn.arrays import Array, counted, kind, namespace, unmapped
from funcnn.checked import checked
from funcnn.core import check_is_layer, forward_only, inference
from funcnn.dispatch import registered
from funcnn.errors import KindError, ShapeError
from funcnn.needs import Count
from funcnn.trees.walks import arrays_in, map_arrays, row_count

# What `inference` made of the networks that it changed, by the id of each network; with weak references to its layers.
_fixed: dict[int, tuple[list[ref[Any]], int, Any]] = {}
_MOST = 16


@overload
def predict(params: Any, x: Array, rows: Count | None = None, *, out: Any = None) -> Array: ...
@overload
def predict(params: Any, x: Any, rows: Count | None = None, *, out: Any = None) -> Any: ...
@checked
def predict(params: Any, x: Any, rows: Count | None = None, *, out: Any = None) -> Any:
    """`forward(inference(params), x)[0]`, without caches; with `rows`, for that many rows at a time, to save memory.

    With `out`, an array of the result's shape and dtype, each block of rows is written to it and `out` is the result;
    for a network with several outputs, a tuple of arrays. x and out may be memory maps, of which only the rows in
    use need to be in memory: `np.load(path, mmap_mode="r")` and `np.lib.format.open_memmap(path, "w+", dtype, shape)`.
    If an error is raised, the blocks before it are written.

    What `inference` makes of a network is kept for the next call, until one of the layers is deleted.

    >>> import numpy as np
    >>> from funcnn import mlp, predict
    >>> predict(mlp([2, 8, 3], seed=0), np.zeros((1000, 2)), rows=100).shape
    (1000, 3)

    Raises:
        KindError: `params` is not a network, or `x` is not made of arrays. Or `out` is not an array of NumPy that can
            be written to, has another dtype than the result, or is not a tuple like it.
        ShapeError: the arrays of `x` have unequal numbers of rows, or do not fit the network; or `out` has another
            shape than the result.
    """
    check_is_layer("predict", "params", params, x=x)
    params, x, m = _inferred(params), map_arrays(unmapped, x), row_count("predict", "x", x)
    if out is not None:
        _check_destination("predict", "out", out)
    if rows is None or rows >= m:
        made = forward_only(params, x)
        return made if out is None else _written("predict", out, made, 0, m)
    outs, starts = [], range(0, m, rows)
    for start in starts:
        block = map_arrays(lambda a: a[start : min(start + rows, m), ...], x)  # noqa: B023  used at once
        made = forward_only(params, block)
        if out is None:
            outs.append(made)
        else:
            _written("predict", out, made, start, m)
    if out is not None:
        return out
    return map_arrays(lambda *parts: namespace(parts[0]).concat(parts), *outs, function="predict")


def _inferred(params: Any) -> Any:
    """`inference(params)`, computed once for a network that it changes: a layer is a value, so its result is too.

    A later network may have the id of one that was deleted, so its layers are compared too. An entry is deleted with
    the first of its layers. It has arrays of NumPy only, since a tracer must not be used after its trace.
    """
    if (known := _fixed.get(id(params))) is not None:
        layers, rules, made = known
        given = _layers(params)
        if rules == len(registered) and len(given) == len(layers) and all(map(is_, given, [one() for one in layers])):
            return made
    made = inference(params)
    if made is not params and all([type(a) is np.ndarray for a in arrays_in(made)]):
        forget = partial(_fixed.pop, id(params))
        _fixed[id(params)] = [ref(layer, forget) for layer in _layers(params)], len(registered), made
        for old in list(_fixed)[:-_MOST]:
            _fixed.pop(old, None)
    return made


def _layers(params: Any) -> list[Any]:
    """The layers of a chain and of the chains in it, or the layer itself."""
    return [part for layer in params for part in _layers(layer)] if type(params) is tuple else [params]


def _check_destination(function: str, argument: str, out: Any) -> None:
    """Check that `out` is an array of NumPy, such as a memory map, that can be written to; or a tuple of them."""
    if type(out) is tuple and out:
        for i, part in enumerate(out):
            if part is not None:  # as a mask may be
                _check_destination(function, f"{argument}[{i}]", part)
        return
    if type(out) not in {np.ndarray, np.memmap}:
        raise KindError(f"{function}: {argument} must be an array of NumPy, or a tuple of arrays, not {kind(out)}")
    if not out.flags.writeable:
        raise KindError(f"{function}: {argument} must be an array that can be written to, not a read-only one")


def _written(function: str, out: Any, made: Any, start: int, rows: int) -> Any:
    """Write the block of the result that begins with row `start` to `out`, all of which has so many rows."""
    _check_alike(function, "out", out, made, rows)
    _write(out, made, start)
    return out


def _check_alike(function: str, argument: str, out: Any, made: Any, rows: int) -> None:
    if type(made) is tuple or type(out) is tuple:
        if type(made) is not type(out) or len(made) != len(out):
            needed = f"a tuple of {counted(len(made), 'array')}" if type(made) is tuple else "one array"
            given = f"a tuple of {len(out)}" if type(out) is tuple else kind(out)
            raise KindError(f"{function}: {argument} must be {needed}, as the result is, not {given}")
        for i, (part, source) in enumerate(zip(out, made, strict=True)):
            _check_alike(function, f"{argument}[{i}]", part, source, rows)
        return
    if made is None and out is None:
        return
    if made is None or out is None or out.dtype != made.dtype:
        order = ", in the machine's byte order" * (made is not None and out is not None and not out.dtype.isnative)
        needed = "None, as the result is" if made is None else f"a {made.dtype} array, as the result is{order}"
        raise KindError(f"{function}: {argument} must be {needed}, not {kind(out)}")
    if out.shape != (shape := (rows, *made.shape[1:])):
        raise ShapeError(f"{function}: {argument} must be {shape}, the shape of the result, not {out.shape}")


def _write(out: Any, made: Any, start: int) -> None:
    if type(out) is tuple:
        for part, source in zip(out, made, strict=True):
            _write(part, source, start)
    elif out is not None:
        out[start : start + len(made)] = made
