"""Records: frozen attrs classes that own their arrays, which are read-only, and compare by value.

A field is one of three things. A *parameter* holds an array or a layer (also inside a tuple) and is trained; a *state*
is declared with `state` and is carried, saved and traced, but not trained; every other field is a *setting*. The
annotation of a field says which values it takes; see `annotations`.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MemberDescriptorType
from typing import Any, TypeVar, cast, dataclass_transform, overload

import attrs
import numpy as np

from funcnn.arrays import freeze, kind, native, same, shape_of, short
from funcnn.constructors import completed, constructor, finish_class, radd_unless_chain
from funcnn.displays import rich_repr, treescope_repr
from funcnn.errors import FuncnnError, KindError
from funcnn.guards import add_check
from funcnn.needs import as_flag, as_text
from funcnn.shapes import axes

__all__ = ["branches", "record", "state"]

T = TypeVar("T")

# The fields of each record class, in order: (name, whether it is a state).
plans: dict[type, tuple[tuple[str, bool], ...]] = {}
# For each record class, the getter of all contents in the order of the fields, and the setter of each field.
getters: dict[type, Callable[[Any], tuple[Any, ...]]] = {}
_setters: dict[type, tuple[Callable[[Any, Any], None], ...]] = {}
# The record classes by name: a file may name these classes and no others.
registry: dict[str, type] = {}
# Functions to call with each new record class, such as the one that registers the class with JAX.
watchers: list[Callable[[type], None]] = []
if (found := sys.modules.get("funcnn_hypothesis")) is not None:  # Hypothesis was imported before
    watchers.append(found.register)


def state(*, default: Any = attrs.NOTHING, kw_only: bool = False, axes: str = "") -> Any:
    """A field that is carried, saved and traced, but not trained: running statistics, counters, seeds, a frozen layer.

    `axes` are the axes of an array, as in `funcnn.shapes`. In a base class give `kw_only=True`: otherwise the state
    precedes the fields of subclasses in their constructors.
    """
    as_flag("state", "kw_only", kw_only)
    as_text("state", "axes", axes)
    # None, and not False, leaves it to the class whether its fields are given by name alone.
    metadata = {"state": True, "axes": axes} if axes else {"state": True}
    return attrs.field(default=default, kw_only=kw_only or None, metadata=metadata)


def branches(*, default: Any = attrs.NOTHING, kw_only: bool = False) -> Any:
    """A field that holds layers side by side, a tuple of them; in any other field a tuple of layers is a chain.

    >>> from funcnn import Relu, Tanh, record
    >>> from funcnn.records import branches
    >>> @record
    ... class Either:
    ...     layers: tuple = branches()
    >>> Either((Relu(), Tanh()))
    Either(layers=(Relu(), Tanh()))
    """
    as_flag("branches", "kw_only", kw_only)
    return attrs.field(default=default, kw_only=kw_only or None, metadata={"branches": True})


def borrowed() -> Any:
    """A field whose arrays are neither copied nor converted, for records that are used within one step."""
    return attrs.field(metadata={"borrowed": True})


@overload
def record(cls: type[T], /) -> type[T]: ...
@overload
def record(*, kw_only: bool = False) -> Callable[[type[T]], type[T]]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(attrs.field, axes, state, branches, borrowed))
def record(cls: type[T] | None = None, /, *, kw_only: bool = False) -> Any:
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

    `@record(kw_only=True)` makes a record whose fields are given by name alone.

    Raises:
        KindError: `cls` is not a class, or `kw_only` not True or False. The constructor of the record raises a
            KindError for arguments that do not fit the fields.
        FuncnnError: another record inside funcnn has that name, or a field has a name that attrs needs itself. A class
            of your own replaces an older class with the same name, for notebook cells that run again.
    """
    as_flag("record", "kw_only", kw_only)
    return partial(_made, kw_only=kw_only) if cls is None else _made(cls, kw_only=kw_only)


def _made(cls: Any, *, kw_only: bool) -> type:
    if not isinstance(cls, type):
        raise KindError(f"record: cls must be a class, not {kind(cls)}")
    if cls in plans:
        raise KindError(f"record: {cls.__name__} is a record already")
    try:
        for name, method in _METHODS.items():
            if name not in cls.__dict__:
                setattr(cls, name, method)
    except TypeError:  # a class that is written in C
        raise KindError(f"record: cls must be a class that is written in Python, not {kind(cls)}") from None
    add_check(cls)
    has_own = "__init__" in cls.__dict__
    made: Any = attrs.frozen(cls, eq=False, repr=False, kw_only=kw_only, field_transformer=completed)
    finish_class(made)
    if (name := name_of(made)) in registry and "." not in name:
        raise FuncnnError(f"record: the name {name} is taken by {registry[name].__module__}; choose another name")
    enlist(made)
    if not has_own:
        made.__init__ = constructor(made)
    return cast("type", made)


