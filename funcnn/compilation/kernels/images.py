"""The first layers of a network of images as calls of machine code, whose arrays are used again in each step."""

from __future__ import annotations

from collections.abc import Callable
from itertools import takewhile
from typing import Any

import numpy as np

from funcnn.compilation.graph import Graph
from funcnn.compilation.kernels import convolution, pooling
from funcnn.compilation.kernels.calls import Call
from funcnn.compilation.kernels.depthwise import memory_of, settings_of, sizes_of
from funcnn.compilation.kernels.direct import forward_kernel, gradient_kernel, lanes_of
from funcnn.compilation.memory import Spares, aligned
from funcnn.compilation.panel import Panel
from funcnn.compilation.shapes import Untraceable
from funcnn.compilation.strips import FORM, Strips
from funcnn.compilation.symbols import Symbol
from funcnn.core import forward
from funcnn.layers.activations.elementwise import elementwise_forward
from funcnn.layers.combinators.shapes import Flatten
from funcnn.layers.convolution.conv import Conv2d
from funcnn.layers.convolution.correlation import adjoint_windows
from funcnn.layers.convolution.pool import MaxPool
from funcnn.records import build, getters, plans
from funcnn.trees.walks import leaves

MOST_BYTES = 1 << 28  # of the arrays of one network for batches of one shape, which are kept from step to step
Calls = list[tuple[Any, tuple[int, ...]]]
Back = Callable[[Any, bool], Any]


def head_of(layers: tuple[Any, ...], x: Any) -> Head | None:
    """As many of the first layers as this module has, if there are convolutions or poolings among them."""
    first = list(takewhile(_planner, layers))
    while first and not {Conv2d, MaxPool}.isdisjoint(map(type, first)):
        try:
            return Head(tuple(first), x)
        except Untraceable:
            first.pop()
    return None


class Head:
    """Layers of these structures for arrays like x; `ready` holds the memories of calls that have ended.

    Raises:
        Untraceable: a layer is none of those that this module has, or an array is not as their kernels read it.
    """

    def __init__(self, layers: tuple[Any, ...], x: Any) -> None:
        self.layers = layers
        self.ready = Spares(lambda: HeadMemory(layers, x), HeadMemory(layers, x))

    def memory(self) -> HeadMemory:
        """Memory for one call at a time; append it to `ready` after the call."""
        memory: HeadMemory = self.ready.take()
        return memory


class HeadMemory:
    """The arrays of the layers, and the calls that fill them: `out` is their output, and `backward` takes its gradient.

    Before a call the arrays of the layers are copied, and after it their gradients.
    """

    def __init__(self, layers: tuple[Any, ...], x: Any) -> None:
        self.dtype, self._kept, self._bytes = x.dtype, list[Any](), 0
        self._forward, self._backward = Calls(), Calls()
        self._copies: list[tuple[int, Any, Callable[[Any], Any]]] = []
        self._gradients: dict[int, Any] = {}
        self._x = out = self.array(x.shape)
        backs: list[Back] = []
        for i, layer in enumerate(layers):
            out, back = _planner(layer)(self, i, layer, out)
            backs.append(back)
        self.out, self._dout = out, self.array(out.shape)
        d, first = self._dout, min(self._gradients, default=len(layers))
        for i in range(len(layers) - 1, first - 1, -1):
            d = backs[i](d, i > first)

    def forward(self, layers: tuple[Any, ...], x: Any) -> Any:
        """The output of the layers, in this memory."""
        self._x[...] = x
        for i, to, of in self._copies:
            to[...] = of(layers[i])
        for function, arguments in self._forward:
            function(*arguments)
        return self.out

    def backward(self, layers: tuple[Any, ...], dout: Any) -> tuple[Any, ...]:
        """The gradients of the layers."""
        self._dout[...] = dout
        for array in self._gradients.values():
            array.fill(0)
        for function, arguments in self._backward:
            function(*arguments)
        return tuple([_gradient(layer, self._gradients.get(i)) for i, layer in enumerate(layers)])

    # For the planners of layers.

    def array(self, shape: tuple[int, ...]) -> Any:
        """An array that is kept."""
        self._bytes += int(np.prod(shape)) * self.dtype.itemsize
        if self._bytes > MOST_BYTES:
            raise Untraceable("arrays that would take much memory from step to step")
        return aligned(int(np.prod(shape)), self.dtype).reshape(shape)

    def copied(self, i: int, to: Any, of: Callable[[Any], Any]) -> Any:
        """An array that gets a part of layer i before each call."""
        self._copies.append((i, to, of))
        return to

    def gradient(self, i: int, size: int) -> Any:
        """The array of the gradients of layer i, one after another, which is 0 before each call."""
        self._gradients[i] = self.array((size,))
        return self._gradients[i]

    def call(self, kernel: Call, arrays: list[Any], numbers: list[int], *, is_back: bool = False) -> None:
        """Call a kernel in each step."""
        self._kept.append((kernel, arrays))
        (self._backward if is_back else self._forward).append(kernel.prepared(arrays, numbers))


def _gradient(layer: Any, array: Any) -> Any:
    """The gradient of a layer, as a copy of what an array holds."""
    if array is None:
        return layer
    made, at, parts = array.copy(), 0, []
    made.setflags(0)
    for part in getters[type(layer)](layer):
        if type(part) is np.ndarray:
            parts.append(made[at : at + part.size].reshape(part.shape))
            at += part.size
        else:
            parts.append(part)
    return build(type(layer), parts)


