"""Guards, made of declared shapes: the check of a record's fields, and of the arguments of a rule.

A guard is one fast test for arrays of NumPy. For x="m ... n_in" and W = axes("n_in n_out"), `dispatch` puts this one
before `dense_forward`, when `forward` first gets a Dense:

    def guard(params, x):
        if not (type(x) is ndarray and x.dtype == params.W.dtype and x.ndim >= 2 and x.shape[-1] == params.W.shape[0]):
            explain(params, x)
        return rule(params, x)

`explain` is in `layers.shape_errors`. It raises the error, or finds that all is in order: arrays of another library,
tracers and symbols take this way.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from importlib import import_module
from typing import Any

import numpy as np

from funcnn.arrays import NATIVE
from funcnn.shapes import declaration_of


def add_check(cls: Any) -> None:
    """Let a class that is about to become a record check the axes of its fields first, if they are declared."""
    own = [getattr(value, "metadata", {}) for value in vars(cls).values()]
    inherited = [f.metadata for base in cls.__bases__ for f in getattr(base, "__attrs_attrs__", ())]
    finish = vars(cls).get("__attrs_post_init__")
    if finish is not None:  # in the place of the check of the base
        own += inherited
    if not any(["axes" in one for one in own]):
        return

    def check(self: Any) -> None:
        check_axes(self)
        if finish is not None:
            finish(self)

    cls.__attrs_post_init__ = check


def check_axes(params: Any) -> None:
    """Check that the arrays in the fields of a record have the axes that are declared, and one dtype."""
    cls: Any = type(params)
    if not _fields_test(cls)(params):
        _explain("check_fields", params)


@cache
def _fields_test(cls: type) -> Callable[[Any], bool]:
    made: Callable[[Any], bool] = import_module(CODE).fields_test(cls)
    return made


# Modules that are imported with the first guard, and with the first failure.
CODE, ERRORS = "funcnn.guard_code", "funcnn.layers.shape_errors"


def _explain(check: str, *given: Any) -> None:
    """Decide where a fast test failed: raise the error, or return if the arguments are in order."""
    getattr(import_module(ERRORS), check)(*given)


_ARGUMENTS = {
    **dict.fromkeys(("forward", "forward_only"), "params, x"),
    "step": "params, x, memory",
    **dict.fromkeys(("backward", "backward_params"), "params, cache, dA"),
}


def guarded(function: str, cls: type, owner: type, rule: Callable[..., Any]) -> Callable[..., Any]:
    """The rule of a verb for a class, with the guard of its declared shapes; `owner` is the class of the rule."""
    base, shapes = declaration_of(cls)
    if base is None or shapes is None or owner is object or not issubclass(base, owner):  # a default calls other verbs
        return rule
    arguments = _ARGUMENTS.get(function, "")
    checked = "x" if "x" in arguments else "gradient"
    if not arguments or (shapes.x if checked == "x" else shapes.cache) == "_":
        return rule
    if function == "step" and shapes.forms > 2:  # `step` takes no state with x
        return rule
    statements, tests = getattr(import_module(CODE), f"code_of_{checked}")(cls, shapes)
    lines = [
        f"def guard({arguments.replace('memory', 'memory=None')}):",
        *statements,
        f"if not ({' and '.join(tests)}): explain({arguments.removesuffix(', memory')})",
        f"return rule({arguments})",
    ]
    space: dict[str, Any] = {"__name__": __name__, "ndarray": np.ndarray, "NATIVE": NATIVE, "rule": rule}
    space["explain"] = partial(_explain, f"check_{checked}", shapes)
    exec(compile("\n ".join(lines), f"<guard of {rule.__name__}>", "exec"), space)  # noqa: S102  made of names of axes
    return space["guard"]
