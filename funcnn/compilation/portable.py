"""Results with the same bits on every processor: what NumPy may compute of them, and the errors without them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from funcnn.arrays import freeze
from funcnn.compilation.agreement import DIFFERS, reason_of
from funcnn.compilation.evaluation import Calculation, reached
from funcnn.compilation.operations import OF_BITS, ROUNDED, TRUTHS
from funcnn.compilation.shapes import SUMS, Operand, Untraceable, unrefused
from funcnn.compilation.structure import builder, flattened, symbolic, symbols_in
from funcnn.compilation.symbols import Symbol, is_step_number
from funcnn.conditions import recorded
from funcnn.errors import KindError
from funcnn.gradients import Grads
from funcnn.optimizers.base import update
from funcnn.optimizers.transforms import ClipNorm

FAULT = "a check of numbers failed, as of a sine of more than 1e6, or a state is a number that no kernel takes"
EXACT = {*ROUNDED, *OF_BITS, *TRUTHS, "astype", "full", "halves", "index", "reshape", "transpose", "where"}
"""Operations on floats that NumPy computes with the same bits everywhere, each as IEEE 754 rounds it."""


def check_exact(values: Iterable[Operand], of: str) -> None:
    """Refuse what NumPy would compute `of` sums or parameters with bits that depend on the machine.

    Raises:
        Untraceable: an operation is not EXACT.
    """
    for a in reached(values, lambda a: [] if a.op in SUMS else a.args):
        if a.args and a.op not in SUMS and a.dtype.kind == "f" and a.op not in EXACT:
            raise Untraceable(f"{a.op} {of}, which NumPy computes")


def updated(optimizer: Any, grads: Grads[Any], params: Any) -> tuple[Grads[Any], Any]:
    """`update(optimizer, grads, params)` with the bits that a fold has, on every machine.

    The rule is not called with arrays, since its powers would be those of NumPy and of the C library: its trace is
    evaluated, as a fold has it.

    Raises:
        KindError: the trace has an operation that is not EXACT, or there is none.
    """
    if type(optimizer) is tuple:
        after: list[Any] = []
        for part in optimizer:
            grads, one = updated(part, grads, params)
            after.append(one)
        return grads, tuple(after)
    if type(optimizer) is ClipNorm:  # which adds in an order of its own
        return update(optimizer, grads, params)
    try:
        steps, next_optimizer = _evaluated(optimizer, grads.params, params)
    except Exception as error:  # noqa: BLE001  of a user's rule
        name, reason = type(optimizer).__name__, reason_of(error)
        text = f"compiled: portable=True needs operations that round alike everywhere; the update of {name}: {reason}"
        raise KindError(text) from None
    return Grads(steps, grads.x), next_optimizer


def _evaluated(optimizer: Any, grads: Any, params: Any) -> Any:
    """The steps and the next optimizer, from the trace of the rule."""
    (arrays, numbers, _), symbols, counters = flattened(optimizer, grads, params), list[Symbol](), list[Symbol]()

    def entries(a: Any) -> Symbol:
        symbols.append(Symbol("entries", (), a.shape, a.dtype, 1, None))
        return symbols[-1]

    trees = [symbolic(tree, entries, counters) for tree in (optimizer, grads, params)]
    with unrefused(), recorded() as faults:
        steps, after = update(trees[0], Grads(trees[1], None), trees[2])
    found = symbols_in((steps.params, after))
    if any([a.features == 0 for a in reached(found)]):
        raise Untraceable("a sum over the entries of an array")
    check_exact([*found, *faults], "in the update")
    places = {id(s): i for i, s in enumerate([*symbols, *counters])}
    made = Calculation(places).function(found)([*arrays, *numbers])
    known = {id(s): _as_result(s, value) for s, value in zip(found, made, strict=True)}
    return builder((steps.params, after), lambda s: lambda known: known[id(s)])(known)


def _as_result(s: Symbol, value: Any) -> Any:
    return value if is_step_number(s) else freeze(np.asarray(value, s.dtype))


def refuse(function: str, reason: str, plain: Callable[[], Any]) -> None:
    """Raise the error that NumPy's computation has; if it has none, say why there is no portable result.

    Raises:
        KindError: with the reason.
    """
    plain()
    reason += ", as where random numbers are drawn" if reason == DIFFERS else ""
    raise KindError(
        f"{function}: portable=True needs machine code for the whole network: {reason}; "
        f"without portable=True, results have the bits of this machine"
    )