def _planner(layer: Any) -> Any:
    """The function that plans the calls of a layer; None if there is none."""
    cls = type(layer)
    is_elementwise = cls in plans and forward.dispatch(cls) is elementwise_forward
    if is_elementwise and cls.__module__.startswith("funcnn.") and not leaves((layer,)):
        return _activation
    return _PLANNERS.get(cls)


def _convolution(memory: HeadMemory, i: int, layer: Conv2d, x: Any) -> tuple[Any, Back]:
    axes, W = convolution.axes_of(layer, x), layer.W
    if axes is None or layer.groups > 1:
        raise Untraceable("a convolution without a kernel")
    o, gradients = W.shape[3], memory.gradient(i, W.size + W.shape[3])
    out = memory.array((len(x), axes[0].out, axes[1].out, o))
    bias = memory.array((o,))
    if layer.b is not None:
        memory.copied(i, bias, lambda layer: layer.b)

    def correlated(x: Any, W: Any, axes: Any, out: Any, of: Callable[[Any], Any], *, has_bias: bool) -> None:
        kernel = forward_kernel(x.dtype, W, axes, has_bias=has_bias)
        packed = memory.copied(i, kernel.packed(memory.array(W.shape)), lambda layer: kernel.parts(of(layer.W)))
        arrays = [x, packed, bias, out, memory_of(x, axes)]
        memory.call(kernel.call, arrays, sizes_of(len(x), axes), is_back=not has_bias)

    correlated(x, W, axes, out, lambda W: W, has_bias=True)

    def back(d: Any, needs_dx: bool) -> Any:  # noqa: FBT001  called with one value after the other
        kernel = gradient_kernel(x.dtype, x.shape[3], o, settings_of(axes))
        memory.call(kernel, [x, d, gradients, memory_of(x, axes)], sizes_of(len(x), axes), is_back=True)
        if not needs_dx:
            return None
        flipped = adjoint_windows(axes)
        if flipped is None or not lanes_of(x.dtype, x.shape[3]):
            raise Untraceable("a convolution whose dx has no kernel")
        dx = memory.array(x.shape)
        correlated(d, _turned(W), flipped, dx, _turned, has_bias=False)
        return dx

    return out, back


def _turned(W: Any) -> Any:
    """The kernel of the adjoint."""
    return W[::-1, ::-1].swapaxes(2, 3)


def _max_pool(memory: HeadMemory, _: int, layer: MaxPool, x: Any) -> tuple[Any, Back]:
    axes = pooling.axes_of(layer, x)
    if axes is None or not all([a.stride == a.size and a.out * a.size == a.positions == a.padded for a in axes]):
        raise Untraceable("a pooling whose windows do not fill the image")
    out = memory.array((len(x), axes[0].out, axes[1].out, x.shape[3]))
    settings, spare, numbers = settings_of(axes), memory_of(x, axes), sizes_of(len(x), axes)
    memory.call(pooling.pool(x.dtype, x.shape[3], settings), [x, out, spare], numbers)

    def back(d: Any, needs_dx: bool) -> Any:  # noqa: FBT001  as above
        dx = memory.array(x.shape)
        memory.call(pooling.route(x.dtype, x.shape[3], settings), [x, out, d, dx, spare], numbers, is_back=True)
        return dx

    return out, back


def _activation(memory: HeadMemory, _: int, layer: Any, x: Any) -> tuple[Any, Back]:
    out, dx = memory.array(x.shape), memory.array(x.shape)
    memory.call(*_entrywise(layer.value, [x], out))

    def back(d: Any, needs_dx: bool) -> Any:  # noqa: FBT001  as above
        kept = out if layer.keeps == "out" else x
        memory.call(*_entrywise(lambda kept, d: layer.slope(kept) * d, [kept, d], dx), is_back=True)
        return dx

    return out, back


def _flatten(memory: HeadMemory, _: int, layer: Flatten, x: Any) -> tuple[Any, Back]:
    return x.reshape(len(x), -1), lambda d, _: d.reshape(x.shape)


def _entrywise(function: Callable[..., Any], arrays: list[Any], out: Any) -> tuple[Call, list[Any], list[int]]:
    """The kernel of a function of arrays, entry by entry, with its arrays and their number of entries."""
    graph, names = Graph(0, out.dtype), [f"a{i}" for i in range(len(arrays))]
    node = graph.node(function(*[Symbol("memory", (), FORM, out.dtype, 1, i) for i in range(len(arrays))]))
    t = Strips(out.dtype)
    panel = Panel(t, graph)
    panel.constants = "%W"

    def entries(i: Any) -> None:
        t.write(panel.results([node], lambda a: t.read(f"%{names[a.data]}", i))[0], "%out", i)

    t.strips("%count", entries)
    table = aligned(max(1, graph.constants), out.dtype)
    graph.fill(table)
    return Call(t, ["W", *names, "out"], ["count"]), [table, *arrays, out], [out.size]


_PLANNERS: dict[type, Callable[..., tuple[Any, Back]]] = {Conv2d: _convolution, MaxPool: _max_pool, Flatten: _flatten}
