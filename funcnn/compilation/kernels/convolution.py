"""The rules of convolutions by kernels."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcnn.compilation.kernels import depthwise
from funcnn.compilation.kernels.calls import are_plain, windows_of
from funcnn.compilation.kernels.depthwise import memory_of, settings_of, sizes_of
from funcnn.compilation.kernels.direct import forward_kernel, gradient_kernel, lanes_of
from funcnn.compilation.memory import aligned, fresh, sealed
from funcnn.gradients import Grads, gradient
from funcnn.layers.convolution.correlation import adjoint_windows, correlate_adjoint
from funcnn.layers.convolution.windows import Axes, image_of, like

MOST_NUMBERS = 1 << 18  # of W: with more, the products of NumPy are as fast


def convolution_forward(params: Any, x: Any) -> Any:
    """out = b + the sum over the taps of each window"""
    if (axes := axes_of(params, x)) is None:
        return None
    correlated = _correlated if params.groups == 1 else depthwise.correlated
    return like(x, correlated(image_of(x), _image_kernel(params.W), axes, params.b)), x


def convolution_backward_params(params: Any, x: Any, dA: Any) -> Any:
    """dW: the x under each tap times dA, summed over the windows; db: the sum of dA over all positions"""
    W, b, o = params.W, params.b, params.W.shape[-1]
    if (axes := axes_of(params, x)) is None or not _is_out_gradient(x, axes, dA, o):
        return None
    channels = (x.shape[-1], o) if params.groups == 1 else (o,)
    made = gradient_kernel if params.groups == 1 else depthwise.kernel_gradient
    both = aligned(W.size + o, W.dtype)
    made(W.dtype, *channels, settings_of(axes))(x, dA, both, memory_of(x, axes), *sizes_of(len(x), axes))
    both.setflags(write=False)
    return gradient(params, W=both[: W.size].reshape(W.shape), b=None if b is None else both[W.size :])


def convolution_backward(params: Any, x: Any, dA: Any) -> Any:
    """dx: dA times the kernel, added back onto each window"""
    is_direct = params.groups == 1
    if (axes := axes_of(params, x)) is None or (is_direct and not lanes_of(x.dtype, x.shape[-1])):
        return None
    if not (flipped := adjoint_windows(axes)) and is_direct:
        return None
    if (grads := convolution_backward_params(params, x, dA)) is None:
        return None
    d, W = image_of(dA), _image_kernel(params.W)
    if not flipped:
        dx = correlate_adjoint(d, W, axes, params.groups)
    elif is_direct:
        dx = _correlated(d, W[::-1, ::-1].swapaxes(2, 3), flipped, None)
    else:
        dx = depthwise.correlated(d, np.ascontiguousarray(W[::-1, ::-1]), flipped, None)
    return Grads(grads, like(x, dx))


def _image_kernel(W: Any) -> Any:
    return W.reshape(-1, *W.shape[-3:])


def axes_of(params: Any, x: Any) -> Axes | None:
    """The windows; None if there is no kernel for the convolution."""
    W, b, c = params.W, params.b, x.shape[-1]
    if not are_plain(x.dtype, x, W, *([] if b is None else [b])) or x.ndim != W.ndim or not len(x):
        return None
    if params.groups > 1:
        return windows_of(params, x) if depthwise.fits(W, params.groups, c) else None
    if c != W.shape[-2] or not lanes_of(x.dtype, W.shape[-1]) or W.size > MOST_NUMBERS:
        return None
    axes = windows_of(params, x)
    return axes if axes is not None and axes[1].dilation == 1 else None


def _is_out_gradient(x: Any, axes: Axes, dA: Any, channels: int) -> bool:
    """Whether dA has the shape of out, and kernels can read it."""
    shape = len(x), *[axis.out for axis in axes][4 - x.ndim :], channels
    return are_plain(x.dtype, dA) and dA.shape == shape


def _correlated(x: Any, W: Any, axes: Axes, b: Any) -> Any:
    kernel = forward_kernel(x.dtype, W, axes, has_bias=b is not None)
    packed = kernel.packed(aligned(W.size, x.dtype))
    packed[...] = kernel.parts(W)
    out = fresh((len(x), axes[0].out, axes[1].out, W.shape[3]), x.dtype)
    kernel.call(x, packed, packed if b is None else b, out, memory_of(x, axes), *sizes_of(len(x), axes))
    return sealed(out)
