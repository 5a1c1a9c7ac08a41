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


class CommonOptions(TypedDict, total=False):
    """Keyword arguments of every check. `check_vjp` describes them."""

    resolution: float | None
    inconclusive: Undecided
    domain: Callable[..., Any] | Mapping[str, Interval] | None
    at_kinks: AtKinks
    tolerance: float


class LayerOptions(CommonOptions, total=False):
    """Keyword arguments of a check of a layer or a loss."""

    structure: Mapping[str, str] | None
    exact: bool
    float32: bool
    layouts: bool
    purity: bool


class FunctionOptions(CommonOptions, total=False):
    """Keyword arguments of a check of a function, whose results may be nondeterministic."""

    nondeterministic: float


class VjpOptions(LayerOptions, FunctionOptions, total=False):
    """Keyword arguments of `check_vjp`."""

    aliasing: bool
    oracle: Callable[..., Any] | None


@attrs.frozen
class Options:
    """The options of a check, with their defaults. `limits` is the domain that `domain` and `structure` describe."""

    resolution: Any = None  # a number, once it is checked
    aliasing: bool = True
    inconclusive: Undecided = "reject"
    nondeterministic: float = 0.0
    domain: Callable[..., Any] | Mapping[str, Interval] | None = None
    structure: Mapping[str, str] | None = None
    at_kinks: AtKinks = "subgradient"
    tolerance: float = 0.0
    exact: bool = False
    float32: bool = True
    layouts: bool = True
    purity: bool = True
    oracle: Any = None
    limits: Domain = attrs.field(factory=Domain)
    casts: bool = False  # of gradients to the dtype of their argument


_DEFAULTS = {field.name: field.default for field in attrs.fields(Options)}
_ALLOWED_WITH_EXACT = {"exact", "inconclusive", "domain", "structure"}


def takes(options: type) -> Callable[[Check], Check]:
    """Declare the `**options` of a check by a TypedDict: its signature lists them, and others raise a TypeError."""

    def declared(check: Check) -> Check:
        *own, _ = signature(check).parameters.values()
        types = get_type_hints(options)
        every = [
            *own,
            *[
                Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=types[name])
                for name, default in _DEFAULTS.items()
                if name in types
            ],
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

    return declared


def checked_options(whose: str, given: Any) -> Options:
    """Check the options `given` to the check `whose`. A resolution of None is read from pytest's ini file, else 1e-7.

    The names of arguments in `domain` and `structure` are checked by `as_domain`.
    """
    asked = Options(**given)
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
    for name in ("aliasing", "exact", "float32", "layouts", "purity"):
        check_flag(whose, getattr(asked, name), name)
    is_function = callable(asked.domain) and not isinstance(asked.domain, type)
    _check_names(whose, "domain", None if is_function else asked.domain, "a function of the arguments or a dict")
    _check_names(whose, "structure", asked.structure, "a dict")
    _check_exactness(whose, asked, given)
    return attrs.evolve(
        asked,
        resolution=10.0**-AGREEING if asked.exact else float(resolution),
        nondeterministic=float(asked.nondeterministic),
        tolerance=float(asked.tolerance),
    )


def _check_exactness(whose: str, asked: Options, given: Mapping[str, Any]) -> None:
    """Check `exact` and `oracle`, which other options exclude."""
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
