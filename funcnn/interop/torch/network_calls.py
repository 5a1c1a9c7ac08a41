"""Calls of a network in torch's graph: forward and backward are funcnn's, slice by slice under `torch.func.vmap`."""

from __future__ import annotations

from typing import Any

import torch

from funcnn.core import backward, backward_params, forward, forward_only, inference
from funcnn.errors import KindError
from funcnn.interop.torch.tensors import (
    array_of,
    arrays_in_tensors,
    has_gradient,
    leaves_of,
    map_tree,
    pairs,
    tensor_of,
)
from funcnn.trees.walks import walk


class NetworkCall:
    """One call of a network, with what its backward needs."""

    def __init__(self, module: Any, x: Any, names: list[str]) -> None:
        """`module`: a Network; `names`: the paths of the tensors that come to `forward` behind those of x."""
        self.module, self.x, self.names = module, x, names
        self.trains, self.keeps = module.training, torch.is_grad_enabled()
        self.slices: list[NetworkCall] = []  # the calls of one call under vmap
        self.is_slice = False
        self.net: Any = None
        self.used: Any = None
        self.out: Any = None
        self.cache: Any = None

    def forward(self, tensors: tuple[Any, ...]) -> tuple[Any, ...]:
        """The tensors of out."""
        given = iter(tensors)
        arrays = arrays_in_tensors("Network", "x", map_tree(lambda _: next(given), self.x))
        own = dict(zip(self.names, given, strict=True))
        self.net = self.module._network(own)  # noqa: SLF001  not public, since fields of layers have names of their own
        self.used = self.net if self.trains and not self.is_slice else inference(self.net)
        if self.trains and self.used is not self.net:
            rule = "vmap needs evaluation mode for layers that differ in training, such as dropout"
            raise KindError(f"Network: {rule}; write network.eval()")
        if self.keeps:
            self.out, self.cache = forward(self.used, arrays)
        else:
            self.out = forward_only(self.used, arrays)
        return tuple([tensor_of(array) for array in leaves_of(self.out)])

    def sliced(self, size: int) -> list[NetworkCall]:
        """A call for each of `size` slices."""
        for _ in range(size):
            one = NetworkCall(self.module, self.x, self.names)
            one.keeps, one.is_slice = self.keeps, True
            self.slices.append(one)
        return self.slices

    def backward(self, dA: tuple[Any, ...], wanted: tuple[bool, ...]) -> list[Any]:
        """The gradients of the tensors that are wanted, of x and of the parameters."""
        given = zip(leaves_of(self.out), dA, strict=True)
        parts = iter([array_of("Network", "dA", d) if has_gradient(out) else None for out, d in given])
        outs = map_tree(lambda _: next(parts), self.out)
        of_x, of_names = wanted[: -len(self.names) or None], wanted[len(wanted) - len(self.names) :]
        dx: list[Any] = [None] * len(of_x)
        if any(of_x):
            grads = backward(self.used, self.cache, outs)
            of_params, dx = grads.params, [d for _, d in pairs(self.x, grads.x)]
        else:
            of_params = backward_params(self.used, self.cache, outs)
        if self.trains:
            self.module.carry(self.net, of_params)
        return [*dx, *self._of_parameters(of_params, of_names)]

    def _of_parameters(self, grads: Any, wanted: tuple[bool, ...]) -> list[Any]:
        """The gradient of each parameter; in evaluation mode `inference` keeps some parameters, and replaces others."""
        found, used, own = [dict(walk(tree, states=False)) for tree in (grads, self.used, self.net)]
        for path, is_wanted in zip(self.names, wanted, strict=True):
            if is_wanted and path not in own:
                raise KindError(f"Network: {path} must not need a gradient, since it is not a parameter")
            if is_wanted and used.get(path) is not own[path]:
                remedy = "write network.train(), or network.requires_grad_(False) for dx alone"
                raise KindError(f"Network: in evaluation mode {path} has no gradient; {remedy}")
        return [found.get(path) if is_wanted else None for path, is_wanted in zip(self.names, wanted, strict=True)]


class _Function(torch.autograd.Function):
    """A function of tensors that torch differentiates, also in `torch.func`, but not forward."""

    @staticmethod
    def jvp(*_: Any) -> Any:
        raise KindError("Network: there is no forward mode; write torch.func.vjp, or jacrev")


def _by_slices(calls: list[NetworkCall], function: Any, dims: tuple[Any, ...], tensors: tuple[Any, ...]) -> Any:
    """The results of `function` for each slice of the tensors, stacked, and their axes."""
    made = []
    for i, call in enumerate(calls):
        own = [a if dim is None else a.select(dim, i) for a, dim in zip(tensors, dims, strict=True)]
        made.append(function(call, *own))
    outs = [torch.stack(parts) for parts in zip(*made, strict=True)]
    return tuple(outs), (0,) * len(outs)


class NetworkForward(_Function):
    """out of a call, whose gradient is that of funcnn."""

    @staticmethod
    def forward(call: NetworkCall, *tensors: Any) -> tuple[Any, ...]:
        return call.forward(tensors)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Any, ...]) -> None:
        ctx.call, *tensors = inputs
        ctx.save_for_backward(*tensors)
        ctx.mark_non_differentiable(*[out for out in output if not has_gradient(out)])

    @staticmethod
    def vmap(info: Any, dims: tuple[Any, ...], call: NetworkCall, *tensors: Any) -> Any:
        calls = call.sliced(info.batch_size)
        made = _by_slices(calls, NetworkForward.apply, dims[1:], tensors)
        call.out = calls[0].out
        return made

    @staticmethod
    def backward(ctx: Any, *dA: Any) -> tuple[Any, ...]:
        wanted = ctx.needs_input_grad[1:]
        tensors = ctx.saved_tensors  # here torch refuses tensors that were written to since
        made = iter(_Backward.apply(ctx.call, wanted, *dA, *tensors))  # the gradient depends on all of them
        return None, *[next(made) if is_wanted else None for is_wanted in wanted]


class _Backward(_Function):
    """The gradient of a call, which has none itself."""

    @staticmethod
    def forward(call: NetworkCall, wanted: tuple[bool, ...], *tensors: Any) -> tuple[Any, ...]:
        dA, given = tensors[: -len(wanted)], tensors[-len(wanted) :]
        found = [triple for triple in zip(given, call.backward(dA, wanted), wanted, strict=True) if triple[2]]
        return tuple([torch.zeros_like(a) if d is None else tensor_of(d) for a, d, _ in found])

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Any, ...]) -> None:
        """Nothing is needed"""

    @staticmethod
    def vmap(info: Any, dims: tuple[Any, ...], call: NetworkCall, wanted: tuple[bool, ...], *tensors: Any) -> Any:
        calls = call.slices or [call] * info.batch_size
        return _by_slices(calls, lambda one, *own: _Backward.apply(one, wanted, *own), dims[2:], tensors)

    @staticmethod
    def backward(*_: Any) -> Any:
        raise KindError("Network: there is no second derivative")
