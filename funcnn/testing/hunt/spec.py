"""A spec: a Python file with the functions that a hunt checks."""

from __future__ import annotations

import ast
import runpy
from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from os import PathLike
from pathlib import Path

import attrs

from funcnn.arrays import kind
from funcnn.errors import FileError, KindError, NoFileError, RangeError
from funcnn.testing.hunt.target import Target


@attrs.frozen
class Spec:
    """The functions by their names, and the versions of the libraries that they are from."""

    targets: dict[str, Target]
    versions: dict[str, str]


@cache
def load_spec(path: str) -> Spec:
    """The spec in a file, which defines `TARGETS`, a list, and may define `LIBRARIES`, the names of distributions.

    Raises:
        NoFileError: there is no such file.
        FileError: the file cannot be run, for example because a library is not installed.
        KindError: `TARGETS` is not a list of Targets, or `LIBRARIES` not a list of strings.
        RangeError: `TARGETS` is empty, two targets have the same name, or a library is not installed.
    """
    if not Path(path).is_file():
        raise NoFileError(f"hunt: there is no file {path}")
    try:
        found = runpy.run_path(path)
    except Exception as error:
        raise FileError(f"hunt: {path} cannot be run: {type(error).__name__}: {error}") from error
    targets, libraries = found.get("TARGETS"), found.get("LIBRARIES", [])
    if not isinstance(targets, list) or not all([isinstance(target, Target) for target in targets]):
        odd = [target for target in targets if not isinstance(target, Target)] if isinstance(targets, list) else []
        given = f"a list with {kind(odd[0])}" if odd else kind(targets)
        raise KindError(f"hunt: TARGETS of {path} must be a list of Targets, not {given}")
    if not targets:
        raise RangeError(f"hunt: TARGETS of {path} must not be empty")
    if not isinstance(libraries, list) or not all([isinstance(library, str) for library in libraries]):
        raise KindError(f"hunt: LIBRARIES of {path} must be a list of strings, not {kind(libraries)}")
    by_name = {target.name: target for target in targets}
    if len(by_name) < len(targets):
        names = [target.name for target in targets]
        twice = next(name for name in names if names.count(name) > 1)
        raise RangeError(f"hunt: two targets of {path} have the name {twice}")
    return Spec(by_name, {library: _version(path, library) for library in libraries})


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
        raise RangeError(f"hunt: LIBRARIES of {path} names {library}, which is not installed") from None
