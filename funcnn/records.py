"""Records: frozen attrs classes whose arrays are read-only and their own, and which compare by value.

A field is one of three things. A *parameter* holds an array or a layer (also inside a tuple) and is trained; a *state*
is declared with `state` and is carried, saved and traced, but not trained; a *setting* is all else. What a field takes
is said by its annotation: `Array` and `Array | None` take arrays of floats, `float` and `int` become Python's own,
`Seed` is a tuple of ints.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any, TypeVar, cast, dataclass_transform

import attrs
import numpy as np

from funcnn.arrays import Array, as_array, freeze, is_array, is_float, kind, owned, same, shape_of, short
from funcnn.errors import FuncnnError, KindError

Seed = int | tuple[int, ...]
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


# What each annotation takes.


def _array(value: Any, record: Any, field: attrs.Attribute[Any]) -> Any:
    value = as_array(value)
    subclass = isinstance(value, np.ndarray) and type(value) is not np.ndarray  # np.matrix, masked arrays
    if is_array(value) and not subclass and is_float(value):
        return owned(value)
    raise _refusal(record, field, "an array of floats", value, f"np.array({field.name}, float)")


def _optional_array(value: Any, record: Any, field: attrs.Attribute[Any]) -> Any:
    return None if value is None else _array(value, record, field)


def _float(value: Any, record: Any, field: attrs.Attribute[Any]) -> Any:
    if _is_traced(value, field):
        return value
    value = value.item() if isinstance(value, np.ndarray) and value.shape == () else value
    if isinstance(value, Real):
        return float(value)  # an np.float64 would turn float32 training into float64
    raise _refusal(record, field, "a number", value, f"float({field.name})")


def _int(value: Any, record: Any, field: attrs.Attribute[Any]) -> Any:
    if _is_traced(value, field):
        return value
    try:
        return operator.index(value)
    except TypeError:
        raise _refusal(record, field, "a whole number", value, f"int({field.name})") from None


def _is_traced(value: Any, field: attrs.Attribute[Any]) -> bool:  # jit hands states over as arrays
    return "state" in field.metadata and is_array(value) and not isinstance(value, np.ndarray)


def _seed(value: Any, record: Any, field: attrs.Attribute[Any]) -> tuple[Any, ...]:
    return seed_words(tuple([_int(word, record, field) for word in (value if type(value) is tuple else (value,))]))


def seed_words(seed: Any) -> tuple[Any, ...]:
    """A seed as a tuple of ints, each in [0, 2**31): what JAX without 64-bit integers can hold too."""
    words = seed if type(seed) is tuple else (seed,)
    for word in words:
        if not is_array(word) and not (isinstance(word, int | np.integer) and 0 <= word < 2**31):
            raise KindError(f"a seed is an int in [0, 2**31), or a tuple of them, not {short(seed)}")
    return words


def _any(value: Any, record: Any, field: attrs.Attribute[Any]) -> Any:
    if type(value) is tuple:
        return tuple([_any(part, record, field) for part in value])
    if isinstance(value, list | dict | set | bytearray):
        items = ".items()" if isinstance(value, dict) else ""  # a tuple of a dict has its keys alone
        raise _refusal(record, field, "immutable", value, f"tuple({field.name}{items})")
    if "state" in field.metadata:
        value = as_array(value)
        return owned(value) if is_array(value) else value
    if isinstance(value, np.generic):
        return value.item()  # a setting is Python's own: an np.float64 would turn float32 training into float64
    return _array(value, record, field) if is_array(value) else value  # an array is trained, so it holds floats


def _refusal(record: Any, field: attrs.Attribute[Any], needed: str, value: Any, remedy: str) -> KindError:
    return KindError(f"{type(record).__name__}: {field.name} must be {needed}, not {kind(value)}; write {remedy}")


def _converter(convert: Callable[[Any, Any, attrs.Attribute[Any]], Any]) -> attrs.Converter[Any, Any]:
    return attrs.Converter(convert, takes_self=True, takes_field=True)  # made once: attrs inspects each signature


ARRAY, OPTIONAL = _converter(_array), _converter(_optional_array)
_ANY, _FLOAT, _INT, _SEED = map(_converter, (_any, _float, _int, _seed))
# By name too: under `from __future__ import annotations` an annotation is its text.
_CONVERTERS: dict[Any, attrs.Converter[Any, Any] | None] = {
    **dict.fromkeys(["Array", "ndarray", Array, np.ndarray], ARRAY),
    **dict.fromkeys(["Array | None", "None | Array", "ndarray | None", Array | None, np.ndarray | None], OPTIONAL),
    **dict.fromkeys(["float", float], _FLOAT),
    **dict.fromkeys(["int", int], _INT),
    **dict.fromkeys(["Seed", Seed], _SEED),
    **dict.fromkeys(["bool", bool, "str", str], None),
}


def _with_converters(_: type, fields: list[attrs.Attribute[Any]]) -> list[attrs.Attribute[Any]]:
    return [f if f.converter or "borrowed" in f.metadata else f.evolve(converter=_accepting(f.type)) for f in fields]


def _accepting(annotation: Any) -> attrs.Converter[Any, Any] | None:
    if type(annotation) is str:  # "nn.Array" is "Array"
        annotation = re.sub(r"\w+\.|['\"]", "", annotation)
    return _CONVERTERS.get(annotation, _ANY)
