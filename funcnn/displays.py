"""The methods of records that rich and treescope call to show them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from funcnn.arrays import is_array, short


def rich_repr(self: Any) -> Iterator[tuple[str, Any]]:
    """The `__rich_repr__` of records: arrays as the short text that `repr` has for them"""
    yield from [(name, _shown(value)) for name, value in self.__getstate__().items()]


def _shown(value: Any) -> Any:
    return tuple(map(_shown, value)) if type(value) is tuple else _Short(value) if is_array(value) else value


class _Short:
    """An array whose repr is the short text that records show."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def __repr__(self) -> str:
        return short(self.array)


def treescope_repr(self: Any, path: str | None, subtree_renderer: Any) -> Any:
    """The `__treescope_repr__` of records: a constructor that opens and closes, in the colour of its class"""
    from treescope import formatting_util, repr_lib  # noqa: PLC0415  treescope calls this

    cls, color = type(self), formatting_util.color_from_string(type(self).__qualname__)
    return repr_lib.render_object_constructor(cls, self.__getstate__(), path, subtree_renderer, color=color)
