"""What a test is written for: a function of a library, a function with its derivative beside it, a layer or a loss."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import attrs

from funcnn import losses
from funcnn.arrays import kind
from funcnn.core import forward
from funcnn.errors import KindError, RangeError
from funcnn.fields import parameters_of
from funcnn.records import plans
from funcnn.testing.hunt.coverage import reached
from funcnn.testing.write.parameters import is_loaded, module_of

# The libraries with an adapter, each a module of funcnn.testing with this name.
ADAPTERS = ("torch", "jax", "autograd", "mygrad")


@attrs.frozen
class TestSubject:
    """The thing that is tested: its module, its name there, its value, and how its derivative is found.

    `how` is "layer", "loss", the name of an adapter, "pair" for a tuple (f, vjp), or "beside".
    """

    module: str
    name: str
    value: Any
    how: str

    @property
    def source(self) -> str:
        """The expression that gives what the adapter takes."""
        place = f"{self.module}.{self.name}"
        if is_loaded(self.value, "torch.autograd:Function"):
            return f"{place}.apply"
        return f"{place}()" if is_loaded(self.value, "torch.nn:Module") and isinstance(self.value, type) else place


def subject(name: str) -> TestSubject:
    """The subject of a name such as `torch.nn.functional:gelu`; a dot may stand for the colon.

    Raises:
        RangeError: the name has no module, there is no such module, or it has no such name.
        KindError: the name is not that of a function, a layer or a loss.
    """
    module, path, value = _found(name)
    how = _how(value, module)
    if not how:
        raise KindError(f"write: {name} must be a function, a layer or a loss, not {kind(value)}")
    return TestSubject(module, path, value, how)


def _found(name: str) -> tuple[str, str, Any]:
    module, _, path = name.partition(":")
    if not module or (not path and "." not in name):
        raise RangeError(f"write: names must be such as torch.special:expit, not {name!r}")
    if not path:  # the longest module that can be imported
        words = name.split(".")
        ends = [i for i in range(len(words) - 1, 0, -1) if _imports(".".join(words[:i]))]
        end = ends[0] if ends else len(words) - 1
        module, path = ".".join(words[:end]), ".".join(words[end:])
    try:
        value: Any = import_module(module)
    except Exception as error:
        raise RangeError(f"write: {module} cannot be imported: {type(error).__name__}: {error}") from error
    place = module
    for part in path.split("."):
        if not hasattr(value, part):
            raise RangeError(f"write: {place} has no {part}")
        value, place = getattr(value, part), f"{place}.{part}"
    return module, path, value


def _imports(module: str) -> bool:
    try:
        import_module(module)
    except ImportError:
        return False
    return True


def _how(value: Any, module: str) -> str:
    """How the derivative of a value is found; "" if the value is not a subject."""
    if isinstance(value, tuple):
        return "pair" if len(value) == 2 and all(map(callable, value)) else ""
    if isinstance(value, type) and value in plans:
        return "layer" if forward.dispatch(value) is not forward.dispatch(object) else ""
    if not callable(value):
        return ""
    if any(value is getattr(losses, name) for name in dir(losses)):
        return "loss"
    parents = (value if isinstance(value, type) else type(value)).__mro__
    libraries = [module.partition(".")[0], *[module_of(one) for one in (*parents, *reached(value))]]
    library = next((one for one in libraries if one in ADAPTERS and one in sys.modules), "")
    return library or ("loss" if _takes(value) == ["out", "y"] else "beside")


def _takes(function: Any) -> list[str]:
    signature = parameters_of(function)
    return [one.name for one in signature.parameters.values() if one.default is one.empty] if signature else []
