"""Options of a check: its resolution, what it tolerates, and the domain of f."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import wraps
from importlib.util import find_spec
from inspect import Parameter, signature
from typing import Any, Literal, TypedDict, TypeVar, cast, get_type_hints

import attrs

from funcnn.arrays import kind, short
from funcnn.errors import KindError, RangeError
from funcnn.fields import as_number, check_flag, check_function
from funcnn.testing.differentiation.constants import RESOLUTION, SHARPEST_RESOLUTION
from funcnn.testing.domain import Domain, Interval

AGREEING = 40  # chosen: digits in which both sides of a check in exact arithmetic agree, computed in 50 or in 900
Undecided = Literal["reject", "error"]
AtKinks = Literal["subgradient", "hull", "skip"]
Check = TypeVar("Check", bound=Callable[..., Any])


class CheckOptions(TypedDict, total=False):
    """Keyword arguments of every check. `check_vjp` describes them, `REFUSED` has those that a check cannot follow."""

    resolution: float | None
    aliasing: bool
    inconclusive: Undecided
    nondeterministic: float
    domain: Callable[..., Any] | Mapping[str, Interval] | None
    structure: Mapping[str, str | Callable[[Any], Any]] | None
    at_kinks: AtKinks
    tolerance: float
    exact: bool
    oracle: Callable[..., Any] | None
    fast: bool
    float32: bool
    layouts: bool
    purity: bool


@attrs.frozen
class Options:
    """The options of a check, with their defaults. `limits` is the domain that `domain` and `structure` describe."""

    resolution: Any = None  # a number, once it is checked
    aliasing: bool = True
    inconclusive: Undecided = "reject"
    nondeterministic: float = 0.0
    domain: Callable[..., Any] | Mapping[str, Interval] | None = None
    structure: Mapping[str, str | Callable[[Any], Any]] | None = None
    at_kinks: AtKinks = "subgradient"
    tolerance: float = 0.0
    exact: bool = False
    oracle: Any = None
    fast: bool = False
    float32: bool = True
    layouts: bool = True
    purity: bool = True
    limits: Domain = attrs.field(factory=Domain)
    casts: bool = False  # of gradients to the dtype of their argument


_DEFAULTS = {field.name: field.default for field in attrs.fields(Options) if field.name in get_type_hints(CheckOptions)}
_ALLOWED_WITH_EXACT = {"exact", "inconclusive", "domain", "structure"}
SECTIONS = ("float32", "layouts", "purity")  # parts of a check, which can be switched off

_OF_A_LAYER = {
    "nondeterministic": (0, "since the seed of a layer is a part of it"),
    "aliasing": (True, "since what backward returns is read-only"),
}
_IN_FLOAT64 = {"float32": (False, "since its functions are called in float64, as SciPy calls them")}
# By the name of a check: options that it cannot follow, each with the value that it always has, and the reason.
REFUSED: Mapping[str, Mapping[str, tuple[Any, str]]] = {
    "check_layer": _OF_A_LAYER,
    "every_layer": _OF_A_LAYER,
    "check_loss": {"oracle": (None, "since an oracle gives a number for each entry of out, and a loss is a mean")},
    "check_gradient": _IN_FLOAT64,
    "check_hessian": _IN_FLOAT64,
}


def takes_options(check: Check) -> Check:
    """Declare that the `**options` of a check are those of `CheckOptions`: its signature lists them, with defaults."""
    *own, _ = signature(check).parameters.values()
    types = get_type_hints(CheckOptions)
    defaults = _defaults_of(check.__name__)
    every = [
        *own,
        *[Parameter(name, Parameter.KEYWORD_ONLY, default=defaults[name], annotation=types[name]) for name in types],
    ]
    names = {parameter.name for parameter in every}

    @wraps(check)
    def checked(*args: Any, **given: Any) -> Any:
        if unknown := given.keys() - names:
            raise TypeError(f"{check.__name__}() got an unexpected keyword argument '{min(unknown)}'")
        return check(*args, **given)

    listing: Any = checked
    listing.__signature__ = signature(check).replace(parameters=every)
    del listing.__wrapped__  # Sphinx reads defaults in the source of what was wrapped, which lacks the options
    return cast("Check", listing)


def _defaults_of(whose: str) -> dict[str, Any]:
    """The defaults of the options of a check."""
    return {**_DEFAULTS, **{name: value for name, (value, _) in REFUSED.get(whose, {}).items()}}


def checked_options(whose: str, given: Any) -> Options:
    """Check the options `given` to the check `whose`. A resolution of None is read from pytest's ini file, else 1e-7.

    The names of arguments in `domain` and `structure` are checked by `as_domain`.
    """
    defaults = _defaults_of(whose)
    asked = Options(**{**defaults, **given})
    found = ledger()
    resolution = asked.resolution
    if resolution is None:
        resolution = (found and found.resolution) or RESOLUTION
    for name, value, low in (
        ("resolution", resolution, SHARPEST_RESOLUTION),
        ("nondeterministic", asked.nondeterministic, 0.0),
        ("tolerance", asked.tolerance, 0.0),
    ):
        if not low <= as_number(whose, value, name) < 1:
            raise RangeError(f"{whose}: {name} must be in [{low:g}, 1); it is {value}")
    _check_word(whose, "inconclusive", asked.inconclusive, "reject", "error")
    _check_word(whose, "at_kinks", asked.at_kinks, "subgradient", "hull", "skip")
    for name in ("aliasing", "exact", "fast", *SECTIONS):
        check_flag(whose, getattr(asked, name), name)
    is_function = callable(asked.domain) and not isinstance(asked.domain, type)
    _check_names(whose, "domain", None if is_function else asked.domain, "a function of the arguments or a dict")
    _check_names(whose, "structure", asked.structure, "a dict")
    _check_exactness(whose, asked, given)
    for name, (value, why) in REFUSED.get(whose, {}).items():
        if getattr(asked, name) != value:
            raise RangeError(f"{whose}: {name} must be {value}, {why}")
    if asked.fast:
        for name in SECTIONS:
            if given.get(name):
                raise RangeError(f"{whose}: {name}=True has no effect with fast=True, which leaves it out")
    return attrs.evolve(
        asked,
        resolution=10.0**-AGREEING if asked.exact else float(resolution),
        nondeterministic=float(asked.nondeterministic),
        tolerance=float(asked.tolerance),
    )


def _check_exactness(whose: str, asked: Options, given: Mapping[str, Any]) -> None:
    """Check `exact` and `oracle`, which exclude other options."""
    if asked.exact:
        for name, value in given.items():
            if name not in _ALLOWED_WITH_EXACT and value != _DEFAULTS[name]:
                raise RangeError(f"{whose}: {name} has no effect with exact=True; leave it out")
        if asked.structure:
            raise RangeError(f"{whose}: structure must be None for exact=True, which moves every entry")
    if asked.oracle is not None:
        check_function(whose, asked.oracle, "oracle")
        if asked.structure:
            raise RangeError(f"{whose}: structure must be None with an oracle, whose entries move one by one")
    if (asked.exact or asked.oracle) and find_spec("mpmath") is None:
        option = "exact=True" if asked.exact else "oracle"
        raise ImportError(f"{whose}: {option} needs mpmath; write pip install mpmath")


def _check_word(whose: str, name: str, value: Any, *words: str) -> None:
    if not isinstance(value, str) or value not in words:
        given = short(value) if isinstance(value, str) else kind(value)
        *others, last = [f'"{word}"' for word in words]
        raise KindError(f"{whose}: {name} must be {', '.join(others)} or {last}, not {given}")


def _check_names(whose: str, name: str, value: Any, needed: str) -> None:
    if value is not None and not isinstance(value, Mapping):
        raise KindError(f"{whose}: {name} must be {needed} by names of arguments, not {kind(value)}")


def ledger() -> Any:
    """The ledger of the pytest plugin, None outside pytest."""
    return getattr(sys.modules.get("funcnn_pytest"), "ledger", None)
