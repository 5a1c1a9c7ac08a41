"""The list of public functions and classes of every namespace, and the reason for each that has no row."""

import importlib
import inspect
import pkgutil
import types
from importlib.util import find_spec

import funcnn

# Namespaces whose names are those that they define.
WITHOUT_ALL = {
    *[f"funcnn.interop.{name}" for name in ("safetensors", "scipy")],
    *[f"funcnn.testing.{name}" for name in ("autograd", "jax", "mutation", "scipy", "torch")],
}
LIBRARIES = {"autograd", "jax", "safetensors", "scipy", "torch"}
MADE_BY_FUNCNN = {
    "Batches": "made by batches",
    "AnswerRules": "a table of rules that a teacher writes",
    "Diagnosis": "made by diagnose",
    "Diagram": "made by diagram",
    "Divergence": "made by compare",
    "Exercise": "made by exercise",
    "Mark": "made by grade",
    "Marks": "made by grade",
    "Minimum": "made by minimize",
    "Nudge": "made by nudge",
    "Paper": "made by grade",
    "Product": "made by hvp and ggnvp",
    "Program": "made by record_step and the functions beside it",
    "Progress": "made by check",
    "Report": "made by the checks",
    "Result": "made by check",
    "Row": "made by score",
    "Score": "made by score",
    "Shards": "made by shards",
    "States": "made by keep",
    "Summary": "made by summary",
    "Table": "made by history",
    "Trace": "made by trace",
    "Visit": "made by trace",
}
RULES = {
    "expect": "it compares anything with what is wanted",
    **dict.fromkeys(["no_step", "only_trains", "positionwise", "step_inside"], "a rule of step, which has checked"),
    **dict.fromkeys(
        ["given_by_layer", "like_x", "maps_alone", "probabilities", "shares"], "a rule of a trait, which reads nothing"
    ),
    "PerArray": "a base, which is refused without a rule; its subclasses have rows",
}


def namespaces():
    """The modules whose names are public, and these names."""
    names = ["funcnn", *[f"funcnn.{found.name}" for found in pkgutil.iter_modules(funcnn.__path__)]]
    modules = [importlib.import_module(name) for name in names]
    yield from [(module, module.__all__) for module in modules if getattr(module, "__all__", None)]
    for name in sorted(WITHOUT_ALL):
        if (library := name.rpartition(".")[2]) in LIBRARIES and not find_spec(library):
            continue
        module = importlib.import_module(name)
        own = [key for key, value in vars(module).items() if getattr(value, "__module__", "") == name]
        yield module, [key for key in own if not key.startswith("_")]
    yield importlib.import_module("funcnn.core"), ["forward_only", "backward_params"]  # of which docs tell authors
    strategies = importlib.import_module("funcnn.testing.strategies")
    yield strategies, strategies.__all__
    if find_spec("spox"):
        yield importlib.import_module("funcnn.interop.onnx"), ["from_onnx", "to_graph", "to_onnx", "weight"]
    for library in ("jax", "optax", "torch"):
        if find_spec(library):
            module = importlib.import_module(f"funcnn.interop.{library}")
            yield module, module.__all__


def doors():
    """Every public function, class and `init` that takes an argument, by its name."""
    for module, names in namespaces():
        for name in names:
            thing = getattr(module, name)
            if name in MADE_BY_FUNCNN.keys() | RULES.keys() or inspect.isabstract(thing) or not is_door(thing):
                continue
            yield f"{module.__name__}.{name}", thing
            if hasattr(thing, "init"):  # any other method is a rule that a base calls
                yield f"{module.__name__}.{name}.init", thing.init


def is_door(thing):
    """A function or a class that takes something; no error, no alias of types."""
    is_alias = hasattr(thing, "__metadata__") or isinstance(thing, types.GenericAlias)
    is_error = isinstance(thing, type) and issubclass(thing, BaseException)
    return callable(thing) and not is_alias and not is_error and parameters(thing)


def parameters(function):
    """The names of what it takes; of `**parts`, none."""
    try:
        found = inspect.signature(function).parameters
    except (TypeError, ValueError):  # an alias of types
        return set()
    return {name for name, parameter in found.items() if parameter.kind is not parameter.VAR_KEYWORD}
