"""Records: frozen attrs classes whose arrays are read-only and their own, and which compare by value.

A field is one of three things. A *parameter* holds an array or a layer (also inside a tuple) and is trained; a *state*
is declared with `state` and is carried, saved and traced, but not trained; a *setting* is all else. What a field takes
is said by its annotation; see `annotations`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast, dataclass_transform

import attrs

from funcnn.annotations import accepting
from funcnn.arrays import freeze, same, shape_of, short
from funcnn.errors import FuncnnError

__all__ = ["branches", "record", "state"]

T = TypeVar("T")

# The fields of each record class, in order: (name, whether it is a state).
plans: dict[type, tuple[tuple[str, bool], ...]] = {}
# What takes the contents out of a record, in that order, and what puts each in.
_getters: dict[type, Callable[[Any], tuple[Any, ...]]] = {}
_setters: dict[type, tuple[Callable[[Any, Any], None], ...]] = {}
# The record classes by name: the closed set that anything read from outside may name.
registry: dict[str, type] = {}
# Called with each new record class; a bridge to another library listens here.
watchers: list[Callable[[type], None]] = []


@dataclass_transform(frozen_default=True, field_specifiers=(attrs.field,))
def record(cls: type[T]) -> type[T]:
    """Make a class a record: frozen, slotted, compared by value, and listed in the registry.

    >>> from funcnn import Array, record, state
    >>> import numpy as np
    >>> @record
    ... class Gain:
    ...     factor: Array              # a parameter: its value is an array
    ...     seen: int = state(default=0)
    ...     power: float = 1           # a setting
    >>> Gain(np.array([1.0, 2.0]))
    Gain(factor=<f64 [1. 2.]>, seen=0, power=1.0)

    Raises:
        FuncnnError: another record inside funcnn bears that name. A class of your own replaces the older one of its
            name, as happens when a notebook cell runs again.
    """
    for name, method in _METHODS.items():
        if name not in cls.__dict__:
            setattr(cls, name, method)
    made = attrs.frozen(cls, eq=False, repr=False, field_transformer=_with_converters)
    fields = attrs.fields(cast("type[attrs.AttrsInstance]", made))
    name = name_of(made)
    if name in registry and "." not in name:
        raise FuncnnError(f"record: the name {name} is taken, by {registry[name].__module__}")
    plans[made] = tuple([(field.name, "state" in field.metadata) for field in fields])
    names = [field.name for field in fields]
    get = operator.attrgetter(*names or [""])  # which gives a tuple only where there are several
    _getters[made] = get if len(names) > 1 else lambda self: tuple([getattr(self, name) for name in names])
    _setters[made] = tuple([getattr(made, name).__set__ for name in names])
    registry[name] = made
    for watch in watchers:
        watch(made)
    return made


def name_of(cls: type) -> str:
    """The name of a record class in the registry: short for those of funcnn, with its module for all others."""
    return cls.__name__ if cls.__module__.startswith("funcnn.") else f"{cls.__module__}.{cls.__qualname__}"


def state(*, default: Any = attrs.NOTHING, kw_only: bool = False) -> Any:
    """A field that is carried, saved and traced, but not trained: running statistics, counters, seeds, a frozen layer.

    A base that others subclass declares its states with `kw_only=True`, since the fields of a base come first.
    """
    return attrs.field(default=default, kw_only=kw_only, metadata={"state": True})


def branches(*, default: Any = attrs.NOTHING) -> Any:
    """A field that holds layers side by side, a tuple of them; in any other field a tuple of layers is a chain.

    >>> from funcnn import Relu, Tanh, record
    >>> from funcnn.records import branches
    >>> @record
    ... class Either:
    ...     layers: tuple = branches()
    >>> Either((Relu(), Tanh()))
    Either(layers=(Relu(), Tanh()))
    """
    return attrs.field(default=default, metadata={"branches": True})


def borrowed() -> Any:
    """A field whose arrays are taken as they come, for records that live for one step."""
    return attrs.field(metadata={"borrowed": True})


def build(cls: type[T], contents: Sequence[Any]) -> T:
    """A record of contents that are in order already: nothing is converted, copied or checked."""
    new, setters = object.__new__(cls), _setters[cls]
    for i, content in enumerate(contents):
        setters[i](new, content)
    return new


def values(record: Any) -> tuple[Any, ...]:
    """The contents of a record, in the order of its fields."""
    return _getters[type(record)](record)


def is_record(value: object) -> bool:
    """Whether `value` is a record (and no class of one)."""
    return type(value) in plans


# What every record can do.


def _equal(self: Any, other: Any) -> Any:
    if type(other) is not type(self):
        return NotImplemented
    return all(map(same, values(self), values(other)))


def _hash(self: Any) -> int:
    return hash((type(self), *map(shape_of, values(self))))


def _repr(self: Any) -> str:
    if type(self) not in plans:  # a subclass without @record, which an error may have to show
        return object.__repr__(self)
    fields = ", ".join([f"{name}={short(v)}" for (name, _), v in zip(plans[type(self)], values(self), strict=True)])
    return f"{type(self).__name__}({fields})"


def _reduce(self: Any) -> Any:
    return _restore, (type(self), values(self))


def _restore(cls: type[T], contents: Sequence[Any]) -> T:
    return build(cls, [_frozen(content) for content in contents])


def _frozen(value: Any) -> Any:  # what pickle makes is writeable
    return tuple(map(_frozen, value)) if type(value) is tuple else freeze(value)


def _itself(self: T, memo: object = None) -> T:  # nothing can change, so a copy is the same thing
    return self


_METHODS = {
    "__eq__": _equal,
    "__hash__": _hash,
    "__repr__": _repr,
    "__reduce__": _reduce,
    "__copy__": _itself,
    "__deepcopy__": _itself,
}


def _with_converters(_: type, fields: list[attrs.Attribute[Any]]) -> list[attrs.Attribute[Any]]:
    return [f if f.converter or "borrowed" in f.metadata else f.evolve(converter=accepting(f.type)) for f in fields]
