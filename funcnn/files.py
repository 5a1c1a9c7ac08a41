"""Values as bytes: a tree of records becomes a text that says what it is made of, and its arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcnn.arrays import Array, is_array, kind
from funcnn.errors import KindError
from funcnn.records import is_record, name_of, plans


def fingerprint(value: Any) -> str:
    """16 hex digits that tell values apart: a hash of classes, settings, shapes, dtypes and bytes, equal everywhere.

    Two values have one fingerprint if they are built of the same classes with the same contents, bit for bit: 0.0 and
    -0.0 differ here, as do 1 and 1.0. BLAKE2: RFC 7693.

    >>> from funcnn import fingerprint, mlp
    >>> fingerprint(mlp([2, 3, 1], seed=0)) == fingerprint(mlp([2, 3, 1], seed=0))
    True
    >>> fingerprint(mlp([2, 3, 1], seed=0)) == fingerprint(mlp([2, 3, 1], seed=1))
    False

    Raises:
        KindError: something in the value is no record, tuple, array, number, string or None.
    """
    import hashlib  # noqa: PLC0415  only here, since it would be a fifth of the time that importing funcnn takes

    text, arrays = _encode(value)
    digest = hashlib.blake2b(text.encode(), digest_size=8)
    for array in arrays:
        digest.update(np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"))).tobytes())
    return digest.hexdigest()


def _encode(value: Any) -> tuple[str, list[Array]]:
    import json  # noqa: PLC0415  as in fingerprint

    arrays: list[Array] = []

    def node(part: Any) -> Any:
        if is_array(part):
            arrays.append(np.asarray(part))
            return {"array": len(arrays) - 1, "dtype": arrays[-1].dtype.newbyteorder("<").str, "shape": part.shape}
        if type(part) is tuple:
            return {"tuple": [node(item) for item in part]}
        if is_record(part):
            fields = {name: node(getattr(part, name)) for name, _ in plans[type(part)]}
            return {"record": name_of(type(part)), "fields": fields}
        if part is None or type(part) in (bool, int, float, str):
            return part
        raise KindError(
            f"fingerprint: {kind(part)} has none; a value is made of records, tuples, arrays, numbers and strings"
        )

    return json.dumps(node(value)), arrays
