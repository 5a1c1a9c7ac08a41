"""Registration of records as JAX pytrees, and of their settings for `jax.export`."""

from __future__ import annotations

from typing import Any

import attrs
from jax.tree_util import GetAttrKey, register_pytree_with_keys

from funcnn.annotations import ARRAY, OPTIONAL
from funcnn.arrays import is_array
from funcnn.interop.jax.export import register_settings
from funcnn.lazy import load_all
from funcnn.records import build, is_record, plans, watchers


def _is_traced(value: Any) -> bool:
    if type(value) is tuple:
        return any(map(_is_traced, value))
    is_outline = hasattr(type(value), "shape") and hasattr(type(value), "dtype")  # by which jax.export replaces arrays
    return value is None or is_array(value) or is_record(value) or is_outline


def _register(cls: Any) -> None:
    # A field annotated as an array is always traced, even if its value is not an array, as in a tree of axes for vmap.
    by_class = [
        is_state or field.converter in (ARRAY, OPTIONAL) or not {"borrowed", "traced"}.isdisjoint(field.metadata)
        for (_, is_state), field in zip(plans[cls], attrs.fields(cls), strict=True)
    ]

    def flatten(record: Any) -> tuple[list[Any], Any]:
        fields = [(name, getattr(record, name)) for name, _ in plans[cls]]
        traced = [always or _is_traced(value) for always, (_, value) in zip(by_class, fields, strict=True)]
        children = [(GetAttrKey(name), value) for yes, (name, value) in zip(traced, fields, strict=True) if yes]
        return children, tuple([None if yes else (value,) for yes, (_, value) in zip(traced, fields, strict=True)])

    def unflatten(settings: Any, children: Any) -> Any:
        rest = iter(children)
        return build(cls, [next(rest) if setting is None else setting[0] for setting in settings])

    register_pytree_with_keys(cls, flatten, unflatten)
    register_settings(cls)


load_all()  # so that a file of jax.export is read whatever was imported before
for _cls in plans:
    _register(_cls)
watchers.append(_register)
