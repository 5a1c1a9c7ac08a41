"""Options of a check: its resolution, what it tolerates, and the domain of f."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import Any, Literal

import attrs

from funcnn.arrays import kind, short
from funcnn.errors import KindError, RangeError
from funcnn.fields import as_number, check_flag
from funcnn.testing.differentiation.constants import RESOLUTION, SHARPEST_RESOLUTION
from funcnn.testing.domain import Domain

AGREEING = 40  # chosen: digits in which both sides of a check in exact arithmetic agree, computed in 50 or in 900
Undecided = Literal["reject", "error"]
AtKinks = Literal["subgradient", "hull", "skip"]
PARTS = frozenset({"float32", "layouts", "extremes", "purity"})  # of a check, which may be left out


@attrs.frozen
class Options:
    """The resolution, the treatment of inconclusive examples, what is tolerated, and whether arithmetic is exact."""

    resolution: float
    inconclusive: Undecided
    aliasing: bool = True
    nondeterministic: float = 0.0
    domain: Domain = attrs.field(factory=Domain)
    at_kinks: AtKinks = "subgradient"
    tolerance: float = 0.0
    exact: bool = False
    parts: frozenset[str] = PARTS
    casts: bool = False  # of gradients to the dtype of their argument


def options(
    whose: str,
    resolution: float | None,
    inconclusive: Undecided,
    *,
    aliasing: bool = True,
    nondeterministic: float = 0.0,
    at_kinks: AtKinks = "subgradient",
    tolerance: float = 0.0,
    exact: bool = False,
    **parts: bool,
) -> Options:
    """Check the options of the check `whose`. A resolution of None is read from pytest's ini file, default 1e-7.

    `parts` says for some of PARTS whether they are checked; by default all are.
    """
    found, is_given = ledger(), resolution is not None
    if resolution is None:
        resolution = (found and found.resolution) or RESOLUTION
    for name, value, low in (
        ("resolution", resolution, SHARPEST_RESOLUTION),
        ("nondeterministic", nondeterministic, 0.0),
        ("tolerance", tolerance, 0.0),
    ):
        if not low <= as_number(whose, value, name) < 1:
            raise RangeError(f"{whose}: {name} must be in [{low:g}, 1); it is {value}")
    _check_word(whose, "inconclusive", inconclusive, "reject", "error")
    _check_word(whose, "at_kinks", at_kinks, "subgradient", "hull", "skip")
    for name, flag in {"aliasing": aliasing, "exact": exact, **parts}.items():
        check_flag(whose, flag, name)
    without_effect = {
        "resolution": is_given,
        "aliasing": not aliasing,
        "nondeterministic": nondeterministic,
        "at_kinks": at_kinks != "subgradient",
        "tolerance": tolerance,
        **{name: not asked for name, asked in parts.items()},
    }
    if exact and (ignored := [name for name, given in without_effect.items() if given]):
        raise RangeError(f"{whose}: {ignored[0]} has no effect with exact=True; leave it out")
    if exact and find_spec("mpmath") is None:
        raise ImportError(f"{whose}: exact=True needs mpmath; write pip install mpmath")
    return Options(
        10.0**-AGREEING if exact else float(resolution),
        inconclusive,
        aliasing,
        float(nondeterministic),
        at_kinks=at_kinks,
        tolerance=float(tolerance),
        exact=bool(exact),
        parts=PARTS - {name for name, asked in parts.items() if not asked},
    )


def _check_word(whose: str, name: str, value: Any, *words: str) -> None:
    if not isinstance(value, str) or value not in words:
        given = short(value) if isinstance(value, str) else kind(value)
        *others, last = [f'"{word}"' for word in words]
        raise KindError(f"{whose}: {name} must be {', '.join(others)} or {last}, not {given}")


def ledger() -> Any:
    """The ledger of the pytest plugin, None outside pytest."""
    return getattr(sys.modules.get("funcnn_pytest"), "ledger", None)
