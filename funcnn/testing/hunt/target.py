"""What a hunt checks: a function with its derivative, its arguments and its known issues; and the files of these."""

from __future__ import annotations

import ast
import runpy
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from inspect import signature
from os import PathLike
from pathlib import Path
from typing import Annotated, Any

import attrs
from hypothesis.strategies import SearchStrategy

from funcnn.arrays import kind, short
from funcnn.checked import checked
from funcnn.errors import FileError, FuncnnError, KindError, MissingError, NoFileError, RangeError
from funcnn.needs import Text, as_text, passing
from funcnn.testing import verdict
from funcnn.testing.mutation import Pair
from funcnn.testing.tensors import Strategy
from funcnn.testing.vjp import check_vjp

OPTIONS = [name for name in signature(check_vjp).parameters if name not in {"f", "vjp", "args", "inconclusive"}]
INCONCLUSIVE, ERROR, CRASHED, HUNG = "Inconclusive", "Error", "Crashed", "Hung"
NO_DERIVATIVE = verdict.NoDerivative.__name__
KINDS = [
    *[name for name, cls in vars(verdict).items() if isinstance(cls, type) and issubclass(cls, verdict.GradientError)],
    INCONCLUSIVE,  # no example was decided
    ERROR,  # another exception: of the forward pass, or of the strategy
    CRASHED,  # the process ended
    HUNG,  # one example took longer than `patience`
]
_REASONS = "a dict from kinds of findings to reasons"


def _check_known(function: str, argument: str, value: Any) -> None:
    if not isinstance(value, Mapping):
        raise KindError(f"{function}: {argument} must be {_REASONS}, not {kind(value)}")
    for which, reason in value.items():
        if which not in KINDS:
            kinds = ", ".join(KINDS)
            raise RangeError(f"{function}: {argument} must name kinds of findings ({kinds}), not {short(which)}")
        as_text(function, f"{argument}[{which!r}]", reason)


Known = Annotated[Mapping[str, str], passing(_REASONS, _check_known)]


@attrs.frozen(eq=False, init=False)
class Target:
    """A function to check: its name, the pair `(f, vjp)`, a strategy for its arguments, and options of `check_vjp`.

    The pair is written by hand or made by an adapter, such as `funcnn.testing.torch.pair`. `known` gives the reason of
    each finding that is expected, by its kind: the name of an error, such as "WrongGradient", or "NoDerivative"
    if the library has no derivative; "Inconclusive", if no example was decided; "Error", if another exception was
    raised; "Crashed", if the process ended; "Hung", if an example took too long.

    >>> import numpy as np
    >>> from funcnn.testing import strategies as fst
    >>> from funcnn.testing.hunt import Target
    >>> log = (np.log, lambda args, dA: [dA / args[0]])
    >>> Target("log", log, fst.tensors("n").map(lambda args: [abs(args[0]) + 1]), domain={"x": (0, None)}).name
    'log'

    Raises:
        KindError: a field is of the wrong kind, or `options` names no option of `check_vjp`.
        RangeError: `known` names no kind of finding.
    """

    name: str
    pair: tuple[Callable[..., Any], Callable[..., Any]]
    arguments: SearchStrategy[Sequence[Any]]
    known: Mapping[str, str]
    options: Mapping[str, Any]

    @checked
    def __init__(
        self, name: Text, pair: Pair, arguments: Strategy[Sequence[Any]], *, known: Known | None = None, **options: Any
    ) -> None:
        for option in options:
            if option not in OPTIONS:
                raise KindError(f"Target: check_vjp has no option {option}; its options are {', '.join(OPTIONS)}")
        self.__attrs_init__(name, pair, arguments, dict(known or {}), options)


@attrs.frozen
class Spec:
    """The path, the functions by their names, the versions of their libraries, and the modules to be covered."""

    path: str
    targets: dict[str, Target]
    versions: dict[str, str]
    modules: list[str]


