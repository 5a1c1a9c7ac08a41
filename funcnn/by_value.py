"""Record classes sent to another process by value, as cloudpickle does for `__main__` and notebooks.

A class carries its entry in the tables of `records`, its declared shapes, and its rules in the tables of the verbs. A
function that is pickled with a class must be importable: cloudpickle sends any other function with everything it refers
to, such as the table of all records.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, cast

import attrs

from funcnn.records import enlist, plans, watchers
from funcnn.shapes import LayerShapes, declared

# All verbs, by module and name.
verbs: dict[tuple[str, str], Any] = {}
# The record classes that arrived from another process.
_guests: set[type] = set()


class _Entry:
    """The entry that a class carries, as an attribute of the class: a class may be sent without a record of it."""

    def __init__(self, cls: type) -> None:
        self.cls = cls

    def __reduce__(self) -> Any:
        rules = [
            (module, name, verb.registry[self.cls])
            for (module, name), verb in verbs.items()
            if self.cls in verb.registry and module != "__main__"  # another process has another __main__
        ]
        return _arrived, (self.cls, attrs.fields(cast("Any", self.cls)), declared.get(self.cls)), rules

    def __setstate__(self, rules: list[tuple[str, str, Callable[..., Any]]]) -> None:
        for module, name, rule in rules if self.cls in _guests else ():
            import_module(module)
            verbs[module, name].register(self.cls)(rule)


def _arrived(cls: Any, fields: Any, shapes: LayerShapes | None) -> _Entry:
    if cls not in plans:
        if shapes is not None:
            declared[cls] = shapes
        cls.__attrs_attrs__ = fields  # first, since the other attributes may hold records of this class
        enlist(cls)
        _guests.add(cls)
    return _Entry(cls)


def _give_entry(cls: type) -> None:
    setattr(cls, "funcnn.by_value", _Entry(cls))  # a name that no field can have


for _cls in plans:
    _give_entry(_cls)
watchers.append(_give_entry)
