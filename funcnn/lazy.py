"""Lazy namespaces, which import a module at the first use of one of its names (PEP 562, SPEC 1).

The names are those in the stub of the namespace, `__init__.pyi`, which type checkers read too.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

NAMESPACES: list[str] = []  # the modules and packages in the stub of funcnn; they need no other libraries


def lazily(package: str) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """`(__getattr__, __dir__, __all__)` of a namespace, whose names are those that its stub imports."""
    module: Any = sys.modules[package]
    stub = f"{module.__spec__.origin}i"
    try:
        words = module.__spec__.loader.get_data(stub).decode().split()
    except OSError as error:
        remedy = "a frozen program must include the data files of funcnn"
        raise ImportError(f"{package}: its names are read from {stub}, which is missing; {remedy}") from error
    home, parts = {}, []
    for place, name in zip(words[1::6], words[3::6], strict=False):  # each line is `from place import name as name`
        if place == package:
            parts.append(name)
        else:
            home[name] = place
    if package == "funcnn":
        NAMESPACES.extend(parts)

    def get(name: str) -> Any:
        if name in parts:
            return import_module(f"{package}.{name}")
        if name not in home:
            try:
                raise _absent_name_error(package, name)
            except (AttributeError, ImportError) as error:
                error.__traceback__ = None  # which ends in the line of the caller
                raise
        value = getattr(import_module(home[name]), name)
        setattr(sys.modules[package], name, value)  # later uses do not call this function
        return value

    return get, lambda: sorted([*home, *parts]), list(home)


def load(name: str) -> None:
    """Import the module of a class of this name, so that its name in a file is found in every program.

    If no namespace has the name, as for a class of a user's, all modules that define records are imported.
    """
    for module in NAMESPACES:
        space = import_module(f"funcnn.{module}")
        if name in space.__all__:
            getattr(space, name)
            return
    load_all()


def load_all() -> None:
    """Import every module that defines records."""
    for module in NAMESPACES:
        space = import_module(f"funcnn.{module}")
        for name in space.__all__:
            getattr(space, name)


def _absent_name_error(package: str, name: str) -> AttributeError | ImportError:
    """The error for a name that a package does not have; it gives the place of the name, or of a name like it."""
    from importlib.util import find_spec  # noqa: PLC0415  only an error needs it

    text = f"module {package!r} has no attribute {name!r}"
    is_package = "__path__" in vars(sys.modules[package])
    if name.startswith("_") or (is_package and find_spec(f"{package}.{name}")):  # a module that Python imports next
        return AttributeError(text)
    homes: dict[str, str] = {}  # the place of each name, in the package itself if it is there
    for home in [package, *[f"funcnn.{module}" for module in NAMESPACES], "funcnn"]:
        for known in import_module(home).__all__:
            homes.setdefault(known, home)
    if name in homes:
        text = f"{package}.{name}: it is in {homes[name]}; write from {homes[name]} import {name}"
    elif name in _OPTIONAL:
        text = f"{package}.{name}: it is in {_OPTIONAL[name]}; write from {_OPTIONAL[name]} import {name}"
    elif found := _OTHERS.get(name.lower().removesuffix("1d").removesuffix("2d")):
        text += f"; write {homes[found]}.{found}" if found in homes else f"; {found}"
    elif found := _closest(name, homes):
        text += f"; the closest name is {homes[found]}.{found}"
    # `from funcnn import name` replaces the text of an AttributeError by its own.
    importing = sys._getframe(2).f_code.co_name == "_handle_fromlist"  # noqa: SLF001  only to choose the class of the error
    return ImportError(text, name=package) if importing and ";" in text else AttributeError(text)


def counterpart(name: str, home: str) -> str:
    """The function of the namespace `home` that another library calls `name`; empty if there is none, or several."""
    found = _OTHERS.get(name, "")
    return found if found in import_module(home).__all__ else ""


def _closest(name: str, names: Iterable[str]) -> str:
    """The name that is most like `name`, apart from upper case; empty if none is."""
    from difflib import get_close_matches  # noqa: PLC0415  only an error needs it

    lower = {known.lower(): known for known in names}
    cutoff = 0.75 if len(name) > 4 else 0.9  # any two short words are alike: fit and First, jit and joint
    return "".join([lower[found] for found in get_close_matches(name.lower(), lower, 1, cutoff)])


# The places of names whose modules need another library, which is not imported for an error.
_OPTIONAL = {
    name: home
    for home, names in {
        "funcnn.testing": "check_layer check_loss check_optimizer check_vjp",
        "funcnn.plot": "cost_curve decision_regions rate_curve",
        "funcnn.interop.jax": "JaxFunction JaxLayer",
        "funcnn.interop.onnx": "to_onnx",
        "funcnn.interop.optax": "from_optax to_optax",
        "funcnn.interop.scipy": "minimize",
        "funcnn.interop.sklearn": "NetworkClassifier NetworkRegressor",
        "funcnn.interop.torch": "from_torch to_torch weights_from TorchLayer",
    }.items()
    for name in names.split()
}

# What other libraries call a name of funcnn, in lower case and without the number of axes; or what to write instead.
_OTHERS = {
    "sequential": "a chain of layers is a tuple",
    "modulelist": "a chain of layers is a tuple",
    "module": "a layer is a class with @record, and a chain of layers is a tuple",
    "layer": "a layer is a class with @record, and a chain of layers is a tuple",
    "model": "a network is a layer or a tuple of layers",
    "parameter": "a parameter is a field of a record that holds an array",
    "functional": "a function is the layer in forward(layer, x), such as forward(Relu(), x)",
    "nn": "layers are in funcnn.layers, losses in funcnn.losses",
    "optim": "optimizers are in funcnn.optimizers, and sgd is funcnn.sgd",
    "lr_scheduler": "schedules are in funcnn.schedules",
    "tensor": "arrays are arrays of NumPy, such as np.ones((2, 3))",
    "from_numpy": "arrays are arrays of NumPy",
    "manual_seed": "a function that draws takes a seed, such as mlp([2, 3, 1], seed=0)",
    "vjp": "forward returns (out, cache), and backward(params, cache, dA) the products with dA",
    "jvp": "there is no forward mode; hvp of funcnn.curvature multiplies the Hessian by a vector",
    "hessian": "hvp of funcnn.curvature multiplies the Hessian by a vector",
    "zero_grad": "gradients are new values in each step, so leave it out",
    "no_grad": "forward keeps nothing outside of its cache; for prediction write predict(params, x)",
    "jit": "for NumPy write compiled(loss) of funcnn.compilation, for JAX jax.jit",
    "vmap": "layers take a batch, rows first; for gradients of single rows write per_example of funcnn.curvature",
    "state_dict": "a network is a value; write save(net, path), or parameters(net) for a dict of its arrays",
    "load_state_dict": "write load(path), or with_parameters(net, arrays) of funcnn.trees",
    "get_weights": "parameters",
    "set_weights": "with_parameters",
    "requires_grad_": "Frozen",
    "freeze": "Frozen",
    "stop_gradient": "write Frozen(layer) for a layer that is not trained",
    "gradienttape": "value_and_grad",
    "filter_value_and_grad": "value_and_grad",
    "filter_grad": "value_and_grad",
    "tree_at": "replace",
    "ravel_pytree": "to_vector",
    "tree_leaves": "leaves",
    "dropout": "ChannelDropout",  # of Dropout1d and Dropout2d, which drop channels
    "spatialdropout": "ChannelDropout",
    "unflatten": "Reshape",
    "positionalencoding": "SinusoidalPosition",
    "transformerencoderlayer": "transformer_block",
    "lambda": "Function",
    "linear": "Dense",
    "batchnorm": "BatchNorm",
    "batchnormalization": "BatchNorm",
    "layernormalization": "LayerNorm",
    "maxpooling": "MaxPool",
    "averagepooling": "AvgPool",
    "globalaveragepooling": "GlobalAvgPool",
    "add": "Sum",
    "concatenate": "Concat",
    "timedistributed": "Map",
    "instancenorm": "InstanceNorm",
    "maxpool": "MaxPool",
    "avgpool": "AvgPool",
    "multiheadattention": "Attention",
    "swish": "Silu",
    "mseloss": "mse",
    "huberloss": "huber",
    "smoothl1loss": "huber",
    "l1loss": "mae",
    "mean_squared_error": "mse",
    "mean_absolute_error": "mae",
    "hinge_loss": "hinge",
    "binary_crossentropy": "binary_cross_entropy",
    "mean_pinball_loss": "quantile",
    "pinball": "quantile",
    "quantile_loss": "quantile",
    "categorical_crossentropy": "softmax_cross_entropy",
    "sparse_categorical_crossentropy": "softmax_cross_entropy",
    "bceloss": "binary_cross_entropy",
    "bcewithlogitsloss": "binary_cross_entropy_with_logits",
    "cross_entropy": "softmax_cross_entropy",
    "crossentropyloss": "softmax_cross_entropy",
    "sigmoid_binary_cross_entropy": "binary_cross_entropy_with_logits",
    "log_loss": "for probabilities write binary_cross_entropy, for logits softmax_cross_entropy",
    "kldivloss": "kl_divergence",
    "dataloader": "batches",
    "pack_padded_sequence": "a padded sequence is a pair (x, mask)",
    "grad": "value_and_grad",
    "fit": "train",
    "clip_grad_norm_": "ClipNorm",
    "clip_by_global_norm": "ClipNorm",
    "clip_grad_value_": "ClipValue",
    "exponentialmovingaverage": "Average",
    "cosineannealinglr": "cosine",
    "steplr": "step_decay",
    "reducelronplateau": "Plateau",
    "modelcheckpoint": "checkpoint_every",
    "accuracy_score": "accuracy",
    "f1_score": "f1",
    "confusion_matrix": "confusion",
    "r2_score": "r2",
    "xavier_normal": "glorot_normal",
    "xavier_uniform": "glorot_uniform",
    "kaiming_normal": "he_normal",
    "kaiming_uniform": "he_uniform",
    "num_parameters": "count",
    "plot_model": "diagram",
}
