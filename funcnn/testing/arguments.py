"""Arguments of a function under a check: which have gradients, their names, and their source."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal

import attrs
import numpy as np

from funcnn.arrays import Array, counted, is_array, kind, short
from funcnn.errors import KindError, RangeError
from funcnn.fields import check_function, is_whole
from funcnn.needs import fitting, instance, passing, word
from funcnn.testing.claim import Claim, as_argument, as_arrays, is_special
from funcnn.testing.domain import as_domain
from funcnn.testing.flattening import Flattened
from funcnn.testing.numbers import as_source
from funcnn.testing.options import Options, as_options
from funcnn.testing.pytrees import leaves, rebuilt


def _is_argnums(value: Any) -> bool:
    several = value if isinstance(value, tuple | list) else [value]
    return bool(several) and all(map(is_whole, several))


def _given(value: Any) -> str:
    return short(tuple(value)) if isinstance(value, tuple | list) else kind(value)


def _check_keywords(function: str, argument: str, value: Any) -> None:
    if not isinstance(value, dict):
        raise KindError(f"{function}: {argument} must be {_KEYWORDS}, not {kind(value)}")
    for name in value:
        if not isinstance(name, str):
            raise KindError(f"{function}: {argument} must have names of keyword arguments as keys, not {kind(name)}")


_KEYWORDS = "a dict of keyword arguments of f"
Arguments = Annotated[Sequence[Any], instance(tuple | list, "a tuple, an array for each argument of f")]
Argnums = Annotated[
    int | tuple[int, ...] | list[int], fitting("a whole number or a tuple of them", _is_argnums, _given)
]
Keywords = Annotated[Mapping[str, Any], passing(_KEYWORDS, _check_keywords)]
Convention = Annotated[Literal["jax", "torch"], word("jax", "torch")]
_SIGNS = {"jax": -1, "torch": 1}  # of the imaginary part of a gradient


def flattened(
    function: str,
    f: Callable[..., Any],
    args: Arguments,
    argnums: Argnums | None = None,
    kwargs: Keywords | None = None,
    convention: Convention | None = None,
) -> Flattened:
    """f as a function of real arrays, with its arguments, which are checked; errors name `function`."""
    sign = _SIGNS[convention] if convention else 0
    chosen = _as_argnums(function, argnums, len(args))
    paths = names_of(f, len(args))
    if argnums is None:  # a Python int, such as a seed, an axis or a shape, must remain one
        chosen = tuple([i for i in chosen if not _is_ints(args[i])])

    def as_leaf(path: str, leaf: Any) -> Any:
        if (is_array(leaf) and not is_special(leaf)) or isinstance(leaf, complex):
            array = np.asarray(leaf)
            if array.dtype.kind == "c":
                if not sign:
                    raise KindError(f'{function}: {path} is complex; choose convention="jax" or convention="torch"')
                return array
        return as_argument(function, path, leaf)

    found = list(args)
    for i in chosen:
        if argnums is None and len(args) > 1 and isinstance(args[i], str | bool):
            remedy = "; to check the gradients of other arguments alone give argnums"
            raise KindError(f"{function}: {paths[i]} must be an array of numbers, not {kind(args[i])}{remedy}")
        arrays = iter([as_leaf(path, leaf) for path, leaf in leaves(args[i], paths[i])])
        found[i] = rebuilt(args[i], arrays)
        if argnums is not None and not any(a.dtype.kind in "fc" for _, a in leaves(found[i])):
            raise KindError(f"{function}: argnums has {i}, but {paths[i]} holds no floats, so it has no gradient")
    return Flattened(function, f, tuple(found), paths, chosen, kwargs or {}, sign)


def claim_of(f: Flattened, vjp: Callable[..., Any], given: Any, derivative: str = "vjp") -> tuple[Claim, Options]:
    """The claim that vjp is the derivative of a function of real arrays, and the options that were `given`."""
    name = getattr(f.f, "__name__", "f").replace("<lambda>", "f")
    names = tuple([name for name, _ in f.parts()])
    arrays = as_arrays(f.function, names, [array for _, array in f.parts()])
    every = {**dict(zip(f.paths, f.args, strict=True)), **f.kwargs}
    source = "\n".join([f"    {path} = {as_source(a)}" for path, a in every.items()])
    claim = Claim(f.function, "function", name, f.value, vjp, arrays, names, source)
    claim = attrs.evolve(claim, cotangent=f.cotangent, derivative=derivative)
    claim, options = limited(claim, given, f.paths, lambda parts: f.called(parts)[0])
    for option, what in ((options.exact, "for exact=True"), (options.oracle, "with an oracle")):
        if option and f.sign:
            raise RangeError(f"{claim.function}: convention must be None {what}, which computes with real numbers")
    return claim, with_oracle(claim.function, options, f.called)


def with_oracle(
    function: str,
    options: Options,
    called: Callable[[Sequence[Any]], tuple[Any, Any]],
    arranged: Callable[[Array], Array] = np.asarray,
) -> Options:
    """The options with the function given as `oracle` made an `Oracle`, which `called` and `arranged` belong to."""
    if options.oracle is None:
        return options
    from funcnn.testing.exact.oracle import Oracle  # noqa: PLC0415  it needs mpmath

    return attrs.evolve(options, oracle=Oracle(function, options.oracle, called, arranged))


def limited(
    claim: Claim, given: Any, paths: Sequence[str], called: Callable[[Sequence[Array]], Sequence[Any]]
) -> tuple[Claim, Options]:
    """The claim, and its checked options with their domain. `called` gives the arguments `paths` of f from arrays."""
    options = as_options(claim.function, given)
    holds = options.domain
    if callable(holds):
        holds = _predicate(claim.function, holds, paths, called)
    structure = options.structure or {}
    limits = as_domain(claim.function, claim.names, claim.args, holds, structure)
    tangent = "its gradient is compared on the tangent space"
    named = {name: what if isinstance(what, str) else getattr(what, "__name__", "") for name, what in structure.items()}
    source = "".join([f'\n    # structure of {moved}: "{what}"; {tangent}' for moved, what in named.items()])
    return attrs.evolve(claim, source=claim.source + source), attrs.evolve(options, limits=limits)


def _predicate(function: str, domain: Callable[..., Any], paths: Sequence[str], called: Any) -> Callable[..., Any]:
    """A domain as a function of real arrays."""
    check_function(function, "domain", domain, f"a function ({', '.join(paths)})", takes=len(paths))

    def holds(*parts: Any) -> Any:
        inside = domain(*called(parts))
        if np.asarray(inside).dtype != np.bool_:
            raise KindError(f"{function}: domain must return a bool or an array of bools, not {short(inside)}")
        return inside

    return holds


def _as_argnums(function: str, argnums: Argnums | None, n: int) -> tuple[int, ...]:
    if argnums is None:
        return tuple(range(n))
    several = argnums if isinstance(argnums, tuple | list) else [argnums]
    for i in several:
        if not -n <= i < n:
            needed = f"in [{-n}, {n}), as f has {counted(n, 'argument')}"
            raise RangeError(f"{function}: argnums must be {needed}; {i} is not")
    chosen = tuple([int(i) % n for i in several])
    if len({*chosen}) < len(chosen):
        raise RangeError(f"{function}: argnums must name each argument once, not {short(tuple(several))}")
    return chosen


def _is_ints(arg: Any) -> bool:
    every = [leaf for _, leaf in leaves(arg)]
    return bool(every) and all([is_whole(leaf) for leaf in every])


def names_of(f: Callable[..., Any], n: int) -> tuple[str, ...]:
    """The names of the first n parameters of f, or names by position if f does not give any."""
    if isinstance(f, np.ufunc):  # before NumPy 2.4 it has no signature
        return ("x",) if n == 1 else tuple([f"x{i + 1}" for i in range(n)])
    try:
        parameters = inspect.signature(f).parameters.values()
        names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    except (TypeError, ValueError):
        names = []
    return tuple(names[:n]) if len(names) >= n else tuple([f"args[{i}]" for i in range(n)])
