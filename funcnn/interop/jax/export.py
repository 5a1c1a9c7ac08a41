"""Settings of records in files of `jax.export`, which has the structure of arguments and results in its files."""

from __future__ import annotations

import json
from itertools import count
from typing import Any

from jax import export

from funcnn.arrays import kind
from funcnn.errors import FileError, KindError
from funcnn.files.encoding import at, decode, encode
from funcnn.records import name_of, plans

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
        raise KindError(f"serialize: {field}{at(path)} of {cls.__name__} must hold {needed}, got {kind(part)}")

    return encode("serialize", value, raise_on_part)
