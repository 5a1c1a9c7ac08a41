"""Convolutions of sequences and of images: the same weights at every place."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcnn.annotations import Seed
from funcnn.arrays import Array, check_out_gradient, is_array, namespace, short, sum_of_rows
from funcnn.core import backward, backward_params, forward
from funcnn.errors import KindError, ShapeError
from funcnn.fields import count
from funcnn.gradients import Grads, gradient
from funcnn.initializers import Initializer, glorot_uniform
from funcnn.layers.convolution.correlation import correlate, correlate_adjoint, kernel_gradient
from funcnn.layers.convolution.kernels import check_cache, check_kernel, check_places, first_weights
from funcnn.layers.convolution.sizes import Padding, Sizes, of_each, padding, pair
from funcnn.layers.convolution.windows import ONE_ROW, Axes, axis_of
from funcnn.records import record
from funcnn.stepping import no_step, step
from funcnn.tree import evolve


@record
class Conv2d:
    """out[m, i, j, o] = b[o] + sum_klc x[m, s i + d k - before, s j + d l - before, c] W[k, l, c, o]

    x: (m, h, w, c_in), W: (kh, kw, c_in / groups, c_out), b: (c_out,) or None, out: (m, h_out, w_out, c_out), where
    h_out = floor((h + before + after - d (kh - 1) - 1) / s) + 1, and w_out alike. `stride` s and `dilation` d are whole
    numbers or pairs, one for each of h and w. `padding`, by zeros, is a number for all sides; for each of h and w a
    number or a pair (before, after); "valid": none; or "same": h_out = ceil(h / s). An even kernel with "same" takes
    one zero more at the end than at the beginning.

    Of several `groups`, channels of out see their own part of the channels of x only: the first c_out / groups see the
    first c_in / groups, and so on. With as many groups as x has channels, that is a depthwise convolution.

    The derivative: out is linear in x and in W, so what stands beside each in the sum is its gradient,

        dx[m, s i + d k - before, s j + d l - before, c] = sum_o W[k, l, c, o] dA[m, i, j, o], added up wherever
        several i, j, k, l lead to one place: each window goes back the way it came;
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
        KindError: W, b and x are no arrays of floats of one dtype, or a setting is no whole number.
        RangeError: a stride, a dilation or `groups` is less than 1, a padding is negative, groups do not divide c_out.
    """

    W: Array
    b: Array | None
    stride: Sizes = pair(1)
    padding: Padding = padding(2)
    dilation: Sizes = pair(1)
    groups: int = count(1)

    def __attrs_post_init__(self) -> None:
        """W and b fit together, and the groups divide the channels."""
        check_kernel(self, "(kh, kw, c_in / groups, c_out)")

    @classmethod
    def init(
        cls,
        c_in: int,
        c_out: int,
        kernel: Sizes,
        *,
        seed: Seed,
        stride: Sizes = 1,
        padding: Padding = 0,
        dilation: Sizes = 1,
        groups: int = 1,
        weights: Initializer = glorot_uniform,
        bias: bool = True,
        dtype: Any = np.float64,
    ) -> Conv2d:
        """W of a kernel kh x kw drawn by an initializer, b = 0, or None without a bias.

        >>> Conv2d.init(3, 16, 5, seed=1, padding="same").W.shape
        (5, 5, 3, 16)

        Raises:
            RangeError: a size is less than 1, or `groups` do not divide c_in or c_out.
        """
        W, b = first_weights("Conv2d.init", 2, kernel, (c_in, c_out, groups), (weights, seed, dtype), bias=bias)
        return cls(W, b, stride, padding, dilation, groups)


def axes_of_image(params: Conv2d, x: Array) -> Axes:
    """The windows over x, along h and w."""
    rows, columns = [axis_of(*settings) for settings in of_each(params, x)]
    return rows, columns


@forward.register(Conv2d)
def conv2d_forward(params: Conv2d, x: Array) -> tuple[Array, Array]:
    """out = b + the sum over the taps of each window"""
    check_places(x, "hw", params.W, params.W.shape[2] * params.groups)
    out = correlate(x, params.W, axes_of_image(params, x), params.groups)
    if params.b is not None:
        out += params.b
    return out, x


@backward.register(Conv2d)
def conv2d_backward(params: Conv2d, x: Array, dA: Array) -> Grads[Conv2d]:
    """dx: each window goes back the way it came; dW and db as in `conv2d_backward_params`"""
    grads = conv2d_backward_params(params, x, dA)
    return Grads(grads, correlate_adjoint(dA, params.W, axes_of_image(params, x), params.groups))


@backward_params.register(Conv2d)
def conv2d_backward_params(params: Conv2d, x: Array, dA: Array) -> Conv2d:
    """dW: what a tap saw times what came of it; db: the sum over all places"""
    W = params.W
    check_cache(x, 4, W.shape[2] * params.groups, W)
    axes = axes_of_image(params, x)
    check_out_gradient(dA, (x.shape[0], axes[0].out, axes[1].out, W.shape[3]), W.dtype)
    db = None if params.b is None else sum_of_rows(dA)
    return gradient(params, W=kernel_gradient(x, dA, axes, params.groups), b=db)


@record
class Conv1d:
    """out[m, t, o] = b[o] + sum_kc x[m, s t + d k - before, c] W[k, c, o]

    x: (m, t, c_in), W: (k, c_in / groups, c_out), b: (c_out,) or None, out: (m, t_out, c_out), where
    t_out = floor((t + before + after - d (k - 1) - 1) / s) + 1. The settings, the derivative and the cache are those of
    `Conv2d` with one axis less: `padding` is a number, a pair (before, after), "valid" or "same".

    With the padding (d (k - 1), 0) out sees nothing of what comes later: the convolution is causal, and `step` goes on
    from one symbol to the next, remembering the last d (k - 1).

    Waibel et al. 1989, Phoneme Recognition Using Time-Delay Neural Networks, section 2; causal: van den Oord et al.
    2016, WaveNet, section 2.1.

    >>> import numpy as np
    >>> from funcnn import Conv1d, forward
    >>> change = Conv1d(np.array([[[-1.0]], [[1.0]]]), None, padding=(1, 0))
    >>> forward(change, np.array([[[2.0], [2.0], [5.0]]]))[0].ravel()
    array([2., 0., 3.])

    Raises:
        ShapeError: W and b do not fit together, or x does not fit W; the kernel is larger than the padded x.
        KindError: as `Conv2d`; `step`, unless the convolution is causal and its stride 1.
        RangeError: a stride, a dilation or `groups` is less than 1, a padding is negative, groups do not divide c_out.
    """

    W: Array
    b: Array | None
    stride: int = count(1)
    padding: Padding = padding(1)
    dilation: int = count(1)
    groups: int = count(1)

    def __attrs_post_init__(self) -> None:
        """W and b fit together, and the groups divide the channels."""
        check_kernel(self, "(k, c_in / groups, c_out)")

    @classmethod
    def init(
        cls,
        c_in: int,
        c_out: int,
        kernel: int,
        *,
        seed: Seed,
        stride: int = 1,
        padding: Padding = 0,
        dilation: int = 1,
        groups: int = 1,
        weights: Initializer = glorot_uniform,
        bias: bool = True,
        dtype: Any = np.float64,
    ) -> Conv1d:
        """W of a kernel of so many taps drawn by an initializer, b = 0, or None without a bias.

        >>> Conv1d.init(2, 8, 3, seed=1, padding="same").W.shape
        (3, 2, 8)

        Raises:
            RangeError: a size is less than 1, or `groups` do not divide c_in or c_out.
        """
        W, b = first_weights("Conv1d.init", 1, kernel, (c_in, c_out, groups), (weights, seed, dtype), bias=bias)
        return cls(W, b, stride, padding, dilation, groups)


def axes_of_sequence(params: Conv1d, x: Array) -> Axes:
    """The windows over x as an image of one row."""
    return ONE_ROW, axis_of("t", x.shape[1], params.W.shape[0], params.stride, params.padding, params.dilation)


@forward.register(Conv1d)
def conv1d_forward(params: Conv1d, x: Array) -> tuple[Array, Array]:
    """out of an image of one row"""
    check_places(x, "t", params.W, params.W.shape[1] * params.groups)
    out = correlate(x[:, None], params.W[None], axes_of_sequence(params, x), params.groups)[:, 0]
    if params.b is not None:
        out += params.b
    return out, x


@backward.register(Conv1d)
def conv1d_backward(params: Conv1d, x: Array, dA: Array) -> Grads[Conv1d]:
    """dx: each window goes back the way it came; dW and db as in `conv1d_backward_params`"""
    grads = conv1d_backward_params(params, x, dA)
    dx = correlate_adjoint(dA[:, None], params.W[None], axes_of_sequence(params, x), params.groups)
    return Grads(grads, dx[:, 0])


@backward_params.register(Conv1d)
def conv1d_backward_params(params: Conv1d, x: Array, dA: Array) -> Conv1d:
    """dW: what a tap saw times what came of it; db: the sum over all places"""
    W = params.W
    check_cache(x, 3, W.shape[1] * params.groups, W)
    axes = axes_of_sequence(params, x)
    check_out_gradient(dA, (x.shape[0], axes[1].out, W.shape[2]), W.dtype)
    db = None if params.b is None else sum_of_rows(dA)
    return gradient(params, W=kernel_gradient(x[:, None], dA[:, None], axes, params.groups)[0], b=db)


@step.register(Conv1d)
def conv1d_step(params: Conv1d, x: Array, memory: Any = None) -> tuple[Array, Array]:
    """out of x behind what the windows still see of the past, which is zeros at first"""
    past = params.dilation * (params.W.shape[0] - 1)
    if (params.stride, params.padding) != (1, (past, 0)):
        given = f"stride is {params.stride}, padding {params.padding}"
        raise KindError(f"step: Conv1d goes on step by step with stride 1 and padding ({past}, 0) alone; {given}")
    check_places(x, "t", params.W, params.W.shape[1] * params.groups)
    before = namespace(x).zeros((x.shape[0], past, x.shape[2]), dtype=x.dtype) if memory is None else memory
    if not is_array(before) or (before.shape, before.dtype) != ((x.shape[0], past, x.shape[2]), x.dtype):
        given = f"memory: {short(memory)}, x: {short(x)}, layer: {short(params)}"
        raise ShapeError(f"step: the memory is of another network, or of other sequences; {given}")
    seen = namespace(x).concatenate([before, x], axis=1)
    return conv1d_forward(evolve(params, padding=0), seen)[0], seen[:, seen.shape[1] - past :]


step.register(Conv2d)(no_step)
