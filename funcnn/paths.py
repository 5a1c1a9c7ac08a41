"""Choice of parameters by patterns of their paths. Patterns are strings, so optimizers that hold them can be saved."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any, TypeVar

from funcnn.arrays import owned
from funcnn.errors import FuncnnError
from funcnn.trees.walks import map_arrays, walk

T = TypeVar("T")

Where = str | tuple[str, ...]


def map_chosen(f: Callable[..., Any], where: Where, tree: T, *rest: Any, whose: str) -> T:
    """`map_parameters` for the parameters of `tree` whose paths match `where`; the others are unchanged."""
    if where == "*":
        return map_arrays(f, tree, *rest, whose=whose, states=False)
    yes = iter(chosen(where, tuple([path for path, _ in walk(tree, states=False)]), whose))
    some = lambda leaf, *others: f(leaf, *others) if next(yes) else owned(leaf)
    return map_arrays(some, tree, *rest, whose=whose, states=False)


@lru_cache
def chosen(where: Where, paths: tuple[str, ...], whose: str) -> tuple[bool, ...]:
    """For each path, whether it is chosen: a pattern matches it, and no pattern behind an exclamation mark does.

    `*` matches any text, dots included, and `?` one character: `"*.W"`, `"0.*"`. `("!*.b", "!3.*")` only excludes.

    Raises:
        FuncnnError: a pattern matches no path, although there are paths.
    """
    patterns = where if isinstance(where, tuple) else (where,)
    for pattern in patterns:
        if paths and not any([fnmatchcase(path, pattern.removeprefix("!")) for path in paths]):
            raise FuncnnError(f"{whose}: no parameter matches {pattern!r}; there are {', '.join(paths)}")
    yes = [pattern for pattern in patterns if not pattern.startswith("!")] or ["*"]
    no = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
    return tuple([_any(path, yes) and not _any(path, no) for path in paths])


def _any(path: str, patterns: list[str]) -> bool:
    return any([fnmatchcase(path, pattern) for pattern in patterns])
