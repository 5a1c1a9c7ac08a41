"""Options of a check: its resolution, and what it tolerates."""

from __future__ import annotations

import sys
from typing import Any, Literal

import attrs

from funcnn.arrays import kind, short
from funcnn.errors import KindError, RangeError
from funcnn.fields import as_number, check_flag
from funcnn.testing.differentiation.constants import RESOLUTION, SHARPEST_RESOLUTION

Undecided = Literal["reject", "error"]


@attrs.frozen
class Options:
    """The resolution, the treatment of inconclusive examples, and what is tolerated."""

    resolution: float
    inconclusive: Undecided
    aliasing: bool = True
    nondeterministic: float = 0.0


def options(
    whose: str,
    resolution: float | None,
    inconclusive: Undecided,
    *,
    aliasing: bool = True,
    nondeterministic: float = 0.0,
) -> Options:
    """The options of the check `whose`. A resolution of None is read from pytest's ini file, or else is 1e-7."""
    found = ledger()
    if resolution is None:
        resolution = (found and found.resolution) or RESOLUTION
    for name, value, low in (
        ("resolution", resolution, SHARPEST_RESOLUTION),
        ("nondeterministic", nondeterministic, 0.0),
    ):
        if not low <= as_number(whose, value, name) < 1:
            raise RangeError(f"{whose}: {name} must be in [{low:g}, 1); it is {value}")
    if not isinstance(inconclusive, str) or inconclusive not in ("reject", "error"):
        given = short(inconclusive) if isinstance(inconclusive, str) else kind(inconclusive)
        raise KindError(f'{whose}: inconclusive must be "reject" or "error", not {given}')
    check_flag(whose, aliasing, "aliasing")
    return Options(float(resolution), inconclusive, aliasing, float(nondeterministic))


def ledger() -> Any:
    """The ledger of the pytest plugin, None outside pytest."""
    return getattr(sys.modules.get("funcnn_pytest"), "ledger", None)
