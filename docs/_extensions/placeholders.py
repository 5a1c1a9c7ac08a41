"""Placeholders for libraries that are not installed, so that the pages on the bridges to them are built without them.

Only the modules of funcnn get them: another library, such as pandas, may import one of these if it is installed. The
placeholders of `autodoc_mock_imports` are no classes, and a bridge that registers rules for the classes of a library
needs classes.
"""

import builtins
from importlib.util import find_spec
from types import FunctionType
from typing import Any

LIBRARIES = (
    *("autograd", "jax", "llvmlite", "mygrad", "onnx", "optax", "pyarrow", "ray", "safetensors", "scipy"),
    *("sklearn", "spox", "thinc", "torch", "tqdm"),
)


class Anything(type):
    """A class that has every attribute, and that every class is a subclass of."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        made = Anything(name, (), {"__module__": f"{cls.__module__}.{cls.__name__}"})
        setattr(cls, name, made)
        return made

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        """As a decorator it returns what it is given, and as a constructor itself."""
        return args[0] if len(args) == 1 and isinstance(args[0], FunctionType | type) else cls

    def __subclasscheck__(cls, other: type) -> bool:
        return True

    def __getitem__(cls, item: Any) -> Any:
        return cls

    def __iter__(cls) -> Any:
        return iter(())

    def __or__(cls, other: Any) -> Any:
        return cls

    __ror__ = __or__
    __add__ = __sub__ = __mul__ = __gt__ = __lt__ = __ge__ = __le__ = __or__


def setup(app: Any) -> dict[str, bool]:
    """Called by sphinx."""
    absent = {name: Anything(name, (), {"__module__": name}) for name in LIBRARIES if not find_spec(name)}
    plain = builtins.__import__

    def imported(name: str, scope: Any = None, *given: Any, **named: Any) -> Any:
        library = absent.get(name.partition(".")[0])
        is_ours = (scope or {}).get("__name__", "").startswith("funcnn")
        return library if library and is_ours else plain(name, scope, *given, **named)

    builtins.__import__ = imported
    return {"parallel_read_safe": True}
