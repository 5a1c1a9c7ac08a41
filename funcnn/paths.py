"""Choice of parameters by patterns of their paths. Patterns are strings, so optimizers that hold them can be saved."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Annotated, Any, TypeVar

from funcnn.arrays import owned, short
from funcnn.errors import FuncnnError, KindError
from funcnn.needs import Need
from funcnn.trees.walks import map_arrays, walk

T = TypeVar("T")


def as_patterns(function: str, argument: str, value: Any) -> Any:
    """A pattern, a string that is not empty, or a tuple of at least one pattern."""
    words = value if isinstance(value, tuple | list) else (value,)
    is_of_words = bool(words) and all([isinstance(word, str) and word.strip("!") for word in words])
    if not is_of_words or type(words) is not tuple:
        remedy = f"; write tuple({argument})" if is_of_words else ""
        needed = f'must be a pattern of paths, such as "*.W", or a tuple of them, not {short(value)}{remedy}'
        raise KindError(f"{function}: {argument} {needed}")
    return tuple(map(str.__str__, words)) if type(value) is tuple else str.__str__(value)


Where = Annotated[
    str | tuple[str, ...],
    Need("a pattern of paths, or a tuple of them", "type(value) is str and bool(value.strip('!'))", as_patterns),
]


def map_chosen(f: Callable[..., Any], where: Where, tree: T, *rest: Any, function: str) -> T:
    """`map_parameters` for the parameters of `tree` whose paths match `where`; the others are unchanged."""
    if where == "*":
        return map_arrays(f, tree, *rest, function=function, states=False)
    yes = iter(chosen(function, where, tuple([path for path, _ in walk(tree, states=False)])))
    some = lambda leaf, *others: f(leaf, *others) if next(yes) else owned(leaf)
    return map_arrays(some, tree, *rest, function=function, states=False)


@lru_cache
def chosen(function: str, where: Where, paths: tuple[str, ...]) -> tuple[bool, ...]:
    """For each path, whether it is chosen: a pattern matches it, and no pattern behind an exclamation mark does.

    `*` matches any text, dots included, and `?` one character: `"*.W"`, `"0.*"`. `("!*.b", "!3.*")` only excludes.

    Raises:
        FuncnnError: a pattern matches no path, although there are paths.
    """
    patterns = where if isinstance(where, tuple) else (where,)
    for pattern in patterns:
        if paths and not any([fnmatchcase(path, pattern.removeprefix("!")) for path in paths]):
            raise FuncnnError(f"{function}: no parameter matches {pattern!r}; there are {', '.join(paths)}")
    yes = [pattern for pattern in patterns if not pattern.startswith("!")] or ["*"]
    no = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
    return tuple([_any(path, yes) and not _any(path, no) for path in paths])


def _any(path: str, patterns: list[str]) -> bool:
    return any([fnmatchcase(path, pattern) for pattern in patterns])