@cache
def load_spec(path: str) -> Spec:
    """The spec in a file, which defines `TARGETS`, a list.

    It may define `LIBRARIES`, the names of distributions, and `MODULES`, the names of modules to be covered.

    Raises:
        NoFileError: there is no such file.
        MissingError: a library or a module is not installed.
        FileError: the file cannot be run.
        KindError: `TARGETS` is not a list of Targets, or `LIBRARIES` or `MODULES` not a list of strings.
        RangeError: `TARGETS` is empty, two targets have the same name, or a module cannot be imported.
    """
    if not Path(path).is_file():
        raise NoFileError(f"hunt: there is no file {path}")
    try:
        found = runpy.run_path(path)
    except Exception as error:
        raise _refusal(error, FileError)(f"hunt: {path} cannot be run: {type(error).__name__}: {error}") from error
    targets = found.get("TARGETS")
    if not isinstance(targets, list) or not all([isinstance(target, Target) for target in targets]):
        odd = [target for target in targets if not isinstance(target, Target)] if isinstance(targets, list) else []
        given = f"a list with {kind(odd[0])}" if odd else kind(targets)
        raise KindError(f"hunt: TARGETS of {path} must be a list of Targets, not {given}")
    if not targets:
        raise RangeError(f"hunt: TARGETS of {path} must not be empty")
    libraries, modules = [_strings(path, name, found.get(name, [])) for name in ("LIBRARIES", "MODULES")]
    for module in modules:
        try:
            import_module(module)
        except ImportError as error:
            raise _refusal(error, RangeError)(
                f"hunt: MODULES of {path} names {module}, which cannot be imported: {error}"
            ) from error
    by_name = {target.name: target for target in targets}
    if len(by_name) < len(targets):
        names = [target.name for target in targets]
        twice = next(name for name in names if names.count(name) > 1)
        raise RangeError(f"hunt: two targets of {path} have the name {twice}")
    return Spec(path, by_name, {library: _version(path, library) for library in libraries}, modules)


def load_specs(files: Mapping[str, str], *, installed: bool) -> tuple[dict[str, Spec], dict[str, str]]:
    """The specs by their names and, with `installed`, why each of the others is left out."""
    specs: dict[str, Spec] = {}
    left_out: dict[str, str] = {}
    for title, path in files.items():
        try:
            specs[title] = load_spec(path)
        except MissingError as error:
            if not installed:
                raise
            left_out[title] = str(error).removeprefix("hunt: ")
    if not specs:
        raise MissingError(f"hunt: installed=True leaves no spec: {'; '.join(left_out.values())}")
    return specs, left_out


def _refusal(error: Exception, other: type[FuncnnError]) -> type[FuncnnError]:
    return MissingError if isinstance(error, ModuleNotFoundError) else other


def _strings(path: str, name: str, value: Any) -> list[str]:
    if not isinstance(value, list) or not all([isinstance(one, str) for one in value]):
        raise KindError(f"hunt: {name} of {path} must be a list of strings, not {kind(value)}")
    return value


def spec_files(specs: Iterable[str | PathLike[str]]) -> dict[str, str]:
    """The paths of specs by their names, which are those of the files; a folder stands for its files with `TARGETS`.

    Raises:
        RangeError: a folder has no such file, or two specs have the same name.
    """
    found: dict[str, str] = {}
    for path in map(Path, specs):
        files = [one for one in sorted(path.glob("*.py")) if _defines_targets(one)] or [path]
        if files == [path] and path.is_dir():
            raise RangeError(f"hunt: no file in {path} defines TARGETS")
        for file in files:
            if file.stem in found:
                raise RangeError(f"hunt: two specs have the name {file.stem}: {found[file.stem]} and {file}")
            found[file.stem] = str(file)
    return found


def _defines_targets(path: Path) -> bool:
    """Whether the file assigns to `TARGETS`, or imports it. A file that is not Python counts, so that it is refused."""
    try:
        nodes = [*ast.walk(ast.parse(path.read_bytes()))]
    except (SyntaxError, ValueError):
        return True
    stored = [node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    imported = [
        alias.asname or alias.name for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names
    ]
    return "TARGETS" in (*stored, *imported)


def _version(path: str, library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        raise MissingError(f"hunt: LIBRARIES of {path} names {library}, which is not installed") from None
