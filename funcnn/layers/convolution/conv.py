"""Convolutions of sequences and of images."""

from __future__ import annotations

from typing import Any, ClassVar

from funcnn.arrays import Array, namespace
from funcnn.core import backward, backward_params, forward
from funcnn.elementary import sum_over_rows
from funcnn.errors import KindError
from funcnn.generation import fixed_memory, no_step, pads_with_zeros, step
from funcnn.gradients import Grads, gradient
from funcnn.layers.checks import check_out_gradient
from funcnn.layers.convolution.base import Convolution
from funcnn.layers.convolution.correlation import correlate, correlate_adjoint, kernel_gradient
from funcnn.layers.convolution.sizes import of_each
from funcnn.layers.convolution.windows import ONE_ROW, Axes, axis_of, image_of, like
from funcnn.layers.memories import check_memory
from funcnn.records import record
from funcnn.shapes import shapes
from funcnn.trees.edits import evolve


@shapes(x="m h w groups*c", out="m h_out w_out c_out", fields={"W": "kh kw c c_out"})
@record
class Conv2d(Convolution):
    """out[m, i, j, o] = b[o] + sum_klc x[m, s i + d k - before, s j + d l - before, c] W[k, l, c, o]

    h_out = floor((h + before + after - d (kh - 1) - 1) / s) + 1, and w_out alike. `stride` s and `dilation` d are whole
    numbers or pairs, one for each of h and w. `padding` is a number of zeros for all sides, or for each of h and w a
    number or a pair (before, after), or "valid" for none, or "same" for h_out = ceil(h / s). An even kernel with "same"
    adds one zero more at the end than at the beginning.

    With several `groups` the first c_out / groups channels of out depend on the first c channels of x, and so on. With
    as many groups as x has channels, this is a depthwise convolution.

    out is linear in x and in W, so the coefficient of each in the sum is its gradient,

        dx[m, s i + d k - before, s j + d l - before, c] = sum_o W[k, l, c, o] dA[m, i, j, o], summed over all
        i, j, k, l with the same position on the left: dA times the kernel, added back onto each window;
        dW[k, l, c, o] = sum_mij x[m, s i + d k - before, s j + d l - before, c] dA[m, i, j, o]
        db[o] = sum_mij dA[m, i, j, o]

    The cache is x. LeCun, Bottou, Bengio & Haffner 1998, Gradient-Based Learning Applied to Document Recognition,
    section II.A; dilation: Yu & Koltun 2016, Multi-Scale Context Aggregation by Dilated Convolutions, eq. 2; groups:
    Krizhevsky, Sutskever & Hinton 2012, ImageNet Classification with Deep Convolutional Neural Networks, section 3.2.

    >>> import numpy as np
    >>> from funcnn import Conv2d, forward
    >>> edges = Conv2d(np.array([[-1.0, 1.0]])[:, :, None, None], None)
    >>> forward(edges, np.array([[0.0, 0.0, 3.0, 3.0]])[None, :, :, None])[0][0, :, :, 0]
    array([[0., 3., 0.]])

    Raises:
        ShapeError: W and b do not fit together, or x does not fit W; the kernel is larger than the padded image.
        KindError: W, b and x are not arrays of floats of one dtype, or a setting is not a whole number.
        RangeError: a stride, a dilation or `groups` is less than 1; a padding is negative; groups do not divide c_out.
    """

    axes: ClassVar[int] = 2

    def windows(self, x: Array) -> Axes:
        rows, columns = [axis_of("Conv2d", *settings) for settings in of_each(self, x)]
        return rows, columns


