"""A network of funcnn as a module of torch, whose gradients are those of funcnn's backward."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from funcnn.arrays import Array, freeze, is_array, is_float
from funcnn.core import backward, backward_params, check_is_layer, forward, forward_only, inference, sgd
from funcnn.errors import KindError
from funcnn.gradients import Grads
from funcnn.interop.named import map_named
from funcnn.interop.torch.tensors import arrays_in_tensors, has_gradient, leaves_of, map_tree, pairs, tensor_of
from funcnn.layers.checks import check_held
from funcnn.layers.notes import named
from funcnn.trees.walks import walk


class _Part(torch.nn.Module):
    """A layer inside a network: its parameters and states by the names of its fields."""


class Network(torch.nn.Module):
    """A network of funcnn as a module of torch: forward and backward are funcnn's, in NumPy, on the CPU.

    Its parameters have the paths of `parameters(params)` as names, so optimizers of torch train them. Its buffers are
    the states: running statistics, seeds and counters, also by path. A backward in training mode gives them their next
    values; a forward alone changes nothing. In evaluation mode the module computes with `inference(params)`. x and the
    result are tensors, or tuples of tensors such as (x, mask).

    `network.params` is the network of funcnn with the present parameters and states.

    >>> import torch
    >>> from funcnn import mlp
    >>> from funcnn.interop.torch import Network
    >>> network = Network(mlp([2, 3, 1], seed=0))
    >>> list(network.state_dict())
    ['0.W', '0.b', '2.W', '2.b']
    >>> network(torch.ones(4, 2, dtype=torch.float64)).sum().backward()
    >>> network.get_parameter("2.b").grad
    tensor([4.], dtype=torch.float64)

    Raises:
        KindError: `params` is not a layer or a tuple of layers, holds complex numbers, or has a field with a name that
            modules of torch use themselves; x is not a tensor on the CPU, or a tuple of them; in evaluation mode, a
            parameter that `inference` replaces would need a gradient; a second derivative is asked for.
    """

    def __init__(self, params: Any) -> None:
        super().__init__()
        check_is_layer("Network", "params", params)
        check_held("Network", "params", params)
        self._trained = {path for path, leaf in walk(params, states=False) if is_float(leaf)}
        self._form = self._registered(params, {})

    def _registered(self, params: Any, known: dict[str, Array]) -> Any:
        """The network without its arrays, of which new ones become parameters and buffers"""
        self._names: list[str] = []
        parameters, buffers = dict(self.named_parameters()), dict(self.named_buffers())

        def register(path: str, leaf: Any) -> Any:
            if is_array(leaf) and leaf.dtype.kind == "c":
                raise KindError(f"Network: params must hold real numbers, but {path} is {leaf.dtype}")
            self._names.append(path)
            if path not in parameters and leaf is not known.get(path, _ARRAY):
                self._put(path, tensor_of(leaf), trained=path in self._trained)
            return _ARRAY if is_array(leaf) else leaf

        form = map_named(register, params)
        for path in buffers.keys() - set(self._names):  # a state that is no longer there
            part, _, name = path.rpartition(".")
            delattr(self.get_submodule(part), name)
        return form

    def _put(self, path: str, tensor: Any, *, trained: bool) -> None:
        *steps, name = path.split(".")
        part: torch.nn.Module = self
        try:
            for step in steps:
                if step not in dict(part.named_children()):
                    part.add_module(step, _Part())
                part = part.get_submodule(step)
            if trained:
                part.register_parameter(name, torch.nn.Parameter(tensor))
            else:
                part.register_buffer(name, tensor)
        except KeyError:
            raise KindError(f"Network: {path} must have a name that modules of torch do not use themselves") from None

    def _tensors(self) -> dict[str, Any]:
        """The parameters and buffers by path, in the order of the fields."""
        own = {**dict(self.named_parameters()), **dict(self.named_buffers())}
        return {name: own[name] for name in self._names}

    def _network(self, *, copied: bool) -> Any:
        """The network; its arrays share the memory of torch's, unless they are copied."""
        tensors = self._tensors()

        def current(path: str, leaf: Any) -> Any:
            array = arrays_in_tensors("Network", path, tensors[path])
            if not is_array(leaf):
                return type(leaf)(array.item())
            return freeze(np.array(array)) if copied else array

        return map_named(current, self._form)

    @property
    def params(self) -> Any:
        """The network of funcnn with copies of the present parameters and states."""
        return self._network(copied=True)

    def forward(self, x: Any) -> Any:
        """out of the network"""
        arrays = arrays_in_tensors("Network", "x", x)
        if not torch.is_grad_enabled():
            net = self._network(copied=False)
            return map_tree(tensor_of, forward_only(net if self.training else inference(net), arrays))
        call = _Call(self, arrays)
        tensors = [*leaves_of(map_tree(lambda tensor: tensor, x)), *call.parameters.values()]
        outs = iter(_Backward.apply(call, *tensors))
        return map_tree(lambda _: next(outs), call.out)

    def carry(self, net: Any, grads: Any) -> None:
        """Give the states their next values, after a backward of `net`."""
        self._form = self._registered(sgd(net, Grads(grads, None), 0.0), dict(walk(net)))

    def __repr__(self) -> str:
        return f"Network({named(self.params)})"


