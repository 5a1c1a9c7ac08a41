"""Registration of records as JAX pytrees, and of their settings for `jax.export`, which has them in its files."""

from __future__ import annotations

import json
from itertools import count
from typing import Any

import attrs
from jax import export
from jax.tree_util import GetAttrKey, register_pytree_with_keys

from funcnn.annotations import ARRAY, OPTIONAL
from funcnn.arrays import is_array, kind
from funcnn.errors import FileError, KindError
from funcnn.files.encoding import decode, encode
from funcnn.lazy import load_all
from funcnn.records import build, is_record, name_of, plans, watchers
from funcnn.remedies import place


def _is_traced(value: Any) -> bool:
    if type(value) is tuple:
        return any(map(_is_traced, value))
    is_outline = hasattr(type(value), "shape") and hasattr(type(value), "dtype")  # by which jax.export replaces arrays
    return value is None or is_array(value) or is_record(value) or is_outline


def _register(cls: Any) -> None:
    # A field annotated as an array is always traced, even if its value is not an array, as in a tree of axes for vmap.
    # A field of schedules never is, even if one is a record.
    by_class = [
        is_state or field.converter in (ARRAY, OPTIONAL) or not {"borrowed", "traced"}.isdisjoint(field.metadata)
        for (_, is_state), field in zip(plans[cls], attrs.fields(cls), strict=True)
    ]

    schedules = [field.name for field in attrs.fields(cls) if "schedules" in field.metadata]

    def flatten(record: Any) -> tuple[list[Any], Any]:
        fields = [(name, getattr(record, name)) for name, _ in plans[cls]]
        traced = [
            always or (name not in schedules and _is_traced(value))
            for always, (name, value) in zip(by_class, fields, strict=True)
        ]
        children = [(GetAttrKey(name), value) for yes, (name, value) in zip(traced, fields, strict=True) if yes]
        return children, tuple([None if yes else (value,) for yes, (_, value) in zip(traced, fields, strict=True)])

    def unflatten(settings: Any, children: Any) -> Any:
        rest = iter(children)
        return build(cls, [next(rest) if setting is None else setting[0] for setting in settings])

    register_pytree_with_keys(cls, flatten, unflatten)
    register_settings(cls)


# The names under which classes are registered, since JAX takes each name once.
_names: set[str] = set()


def register_settings(cls: Any) -> None:
    """Register how `jax.export` writes and reads the settings of a record class.

    A class that replaces an older class of the same name gets a numbered name.
    """
    name = name_of(cls)
    free = next(one for i in count(1) if (one := f"funcnn:{name}" if i == 1 else f"funcnn:{name} {i}") not in _names)
    _names.add(free)

    def write(settings: tuple[Any, ...]) -> bytes:
        fields = zip(plans[cls], settings, strict=True)
        made = [None if value is None else [_encoded(cls, field, *value)] for (field, _), value in fields]
        return json.dumps(made).encode()

    def read(data: bytes) -> tuple[Any, ...]:
        return tuple([None if node is None else (decode(node[0], (), None, FileError),) for node in json.loads(data)])

    export.register_pytree_node_serialization(
        cls, serialized_name=free, serialize_auxdata=write, deserialize_auxdata=read
    )


def _encoded(cls: type, field: str, value: Any) -> Any:
    def raise_on_part(part: Any, path: str) -> Any:
        needed = "numbers, strings and tuples of them"
        raise KindError(f"serialize: {place(field, path)} of {cls.__name__} must hold {needed}, not {kind(part)}")

    return encode("serialize", value, raise_on_part)


load_all()  # so that a file of jax.export is read whatever was imported before
for _cls in plans:
    _register(_cls)
watchers.append(_register)
