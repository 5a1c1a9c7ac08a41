"""Options of a check: its resolution, what it tolerates, and the domain of f."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import reduce, wraps
from importlib import import_module
from inspect import Parameter, signature
from operator import or_
from typing import Annotated, Any, Literal, TypedDict, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import attrs

from funcnn.errors import RangeError
from funcnn.extras import needing
from funcnn.needs import Flag, Fraction, Function, Need, fitting, instance, need_of, number, word
from funcnn.testing.domain import Domain, Interval

RESOLUTION = 1e-7  # chosen: float32 has no more digits, and an eps that was forgotten is rarely smaller
SHARPEST_RESOLUTION = 1e-15
AGREEING = 40  # chosen: digits in which both sides of a check in exact arithmetic agree, computed in 50 or in 900
Check = TypeVar("Check", bound=Callable[..., Any])


_IN_RANGE = number(f"{SHARPEST_RESOLUTION} <= value < 1", f"in [{SHARPEST_RESOLUTION:g}, 1)")
Undecided = Annotated[Literal["reject", "error"], word("reject", "error")]
AtKinks = Annotated[Literal["subgradient", "hull", "skip"], word("subgradient", "hull", "skip")]
_BY_NAMES = "a dict by names of arguments"
Inside = Annotated[
    Callable[..., Any] | Mapping[str, Interval],
    fitting(
        f"a function of the arguments or {_BY_NAMES}",
        lambda value: isinstance(value, Mapping) or (callable(value) and not isinstance(value, type)),
    ),
]
Structures = Annotated[Mapping[str, str | Callable[[Any], Any]], instance(Mapping, _BY_NAMES)]


class CheckOptions(TypedDict, total=False):
    """Keyword arguments of every check. `check_vjp` describes them, `REFUSED` has those that a check cannot follow."""

    resolution: Annotated[float, _IN_RANGE] | None
    aliasing: Flag
    inconclusive: Undecided
    nondeterministic: Fraction
    domain: Inside | None
    structure: Structures | None
    at_kinks: AtKinks
    tolerance: Fraction
    exact: Flag
    oracle: Function | None
    fast: Flag
    float32: Flag
    layouts: Flag
    purity: Flag


@attrs.frozen
class Options:
    """The options of a check, with their defaults. `limits` is the domain that `domain` and `structure` describe."""

    resolution: Any = None  # a number, once it is checked
    aliasing: bool = True
    inconclusive: Undecided = "reject"
    nondeterministic: float = 0.0
    domain: Inside | None = None
    structure: Structures | None = None
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


_DECLARED = get_type_hints(CheckOptions, include_extras=True)
NEEDS: Mapping[str, Need] = {name: cast("Need", need_of(option, {})) for name, option in _DECLARED.items()}
_DEFAULTS = {field.name: field.default for field in attrs.fields(Options) if field.name in NEEDS}
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
    types = {name: _written(option) for name, option in get_type_hints(CheckOptions).items()}
    defaults = _defaults_of(check.__name__)
    every = [
        *own,
        *[Parameter(name, Parameter.KEYWORD_ONLY, default=defaults[name], annotation=types[name]) for name in types],
    ]
    names = {parameter.name for parameter in every}

    @wraps(check)
    def call(*args: Any, **given: Any) -> Any:
        if unknown := given.keys() - names:
            raise TypeError(f"{check.__name__}() got an unexpected keyword argument '{min(unknown)}'")
        return check(*args, **given)

    listing: Any = call
    listing.__signature__ = signature(check).replace(parameters=every)
    del listing.__wrapped__  # Sphinx reads defaults in the source of what was wrapped, which lacks the options
    return cast("Check", listing)


def _written(option: Any) -> Any:
    """A type as the source has it: `float | None`, also where typing made `Optional[float]` of it."""
    return reduce(or_, get_args(option)) if get_origin(option) is Union else option


def _defaults_of(function: str) -> dict[str, Any]:
    """The defaults of the options of a check."""
    return {**_DEFAULTS, **{name: value for name, (value, _) in REFUSED.get(function, {}).items()}}


def as_options(function: str, given: Any) -> Options:
    """Check the options `given` to `function`. A resolution of None is read from pytest's ini file, else 1e-7.

    The names of arguments in `domain` and `structure` are checked by `as_domain`.
    """
    every = {**_defaults_of(function), **given}
    if every["resolution"] is None:
        every["resolution"] = getattr(ledger(), "resolution", None) or RESOLUTION
    for name, need in NEEDS.items():
        if not need.holds(every[name]):
            every[name] = need.explain(function, name, every[name])
    asked = Options(**every)
    _check_exactness(function, asked, given)
    for name, (value, why) in REFUSED.get(function, {}).items():
        if getattr(asked, name) != value:
            raise RangeError(f"{function}: {name} must be {value}, {why}")
    if asked.fast:
        for name in SECTIONS:
            if given.get(name):
                raise RangeError(f"{function}: {name}=True has no effect with fast=True, which leaves it out")
    return attrs.evolve(asked, resolution=10.0**-AGREEING) if asked.exact else asked


def _check_exactness(function: str, asked: Options, given: Mapping[str, Any]) -> None:
    """Check `exact` and `oracle`, which exclude other options."""
    if asked.exact:
        for name, value in given.items():
            if name not in _ALLOWED_WITH_EXACT and value != _DEFAULTS[name]:
                raise RangeError(f"{function}: {name} has no effect with exact=True; leave it out")
        if asked.structure:
            raise RangeError(f"{function}: structure must be None for exact=True, which moves every entry")
    if asked.oracle and asked.structure:
        raise RangeError(f"{function}: structure must be None with an oracle, whose entries move one by one")
    if asked.exact or asked.oracle:
        with needing(f"{function} with {'exact=True' if asked.exact else 'an oracle'}", "mpmath"):
            import_module("mpmath")


def ledger() -> Any:
    """The ledger of the pytest plugin, None outside pytest."""
    return getattr(sys.modules.get("funcnn_pytest"), "ledger", None)
