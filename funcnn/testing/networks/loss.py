"""Check of a loss: its gradient against its own value."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Unpack

import attrs
import numpy as np

from funcnn.arrays import Array, is_array, namespace, short
from funcnn.checked import checked
from funcnn.core import Loss
from funcnn.losses.protocol import evaluated
from funcnn.needs import Arrays, Flag
from funcnn.testing.arguments import limited
from funcnn.testing.claim import Claim, as_arrays
from funcnn.testing.flattening import Flattened
from funcnn.testing.memory import check_not_shared
from funcnn.testing.networks.protocol import cast
from funcnn.testing.numbers import as_source, told_apart
from funcnn.testing.options import CheckOptions, takes_options
from funcnn.testing.pytrees import shaped
from funcnn.testing.recording import verdict
from funcnn.testing.verdict import BrokenPromise, Report
from funcnn.trees.walks import arrays_in, map_arrays, walk

# Chosen: sums over blocks of rows add in another order.
BLOCK_RELATIVE = 1e-12
BLOCK_ABSOLUTE = 1e-15


@takes_options
@checked
def check_loss(loss: Loss, out: Arrays, y: Arrays, *, rows: Flag = True, **options: Unpack[CheckOptions]) -> Report:
    """Check a loss at (out, y): its dA against its cost, and the protocol of losses.

    A loss is a mean over rows: the costs of blocks of rows, weighted by their shares of the rows, sum to the cost of
    all rows, and so do the gradients. dA has the shape and the dtype of out. If `out` is a tuple, dA is a tuple too,
    with None for an array that does not hold floats.

    >>> import numpy as np
    >>> from funcnn import mse
    >>> from funcnn.testing import check_loss
    >>> print(check_loss(mse, np.ones((3, 2)), np.zeros((3, 2))))
    pass: ...

    The options are those of `check_vjp`, except `oracle`. `domain` and `structure` name "out", or "out.0" in a tuple.
    A function for `domain` gets `(out, y)`. The loss is also called with blocks of their rows.

    With `exact=True` only the numbers of dA are checked, in exact arithmetic, as by `check_vjp`.

    Args:
        loss: the loss, a function `(out, y)`.
        out: the output of a network.
        y: the targets.
        rows: whether blocks of rows must combine, as `funcnn.parallel.sharded` needs it. Blocks of one row, a third and
            a half are tried. With False, a loss that divides by a sum over rows passes.
        **options: as in `check_vjp`. Without `float32`, dA of a float32 out may have another dtype.

    Raises:
        GradientError: as `check_vjp`, or the loss breaks the protocol.
        Inconclusive, RangeError, MissingError: as `check_vjp`.
    """
    name = _name_of(loss)
    called: Loss = partial(evaluated, "check_loss", loss)
    source = f"    out = {as_source(out)}\n    y = {as_source(y)}"

    y = map_arrays(lambda a: a.copy(), y)  # read-only

    def at(of: Any) -> tuple[Any, Any, Any]:
        """The namespace of the arrays, the cost and its gradient."""
        xp = namespace(arrays_in(of)[0])
        return xp, *called(of, y if xp is np else map_arrays(xp.asarray, y))

    def f(of: Any) -> Any:
        xp, cost, _ = at(of)
        return _as_narrow(xp.asarray(cost), arrays_in(of))

    def vjp(args: tuple[Any, ...], dA: Any) -> list[Any]:
        parts, arrays = _gradients(args[0], at(args[0])[2]), arrays_in(args[0])
        return [shaped(args[0], iter([None if d is None else _as_narrow(d * dA, arrays) for d in parts]))]

    def check_promises() -> None:
        if not chosen.aliasing:
            with claim.named():
                _check_no_aliases(called, out, y)
        m = len(arrays_in(out)[0])
        for first in sorted({1, m // 3, m // 2} - {0}) if rows else ():
            _check_blocks(called, cast(out, np.float64), y, first)
        narrow = cast(out, np.float32)
        if chosen.float32 and chosen.limits.has(tuple(arrays_in(narrow))):
            _check_float32(called, narrow, y)

    flat = Flattened("check_loss", f, (out,), ("out",), (0,), {}, 0)
    names = tuple([path for path, _ in walk(out, "out")])
    args, rules = as_arrays("check_loss", names, arrays_in(out)), flat.rules(vjp)._replace(first_drawn=0)
    claim = Claim("check_loss", "loss", name, flat.value, flat.gradients(vjp), args, names, source, rules=rules)
    claim, chosen = limited(claim, options, ("out", "y"), lambda parts: (flat.called(parts)[0][0], y))
    return verdict(attrs.evolve(claim, promises=check_promises, quick_calls=5), chosen)


def _name_of(loss: Any) -> str:
    """The name of a loss in messages: `mse`, also for a `partial` of it; `weighted(mse)`; `joint(mse, huber)`."""
    if not isinstance(loss, partial):
        return str(getattr(loss, "__name__", type(loss).__name__)).replace("<lambda>", "loss")
    given = [part for a in loss.args for part in (a if type(a) is tuple else (a,))]  # `joint` binds a tuple of losses
    losses = ", ".join(map(_name_of, filter(callable, given)))
    return f"{_name_of(loss.func).lstrip('_')}({losses})" if losses else _name_of(loss.func)


def _as_narrow(value: Array, out: Sequence[Array]) -> Array:
    """A cost or a gradient in the dtype of out if that is narrower than float64; the dtype is checked by a promise."""
    dtype = np.result_type(*[a.dtype for a in out if a.dtype.kind in "fc"])
    return value.astype(dtype) if value.dtype.kind == "f" and dtype.itemsize < 8 else value


def _gradients(out: Any, dA: Any) -> list[Any]:
    """The part of dA for each array in out."""
    if type(out) is tuple:
        if type(dA) is not tuple or len(dA) != len(out):
            raise BrokenPromise(f"dA must be a tuple of {len(out)}, as out is, not {short(dA)}")
        return [d for part, of in zip(out, dA, strict=True) for d in _gradients(part, of)]
    if dA is not None and is_array(out) and not is_array(dA):
        raise BrokenPromise(f"dA must be an array like out, of shape {out.shape}, not {short(dA)}")
    return [dA] if is_array(out) else []  # an array without floats, such as a mask, has no gradient


def _check_no_aliases(loss: Loss, out: Any, y: Any) -> None:
    """Refuse a dA that shares memory with out or y."""
    dA = _gradients(out, loss(out, y)[1])
    for path, d in zip([path for path, _ in walk(out, "out")], dA, strict=True):
        check_not_shared(f"d{path}", d, [*walk(out, "out"), *walk(y, "y")])


def _check_float32(loss: Loss, out: Any, y: Any) -> None:
    """Check that dA of a float32 out has its dtype and shape."""
    for a, dA in zip(arrays_in(out), _gradients(out, loss(out, y)[1]), strict=True):
        if dA is not None and (dA.dtype != np.float32 or dA.shape != a.shape):
            alike = _gradients(out, loss(out, cast(y, np.float32))[1])
            is_of_y = {d.dtype for d in alike if d is not None} == {np.dtype(np.float32)}
            given = f"{dA.dtype} {dA.shape}{'; write y.astype(out.dtype)' * is_of_y}"
            raise BrokenPromise(f"dA must have the dtype and shape of out, float32 {a.shape}; it is {given}")


def _check_blocks(loss: Loss, out: Any, y: Any, first: int) -> None:
    """Check that the cost and dA of all rows are weighted sums over two blocks of rows, since a loss is a mean."""
    cost, dA = loss(out, y)
    m = len(arrays_in(out)[0])
    blocks = [slice(0, first), slice(first, m)][: min(m, 2)]
    shares = [len(range(m)[block]) / m for block in blocks]
    of = [map_arrays(lambda a: a[block], out) for block in blocks]  # noqa: B023  called at once
    parts = [loss(o, map_arrays(lambda a: a[block], y)) for o, block in zip(of, blocks, strict=True)]  # noqa: B023  as above
    combined = sum([share * part for share, (part, _) in zip(shares, parts, strict=True)])
    if not np.isclose(combined, cost, rtol=BLOCK_RELATIVE, atol=BLOCK_ABSOLUTE):
        whole, of_blocks = told_apart(cost, combined)
        found = f"the weighted sum of blocks of rows is {of_blocks}"
        raise BrokenPromise(f"the cost is {whole}, but {found}; is the cost a mean?")
    blockwise = [_gradients(o, d) for o, (_, d) in zip(of, parts, strict=True)]
    for whole, *pieces in zip(_gradients(out, dA), *blockwise, strict=True):
        if whole is None:
            continue
        joined = np.concatenate([share * piece for share, piece in zip(shares, pieces, strict=True)])
        if not np.allclose(joined, whole, rtol=BLOCK_RELATIVE, atol=BLOCK_ABSOLUTE):
            raise BrokenPromise("dA of all rows is not the weighted sum of dA of blocks of rows")