@shapes(x="m t groups*c", out="m t_out c_out", fields={"W": "k c c_out"})
@record
class Conv1d(Convolution):
    """out[m, t, o] = b[o] + sum_kc x[m, s t + d k - before, c] W[k, c, o]

    t_out = floor((t + before + after - d (k - 1) - 1) / s) + 1. The settings, the derivative and the cache are as in
    `Conv2d`, with one axis less: `padding` is a number, a pair (before, after), "valid" or "same".

    With the padding (d (k - 1), 0) the convolution is causal: out_t does not depend on later x. Then `step` takes a
    sequence part by part; its memory is the last d (k - 1) positions of x.

    Waibel et al. 1989, Phoneme Recognition Using Time-Delay Neural Networks, section 2; causal: van den Oord et al.
    2016, WaveNet, section 2.1.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> change = layers.Conv1d(np.array([[[-1.0]], [[1.0]]]), None, padding=(1, 0))
    >>> forward(change, np.array([[[2.0], [2.0], [5.0]]]))[0].ravel()
    array([2., 0., 3.])

    Raises:
        ShapeError: W and b do not fit together, or x does not fit W; the kernel is larger than the padded x.
        KindError: as `Conv2d`; in `step`, also if the convolution is not causal, or its stride is not 1.
        RangeError: a stride, a dilation or `groups` is less than 1, a padding is negative, groups do not divide c_out.
    """

    axes: ClassVar[int] = 1

    def windows(self, x: Array) -> Axes:
        return ONE_ROW, axis_of("Conv1d", "t", x.shape[1], self.W.shape[0], self.stride, self.padding, self.dilation)


def _kernel(params: Convolution) -> Array:
    """W as a kernel for images of one row."""
    return params.W.reshape(-1, *params.W.shape[-3:])


@forward.register(Convolution)
def convolution_forward(params: Convolution, x: Array) -> tuple[Array, Array]:
    """out = b + the sum over the taps of each window"""
    out = like(x, correlate(image_of(x), _kernel(params), params.windows(x), params.groups))
    if params.b is not None:
        out += params.b
    return out, x


@backward.register(Convolution)
def convolution_backward(params: Convolution, x: Array, dA: Array) -> Grads[Convolution]:
    """dx: dA times the kernel, added back onto each window; dW and db as in `convolution_backward_params`"""
    grads = convolution_backward_params(params, x, dA)
    dx = correlate_adjoint(image_of(dA), _kernel(params), params.windows(x), params.groups)
    return Grads(grads, like(x, dx))


@backward_params.register(Convolution)
def convolution_backward_params(params: Convolution, x: Array, dA: Array) -> Convolution:
    """dW: the x under each weight times dA, summed over the windows; db: the sum of dA over all positions"""
    W, axes = params.W, params.windows(x)
    check_out_gradient(params, dA, (x.shape[0], *[axis.out for axis in axes[-params.axes :]], W.shape[-1]), W.dtype)
    dW = kernel_gradient(image_of(x), image_of(dA), axes, params.groups).reshape(W.shape)
    return gradient(params, W=dW, b=None if params.b is None else sum_over_rows(dA))


@step.register(Conv1d)
def conv1d_step(params: Conv1d, x: Array, memory: Any = None) -> tuple[Array, Array]:
    """out for the memory, which is zeros at first, followed by x"""
    past = _past("step", params)
    shape = x.shape[0], past, x.shape[2]
    before = namespace(x).zeros(shape, dtype=x.dtype) if memory is None else memory
    check_memory(params, before, shape, x.dtype)
    whole = namespace(x).concatenate([before, x], axis=1)
    return forward(evolve(params, padding=0), whole)[0], whole[:, whole.shape[1] - past :]


@fixed_memory.register(Conv1d)
def conv1d_fixed_memory(params: Conv1d, m: int, t_most: int) -> None:
    """None, which stands for zeros at first"""
    _past("fixed_memory", params)


def _past(function: str, params: Conv1d) -> int:
    """The number of earlier positions on which out depends, of a causal convolution."""
    dilation: Any = params.dilation  # a number, not a tuple
    past: int = dilation * (params.W.shape[0] - 1)
    if (params.stride, params.padding) != (1, (past, 0)):
        given = f"stride is {params.stride}, padding {params.padding}"
        raise KindError(f"{function}: Conv1d must be causal, of stride 1 and padding ({past}, 0); {given}")
    return past


step.register(Conv2d)(no_step)
pads_with_zeros.register(Conv1d)(lambda _: True)
