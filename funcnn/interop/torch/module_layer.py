"""A module of torch as a layer of funcnn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from funcnn.arrays import Array, kind, short
from funcnn.bits import words
from funcnn.core import backward, forward, inference, reseed
from funcnn.errors import KindError, ShapeError
from funcnn.gradients import Grads, gradient
from funcnn.interop.torch.base import to_torch
from funcnn.interop.torch.skeleton import Skeleton
from funcnn.interop.torch.tensors import array_of, has_gradient, leaves_of, map_tree, pairs, tensor_of
from funcnn.layers.checks import as_cache_parts, dtype_error
from funcnn.layers.outlines import as_gradient_like, outline
from funcnn.needs import Seed, as_seed
from funcnn.records import record, state
from funcnn.trees.edits import evolve


@record
class TorchLayer:
    """out = module(x), computed by torch on the CPU; dx and the gradients of its parameters are those of torch

    x: an array, or a tuple of arrays for a module with several arguments; out: an array, or a tuple of arrays. `arrays`
    are the parameters that need a gradient, in the order of the module, and `buffers`, which are a state, all others
    and the buffers. `TorchLayer.init(module)` makes the layer; the module itself is copied and never changed.
    `to_torch(layer)` returns a module with the layer's numbers.

    The mode of the module is that of the layer: in training mode batch normalisation uses the batch, and backward gives
    the next running statistics; `inference` puts the module into evaluation mode. Random numbers of torch depend on
    (seed, step) alone, and each backward gives the next step.

    The cache is x: backward calls the module again. Layers compare by value, and pickle. `save` refuses the layer,
    since a file that names classes to call would be a program.

    >>> import numpy as np
    >>> import torch
    >>> from funcnn import Dense, forward, parameters
    >>> from funcnn.interop.torch import TorchLayer
    >>> net = (Dense.init(2, 3, seed=0), TorchLayer.init(torch.nn.Linear(3, 1).double()))
    >>> forward(net, np.ones((4, 2)))[0].shape, list(parameters(net))
    ((4, 1), ['0.W', '0.b', '1.arrays.0', '1.arrays.1'])

    Raises:
        KindError: the module is not one of torch on the CPU, of real numbers that NumPy has, or cannot be copied or
            pickled; x is not an array of NumPy, or has another dtype than the parameters; the module returns no
            tensors.
        ShapeError: dA is not like out, or the arrays are not those of the module.
    """

    arrays: tuple[Any, ...]
    module: Any
    buffers: tuple[Any, ...] = state(default=())
    seed: Seed = state(default=0, kw_only=True)
    step: int = state(default=0, kw_only=True)

    def __attrs_post_init__(self) -> None:
        function = type(self).__name__
        if not isinstance(self.module, Skeleton):
            raise KindError(f"{function}: module must be made by {function}.init(module), not {kind(self.module)}")
        given = {"arrays": self.arrays, "buffers": self.buffers}
        for (argument, arrays), shapes in zip(given.items(), self.module.shapes, strict=True):
            if [getattr(array, "shape", None) for array in arrays] != shapes:
                needed = f"arrays of the shapes {shapes}, as {self.module} has them"
                raise ShapeError(f"{function}: {argument} must be {needed}, not {short(arrays)}")

    @classmethod
    def init(cls, module: Any, *, seed: Seed = 0) -> TorchLayer:
        """A layer with copies of the numbers of a module.

        Raises:
            KindError: as `TorchLayer`; `seed` is not a seed.
        """
        function = f"{cls.__name__}.init"
        if not isinstance(module, torch.nn.Module):
            raise KindError(f"{function}: module must be a module of torch, not {kind(module)}")
        if isinstance(module, torch.jit.ScriptModule):
            raise KindError(f"{function}: module must be one that pickles, not one that torch.jit compiled")
        given = (*module.named_parameters(), *module.named_buffers())
        arrays = {name: array_of(function, name, tensor).copy() for name, tensor in given}
        for name, array in arrays.items():
            if array.dtype.kind == "c":
                raise KindError(f"{function}: {name} must hold real numbers, not {array.dtype}")
        words_of_seed, skeleton = as_seed(function, "seed", seed), Skeleton.of(module)
        trained, held = [tuple([arrays[name] for name in names]) for names in (skeleton.trained, skeleton.held)]
        return cls(trained, skeleton, held, seed=words_of_seed)


def _called(params: TorchLayer, arrays: Any, x: Any, then: Callable[[Any], Any]) -> tuple[Any, dict[str, Any]]:
    """(then(out), the tensors by name, with the next buffers), given tensors for the parameters and for x"""
    tensors = dict(zip(params.module.trained, arrays, strict=True))
    tensors |= dict(zip(params.module.held, map(tensor_of, params.buffers), strict=True))
    high, low = words(np, (*as_seed("TorchLayer", "seed", params.seed), params.step), (2,)).tolist()
    return params.module.call(tensors, x, (high << 31) + low, then), tensors


def _check_x(params: TorchLayer, x: Any) -> None:
    first = next((array for array in params.arrays), None)
    for part in leaves_of(x):
        if type(part) is not np.ndarray:
            raise KindError(f"TorchLayer: x must be an array of NumPy, or a tuple of them, not {kind(part)}")
        if first is not None and part.dtype.kind in "fc" and part.dtype != first.dtype:
            raise dtype_error("TorchLayer", "x", part, params.module.trained[0], first)


@forward.register(TorchLayer)
def torch_layer_forward(params: TorchLayer, x: Any) -> tuple[Any, tuple[Any, Any]]:
    """out = module(x); the cache is x, and the outline of out"""
    _check_x(params, x)
    with torch.no_grad():
        out, _ = _called(params, map(tensor_of, params.arrays), map_tree(tensor_of, x), lambda out: out)
    arrays = map_tree(lambda tensor: tensor.numpy(), out)
    return arrays, (x, outline(arrays))


@backward.register(TorchLayer)
def torch_layer_backward(params: TorchLayer, cache: tuple[Any, Any], dA: Any) -> Grads[TorchLayer]:
    """The gradients by torch, of a second call; None in dA is 0"""
    x, of_out = as_cache_parts(params, cache, 2)
    dA = as_gradient_like(params, dA, of_out)
    own = [tensor_of(array).requires_grad_() for array in params.arrays]
    given = map_tree(lambda array: tensor_of(array).requires_grad_(has_gradient(array)), x)
    inputs = [tensor for tensor in (*own, *leaves_of(given)) if tensor.requires_grad]

    def gradients(out: Any) -> Any:
        found = [(tensor, d) for tensor, d in pairs(out, dA) if d is not None and tensor.requires_grad]
        if not found or not inputs:
            return [None] * len(inputs)
        outs, ds = zip(*found, strict=True)
        return torch.autograd.grad(outs, inputs, list(map(tensor_of, ds)), allow_unused=True)

    with torch.enable_grad():
        entering = map_tree(lambda tensor: tensor.clone(), given)  # the module may write to x
        found, tensors = _called(params, own, entering, gradients)
    parts = iter([torch.zeros_like(t) if d is None else d for t, d in zip(inputs, found, strict=True)])
    dparams = tuple([_array(next(parts)) for _ in own])
    dx = map_tree(lambda tensor: _array(next(parts)) if tensor.requires_grad else None, given)
    buffers = tuple([_array(tensors[name]) for name in params.module.held])
    return Grads(gradient(params, arrays=dparams, buffers=buffers, step=(params.step + 1) % 2**31), dx)


def _array(tensor: Any) -> Array:
    return tensor.detach().contiguous().numpy()


@inference.register(TorchLayer)
def torch_layer_inference(params: TorchLayer) -> TorchLayer:
    """The module in evaluation mode"""
    module = params.module.predicting()
    return params if module is params.module else evolve(params, module=module)


reseed.register(TorchLayer)(lambda params, i: evolve(params, seed=(*as_seed("reseed", "seed", params.seed), i)))


@to_torch.register(TorchLayer)
def torch_layer_to_torch(layer: TorchLayer) -> torch.nn.Module:
    """The module, with copies of the layer's numbers"""
    names = (*layer.module.trained, *layer.module.held)
    return layer.module.with_arrays(dict(zip(names, (*layer.arrays, *layer.buffers), strict=True)))
