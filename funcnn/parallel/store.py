"""The arrays that a process keeps from one block to the next."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Any

MOST_BYTES = 1 << 28  # of arrays that are kept in a process; what was used longest ago is dropped
_LOCK = Lock()
_arrays: OrderedDict[Any, Any] = OrderedDict()


def held(token: Any) -> Any:
    """The array that is kept under this token; None if it is not here."""
    with _LOCK:
        if token in _arrays:
            _arrays.move_to_end(token)
        return _arrays.get(token)


def keep(token: Any, array: Any) -> Any:
    """The array, which is kept from now on."""
    with _LOCK:
        array = _arrays.setdefault(token, array)
        while len(_arrays) > 1 and sum([a.nbytes for a in _arrays.values()]) > MOST_BYTES:
            _arrays.popitem(last=False)
    return array