_ARRAY = np.zeros(())  # stands where the network has an array


class _Call:
    """One call of a network, with what its backward needs."""

    def __init__(self, module: Network, x: Any) -> None:
        """x: the arrays"""
        self.module, self.x, self.trains = module, x, module.training
        self.parameters = dict(module.named_parameters())
        self.net = module._network(copied=False)  # noqa: SLF001  as before
        self.used = self.net if self.trains else inference(self.net)
        self.out: Any = None
        self.cache: Any = None

    def forward(self) -> list[Any]:
        """The tensors of out."""
        self.out, self.cache = forward(self.used, self.x)
        return [tensor_of(array) for array in leaves_of(self.out)]

    def backward(self, dA: list[Any], wanted: tuple[bool, ...]) -> list[Any]:
        """The gradients of x and of the parameters; `wanted` says of which."""
        given = zip(leaves_of(self.out), dA, strict=True)
        parts = iter([d.numpy() if has_gradient(out) else None for out, d in given])
        outs = map_tree(lambda _: next(parts), self.out)
        of_x = list(leaves_of(self.x))
        if any(wanted[: len(of_x)]):
            grads = backward(self.used, self.cache, outs)
            of_params, dx = grads.params, [d for _, d in pairs(self.x, grads.x)]
        else:
            of_params, dx = backward_params(self.used, self.cache, outs), [None] * len(of_x)
        if self.trains:
            self.module.carry(self.net, of_params)
        of_params = self._of_parameters(of_params, wanted[len(of_x) :])
        return [None if array is None else tensor_of(array) for array in (*dx, *of_params)]

    def _of_parameters(self, grads: Any, wanted: tuple[bool, ...]) -> list[Any]:
        """The gradient of each parameter; in evaluation mode `inference` keeps some parameters, and replaces others."""
        found, used, own = [dict(walk(tree, states=False)) for tree in (grads, self.used, self.net)]
        for path, is_wanted in zip(self.parameters, wanted, strict=True):
            if is_wanted and used.get(path) is not own[path]:
                remedy = "write network.train(), or network.requires_grad_(False) for dx alone"
                raise KindError(f"Network: in evaluation mode {path} has no gradient; {remedy}")
        return [found.get(path) if is_wanted else None for path, is_wanted in zip(self.parameters, wanted, strict=True)]


class _Backward(torch.autograd.Function):
    """out of a call, whose gradient is that of funcnn."""

    @staticmethod
    def forward(ctx: Any, call: _Call, *tensors: Any) -> tuple[Any, ...]:
        ctx.call = call
        ctx.save_for_backward(*tensors)  # only their versions are needed, since the call shares their memory
        outs = call.forward()
        ctx.mark_non_differentiable(*[out for out in outs if not has_gradient(out)])
        return tuple(outs)

    @staticmethod
    def backward(ctx: Any, *dA: Any) -> tuple[Any, ...]:
        if torch.is_grad_enabled():
            raise KindError("Network: there is no second derivative; write create_graph=False")
        ctx.saved_tensors  # noqa: B018  here torch refuses tensors that were written to since
        return None, *ctx.call.backward(list(dA), ctx.needs_input_grad[1:])
