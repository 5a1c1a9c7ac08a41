"""Placeholders for libraries that are not installed, so that the pages on the bridges to them are built without them.

Those of `autodoc_mock_imports` are no classes, and a bridge that registers rules for the classes of a library needs
classes.
"""

import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import FunctionType, ModuleType
from typing import Any

LIBRARIES = (
    *("autograd", "jax", "llvmlite", "mygrad", "onnx", "optax", "pyarrow", "safetensors", "scipy", "sklearn"),
    *("spox", "thinc", "torch", "tqdm"),
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


class Finder(MetaPathFinder, Loader):
    """Makes a placeholder of each module of a library that is not installed."""

    def __init__(self, absent: set[str]) -> None:
        self.absent = absent

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        """The placeholder is a package, since a bridge may import a part of it."""
        return ModuleSpec(fullname, self, is_package=True) if fullname.partition(".")[0] in self.absent else None

    def exec_module(self, module: ModuleType) -> None:
        """Every name of the module is a class."""
        name = module.__name__
        module.__getattr__ = lambda attribute: getattr(Anything(name, (), {"__module__": name}), attribute)


def setup(app: Any) -> dict[str, bool]:
    """Called by sphinx."""
    absent = {name for name in LIBRARIES if not find_spec(name)}
    sys.meta_path.append(Finder(absent))
    return {"parallel_read_safe": True}
