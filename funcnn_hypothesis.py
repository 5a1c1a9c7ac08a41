"""The entry point of Hypothesis: `st.from_type` and `hypothesis write` know the layers of funcnn and of users.

Hypothesis imports this module while it is itself imported, so the module imports neither Hypothesis nor funcnn nor
NumPy. `funcnn.records` finds it in `sys.modules`, and calls `register` for each new class.
"""

from __future__ import annotations

import sys
from typing import Any


def register(cls: type) -> None:
    """Let `st.from_type` draw the layers in the cases of a class, if it is one of layers."""
    from hypothesis import strategies as st  # noqa: PLC0415  as in the docstring above

    st.register_type_strategy(cls, _layers)


def register_all() -> None:
    """Register the classes of records that there are already, if funcnn was imported first."""
    records = sys.modules.get("funcnn.records")
    for cls in getattr(records, "plans", ()):
        register(cls)
    if records is not None and register not in records.watchers:
        records.watchers.append(register)


def _layers(cls: Any) -> Any:
    from funcnn.errors import KindError  # noqa: PLC0415  as in the docstring above
    from funcnn.testing.networks.strategies import cases  # noqa: PLC0415

    try:
        return cases(cls).map(lambda case: case[0])
    except KindError:  # a record without cases, which hypothesis builds from its annotations
        return NotImplemented
