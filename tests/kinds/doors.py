"""What is public: each function and class of each namespace, and which of their parameters need no row."""

import importlib
import inspect
import pkgutil

import funcnn

# What takes no argument that a caller could give: a class that funcnn makes, or an alias of types.
MADE_BY_FUNCNN = {
    "Batches": "made by batches",
    "Divergence": "made by compare",
    "Minimum": "made by minimize",
    "Report": "made by the checks",
    "Row": "made by score",
    "Score": "made by score",
    "Trace": "made by trace",
    "Visit": "made by trace",
}
RULES = {  # methods that a base calls with what it has checked
    "Elementwise": {"value", "slope"},
    "PerArray": {"step", "sums", "mean", "root"},
    "Recurrent": {"cell", "back", "biases", "check_dtypes", "first_biases"},
    "SinusoidalPosition": {"encode", "back"},
    "LearnedPosition": {"encode", "back"},
}


def namespaces():
    """The modules that have an `__all__`."""
    names = ["funcnn", *[f"funcnn.{found.name}" for found in pkgutil.iter_modules(funcnn.__path__)]]
    modules = [importlib.import_module(name) for name in names]
    return [module for module in modules if getattr(module, "__all__", None)]


def doors():
    """Every public function and class, and the class methods of each class, by name."""
    for module in namespaces():
        for name in module.__all__:
            thing = getattr(module, name)
            if not callable(thing) or (isinstance(thing, type) and issubclass(thing, BaseException)):
                continue
            if name in MADE_BY_FUNCNN or not parameters(thing) - {"self"}:
                continue
            yield f"{module.__name__}.{name}", thing


def parameters(function):
    """The names of what it takes."""
    try:
        return set(inspect.signature(function).parameters)
    except (TypeError, ValueError):  # an alias of types
        return set()
