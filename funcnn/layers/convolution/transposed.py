"""The transposed convolution."""

from __future__ import annotations

from typing import ClassVar

from funcnn.arrays import Array
from funcnn.core import backward, backward_params, forward
from funcnn.elementary import sum_over_rows
from funcnn.errors import ShapeError
from funcnn.generation import no_step, step
from funcnn.gradients import Grads, gradient
from funcnn.layers.checks import check_out_gradient
from funcnn.layers.convolution.base import Convolution
from funcnn.layers.convolution.correlation import correlate, correlate_adjoint, kernel_gradient
from funcnn.layers.convolution.sizes import of_each
from funcnn.layers.convolution.windows import Axes, axis_of
from funcnn.records import record
from funcnn.shapes import shapes


@shapes(x="m h w c", out="m h_out w_out groups*o", fields={"W": "kh kw c o", "b": "groups*o"})
@record
class ConvTranspose2d(Convolution):
    """out[m, p, q, o] = b[o] + sum_ijklc x[m, i, j, c] W[k, l, c, o], p = s i + d k - before, q = s j + d l - before

    The sum is over all i, j, k, l that give this p and q: where copies of the kernel overlap, they add up.

    h_out = s (h - 1) + d (kh - 1) + 1 - before - after: each position of x adds a copy of the kernel, s positions from
    the next, and the padding is cut off. With "same" h_out = s h. The settings are as in `Conv2d`.

    out is the dx of a convolution whose dA is x, and is linear in x, so dx is that convolution of dA,

        dx[m, i, j, c] = sum_klo dA[m, s i + d k - before, s j + d l - before, o] W[k, l, c, o]
        dW[k, l, c, o] = sum_mij x[m, i, j, c] dA[m, s i + d k - before, s j + d l - before, o]
        db[o] = sum_mij dA[m, i, j, o]

    and the cache is x. If the stride does not divide the kernel size, positions of out receive unequal numbers of taps:
    a checkerboard pattern (Odena, Dumoulin & Olah 2016, Deconvolution and Checkerboard Artifacts).

    Zeiler, Krishnan, Taylor & Fergus 2010, Deconvolutional Networks, eq. 1; Dumoulin & Visin 2016, A Guide to
    Convolution Arithmetic for Deep Learning, section 4.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> stamp = layers.ConvTranspose2d(np.array([[1.0, 2.0, 1.0]])[:, :, None, None], None, stride=(1, 2))
    >>> forward(stamp, np.array([[1.0, 3.0]])[None, :, :, None])[0].ravel()
    array([1., 2., 4., 6., 3.])

    Raises:
        ShapeError: W and b do not fit together, or x does not fit W; the padding cuts off all of out.
        KindError: W, b and x are not arrays of floats of one dtype, or a setting is not a whole number.
        RangeError: a stride, a dilation or `groups` is less than 1; a padding is negative; groups do not divide c_in.
    """

    axes: ClassVar[int] = 2

    @staticmethod
    def kernel_channels(c_in: int, c_out: int, groups: int) -> tuple[int, int]:
        return c_in, c_out // groups

    def channels(self) -> tuple[int, int]:
        return self.W.shape[2], self.W.shape[3] * self.groups

    def windows(self, x: Array) -> Axes:
        """The windows over out: the windows of the convolution from out to x."""
        axes = []
        for name, positions, size, stride, side, dilation in of_each(self, x):
            full = stride * (positions - 1) + dilation * (size - 1) + 1
            out = stride * positions if side == "same" else full - sum(side)
            if positions < 1:
                raise ShapeError(f"ConvTranspose2d: x must have at least 1 position along {name}, not 0")
            if out < 1:
                rule = f"padding must leave at least 1 position of out along {name}"
                raise ShapeError(f"ConvTranspose2d: {rule}; it cuts {side[0]} + {side[1]} off {full}")
            axes.append(axis_of("ConvTranspose2d", name, out, size, stride, side, dilation))
        rows, columns = axes
        return rows, columns


@forward.register(ConvTranspose2d)
def conv_transpose2d_forward(params: ConvTranspose2d, x: Array) -> tuple[Array, Array]:
    """out = b + x times the kernel, summed onto out for each position of x"""
    out = correlate_adjoint(x, params.W.swapaxes(2, 3), params.windows(x), params.groups)
    if params.b is not None:
        out += params.b
    return out, x


@backward.register(ConvTranspose2d)
def conv_transpose2d_backward(params: ConvTranspose2d, x: Array, dA: Array) -> Grads[ConvTranspose2d]:
    """dx: the convolution of dA; dW and db as in `conv_transpose2d_backward_params`"""
    grads = conv_transpose2d_backward_params(params, x, dA)
    return Grads(grads, correlate(dA, params.W.swapaxes(2, 3), params.windows(x), params.groups))


@backward_params.register(ConvTranspose2d)
def conv_transpose2d_backward_params(params: ConvTranspose2d, x: Array, dA: Array) -> ConvTranspose2d:
    """dW: x times the dA under each weight, summed over the positions of x; db: the sum of dA over all positions"""
    W = params.W
    rows, columns = params.windows(x)
    check_out_gradient(params, dA, (x.shape[0], rows.positions, columns.positions, W.shape[3] * params.groups), W.dtype)
    dW = kernel_gradient(dA, x, (rows, columns), params.groups).swapaxes(2, 3)
    return gradient(params, W=dW, b=None if params.b is None else sum_over_rows(dA))


step.register(ConvTranspose2d)(no_step)
