"""Results with the same bits on every processor: what NumPy may compute of them, and the errors without them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from funcnn.compilation.agreement import DIFFERS, reason_of
from funcnn.compilation.evaluation import LEAVES
from funcnn.compilation.namespace import ELEMENTWISE
from funcnn.compilation.shapes import Operand, Untraceable, unrefused
from funcnn.compilation.structure import flatten, symbolic
from funcnn.compilation.symbols import Symbol
from funcnn.conditions import recorded
from funcnn.errors import KindError
from funcnn.gradients import Grads
from funcnn.optimizers.base import update
from funcnn.optimizers.transforms import ClipNorm
from funcnn.trees.walks import arrays_in, leaves

FAULT = "a check of numbers failed, or a number is one that machine code cannot take"
_ROUNDED_FREELY = {"cos", "erfc", "exp", "expm1", "log", "log1p", "power", "sin", "tanh"}
EXACT = {
    *(ELEMENTWISE - _ROUNDED_FREELY),
    *("astype", "full", "halves", "index", "reshape", "transpose", "where"),
}
"""Operations on floats that NumPy computes with the same bits everywhere, each as IEEE 754 rounds it."""
_MOST = 64  # optimizers and networks of which is known whether the update is portable
_known: dict[str, str] = {}


def check_exact(values: Iterable[Operand], of: str) -> None:
    """Refuse what NumPy would compute `of` sums or parameters with bits that depend on the machine.

    Raises:
        Untraceable: an operation is not EXACT.
    """
    left, seen = list(values), set[int]()
    while left:
        a = left.pop()
        if isinstance(a, Symbol) and id(a) not in seen and a.op not in LEAVES:
            seen.add(id(a))
            if a.args and a.dtype.kind == "f" and a.op not in EXACT:
                raise Untraceable(f"{a.op} {of}, which NumPy computes")
            left += a.args


def check_update(optimizer: Any, params: Any) -> None:
    """Refuse an optimizer, or a part of a chain, that NumPy would compute with bits that depend on the machine.

    Raises:
        KindError: its rule does what is not EXACT.
    """
    if type(optimizer) is tuple:
        for part in optimizer:
            check_update(part, params)
        return
    form: list[Any] = []
    flatten((optimizer, params), [], [], form)
    if (reason := _known.get(key := repr(form))) is None:
        if len(_known) >= _MOST:
            _known.clear()
        reason = _known[key] = _reason(optimizer, params)
    if reason:
        name = type(optimizer).__name__
        raise KindError(
            f"compiled: with portable=True, an optimizer must compute entry by entry, not as {name}: {reason}"
        )


def _reason(optimizer: Any, params: Any) -> str:
    """Why the update is not portable; an empty string if it is."""
    if type(optimizer) is ClipNorm:  # which adds in a fixed order
        return ""
    before, gradient, parameters = [symbolic(tree, _entries, []) for tree in (optimizer, params, params)]
    try:
        with unrefused(), recorded() as faults:
            steps, after = update(before, Grads(gradient, None), parameters)
        check_exact([*leaves(steps.params), *arrays_in(after), *faults], "in the update")
    except Exception as error:  # noqa: BLE001  of a user's rule
        return reason_of(error)
    return ""


def _entries(a: Any) -> Symbol:
    return Symbol("parameters", (), a.shape, a.dtype, 1, None)


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


def missing_error(function: str, reason: str) -> ImportError:
    """The error where nothing can be compiled."""
    return ImportError(f'{function}: portable=True needs machine code: {reason}; write pip install "funcnn[compiled]"')
