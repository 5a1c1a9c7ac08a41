"""A loss: its gradient against its own value."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcnn.arrays import Array
from funcnn.core import Loss
from funcnn.testing.explain import written
from funcnn.testing.proof import Claim, prove
from funcnn.testing.session import Undecided, delivered, options
from funcnn.testing.verdict import BrokenPromise, Report
from funcnn.tree import tree_map


def check_loss(
    loss: Loss, out: Array, y: Any, *, resolution: float | None = None, inconclusive: Undecided = "reject"
) -> Report:
    """Prove a loss at (out, y): its dA against its own cost, and what a loss promises besides.

    The costs and gradients of blocks of rows, each weighed by its share of the rows, combine to those of all rows; and
    dA has out's shape and dtype.

    >>> import numpy as np
    >>> from funcnn import mse
    >>> from funcnn.testing import check_loss
    >>> print(check_loss(mse, np.ones((3, 2)), np.zeros((3, 2))))
    pass: ...

    Raises:
        GradientError: as `check_vjp`, or one of those promises is broken.
        Inconclusive: as `check_vjp`.
    """
    name = getattr(loss, "__name__", type(loss).__name__).replace("<lambda>", "loss")
    source = f"    out = {written(out)}\n    y = {written(y)}"

    def f(out: Array) -> Array:
        return np.asarray(loss(out, y)[0])

    def vjp(args: tuple[Any, ...], dA: Array) -> list[Array]:
        return [loss(args[0], y)[1] * dA]

    chosen = options(resolution, inconclusive)

    def check() -> Report:
        report = prove(Claim(name, f, vjp, (out,), ("out",), source), chosen)
        _check_blocks(loss, out.astype(np.float64), y)
        dA = loss(out.astype(np.float32), y)[1]
        if dA.dtype != np.float32 or dA.shape != out.shape:
            raise BrokenPromise(f"dA must be as out, float32 {out.shape}; it is {dA.dtype} {dA.shape}")
        return report

    return delivered("loss", name, chosen, check)


def _check_blocks(loss: Loss, out: Array, y: Any) -> None:
    """Rows do not know of each other: a loss is a mean over them."""
    cost, dA = loss(out, y)
    m = len(out)
    blocks = [slice(0, 1), slice(1, m)][: min(m, 2)]
    shares = [len(range(m)[block]) / m for block in blocks]
    parts = [loss(out[block], tree_map(lambda a: a[block], y)) for block in blocks]  # noqa: B023  used at once
    combined = sum([share * part for share, (part, _) in zip(shares, parts, strict=True)])
    if not np.isclose(combined, cost, rtol=1e-12, atol=1e-15):
        raise BrokenPromise(f"the cost is {cost:.10g}, but blocks of rows combine to {combined:.10g}; is it a mean?")
    pieces = np.concatenate([share * part for share, (_, part) in zip(shares, parts, strict=True)])
    if not np.allclose(pieces, dA, rtol=1e-12, atol=1e-15):
        raise BrokenPromise("dA is not what those of blocks of rows combine to")
