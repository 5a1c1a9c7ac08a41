"""A network of funcnn as a module of torch, whose gradients are those of funcnn's backward."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import torch

from funcnn.arrays import Array, freeze, is_array, is_float
from funcnn.core import check_is_layer, sgd
from funcnn.errors import KindError
from funcnn.gradients import Grads
from funcnn.interop.named import map_named
from funcnn.interop.torch.network_calls import NetworkCall, NetworkForward
from funcnn.interop.torch.tensors import arrays_in_tensors, leaves_of, map_tree, tensor_of
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

    `torch.compile` compiles the program around the module, and NumPy computes the module. `torch.func.grad`, `vjp`,
    `jacrev`, `functional_call` and `vmap` work; `vmap` calls the network slice by slice.

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
            parameter that `inference` replaces would need a gradient, or another tensor that is not a parameter; for a
            second derivative, a derivative in forward mode, or `torch.func.vmap` of layers that differ in training.
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

    def _network(self, tensors: dict[str, Any], *, copied: bool = False) -> Any:
        """The network of these tensors by path; its arrays share their memory, unless they are copied."""

        def current(path: str, leaf: Any) -> Any:
            array = arrays_in_tensors("Network", path, tensors[path])
            if not is_array(leaf):
                return type(leaf)(array.item())
            return freeze(np.array(array)) if copied else array

        return map_named(current, self._form)

    @property
    def params(self) -> Any:
        """The network of funcnn with copies of the present parameters and states."""
        return self._network(self._tensors(), copied=True)

    def forward(self, x: Any) -> Any:
        """out of the network"""
        return _uncompiled(self, x)

    def carry(self, net: Any, grads: Any) -> None:
        """Give the states their next values, after a backward of `net`."""
        self._form = self._registered(sgd(net, Grads(grads, None), 0.0), dict(walk(net)))

    def __repr__(self) -> str:
        try:
            return f"Network({named(self.params)})"
        except KindError:  # inside of torch.func, which puts the module into messages, parameters hold no numbers
            return "Network(...)"


_ARRAY = np.zeros(())  # stands where the network has an array


def _uncompiled(module: Network, x: Any) -> Any:
    """out of a network, which `torch.compile` leaves to NumPy"""
    if "torch._dynamo" in sys.modules:  # else nothing is compiled, and `disable` would import it for seconds
        return torch.compiler.disable(_computed)(module, x)
    return _computed(module, x)


# What `torch.compiler.disable` would write: the reason stands in the error of `fullgraph=True`.
_REASON = "funcnn.interop.torch.Network computes in NumPy"
vars(_uncompiled).update(_torchdynamo_disable=True, _torchdynamo_disable_msg=_REASON)


def _computed(module: Network, x: Any) -> Any:
    """out of a network, and its place in torch's graph"""
    if torch.jit.is_tracing():
        raise KindError("Network: torch.jit cannot trace NumPy; write to_torch(network.params)")
    own = module._tensors()  # noqa: SLF001  it is a part of the class
    call = NetworkCall(module, x, list(own))
    outs = iter(NetworkForward.apply(call, *leaves_of(map_tree(lambda tensor: tensor, x)), *own.values()))
    return map_tree(lambda _: next(outs), call.out)