def enlist(cls: Any) -> None:
    """Enter a record class in the tables above."""
    names = [field.name for field in attrs.fields(cls)]
    plans[cls] = tuple([(field.name, "state" in field.metadata) for field in attrs.fields(cls)])
    get = operator.attrgetter(*names or [""])  # which returns a tuple only for several names
    one = (lambda self: (get(self),)) if names else lambda _: ()
    getters[cls] = get if len(names) > 1 else one
    _setters[cls], registry[name_of(cls)] = tuple([_setter(cls, name) for name in names]), cls
    for watch in watchers:
        watch(cls)


def _setter(cls: type, name: str) -> Callable[[Any, Any], None]:
    if isinstance(slot := getattr(cls, name, None), MemberDescriptorType):
        return slot.__set__
    return lambda self, value: object.__setattr__(self, name, value)  # a class that was sent by value has no slots


def name_of(cls: type) -> str:
    """The name of a record class in the registry: short for records of funcnn, with the module for all others."""
    return cls.__name__ if cls.__module__.startswith("funcnn.") else f"{module_of(cls)}.{cls.__qualname__}"


def module_of(value: Any) -> str:
    """The name of the module of a class or a function; a script is `__main__` in each process that runs it."""
    name = str(getattr(value, "__module__", ""))
    return "__main__" if name == "__mp_main__" else name  # as multiprocessing names it after a spawn


def build(cls: type[T], contents: Sequence[Any]) -> T:
    """A record of these contents, in the order of its fields: nothing is converted, copied or checked."""
    new, setters = object.__new__(cls), _setters[cls]
    for i, content in enumerate(contents):
        setters[i](new, content)
    return new


def values(record: Any) -> tuple[Any, ...]:
    """The contents of a record, in the order of its fields."""
    return getters[type(record)](record)


def is_record(value: object) -> bool:
    """Whether `value` is a record; a record class is not a record."""
    return type(value) in plans


# The methods of every record.


def _equal(self: Any, other: Any) -> Any:
    if type(other) is not type(self):
        return NotImplemented
    return all(map(same, values(self), values(other)))


def _hash(self: Any) -> int:
    return hash((type(self), *map(shape_of, values(self))))


def _repr(self: Any) -> str:
    if type(self) not in plans:  # a subclass without @record, whose repr an error may need
        return object.__repr__(self)
    fields = ", ".join([f"{name}={short(v)}" for (name, _), v in zip(plans[type(self)], values(self), strict=True)])
    return f"{type(self).__name__}({fields})"


def _reduce(self: Any) -> Any:
    return _restore, (type(self), values(self))


def _restore(cls: type[T], contents: Sequence[Any]) -> T:
    return build(cls, [_frozen(content) for content in contents])


def _frozen(value: Any) -> Any:
    """`value` with its arrays, which pickle makes writeable, set to read-only; in native byte order, not mapped."""
    if type(value) is tuple:
        return tuple(map(_frozen, value))
    if isinstance(value, np.memmap):
        value = value.view(np.ndarray)
    return freeze(native(value) if isinstance(value, np.ndarray) else value)


def _getstate(self: Any) -> dict[str, Any]:  # for libraries that do not call __reduce__
    return {name: value for (name, _), value in zip(plans[type(self)], values(self), strict=True)}


def _setstate(self: Any, contents: Mapping[str, Any]) -> None:
    for (name, _), put in zip(plans[type(self)], _setters[type(self)], strict=True):
        put(self, _frozen(contents[name]))


def _itself(self: T, memo: object = None) -> T:  # a record is immutable, so it is its own copy
    return self


_METHODS = {
    "__eq__": _equal,
    "__hash__": _hash,
    "__repr__": _repr,
    "__rich_repr__": rich_repr,
    "__treescope_repr__": treescope_repr,
    "__reduce__": _reduce,
    "__getstate__": _getstate,
    "__setstate__": _setstate,
    "__copy__": _itself,
    "__deepcopy__": _itself,
    "__radd__": radd_unless_chain,
}
