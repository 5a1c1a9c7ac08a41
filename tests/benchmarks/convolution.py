"""Forward and backward of a 3 x 3 convolution in float32: funcnn next to torch, in both of its layouts, and JAX.

All are first shown to find the same numbers, and then timed: `python -m tests.benchmarks.convolution [repeats]`.
"""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np

from funcnn import Conv2d, backward, forward
from tests.benchmarks.timing import equally, steady

CONVOLUTIONS = {"conv": (28, 16, 32), "conv-small": (8, 16, 32)}  # 64 images: places, channels in, channels out
OURS, LAST, FIRST, JAX = "funcnn", "torch, last", "torch, first", "jax, jit"
Made = tuple[Callable[[], Any], Callable[[Any], list[np.ndarray]]]


def times_of_conv(name: str, repeats: int) -> dict[str, list[float]]:
    """Seconds of a forward and a backward in each repeat, by contender; to be called in a fresh process."""
    np.empty(31 << 20, np.uint8)  # see steps.py
    places, c_in, c_out = CONVOLUTIONS[name]
    random = np.random.default_rng(0)
    x = random.standard_normal((64, places, places, c_in)).astype(np.float32)
    dA = random.standard_normal((64, places, places, c_out)).astype(np.float32)
    layer = Conv2d.init(c_in, c_out, 3, seed=0, padding="same", dtype=np.float32)
    made = {OURS: with_funcnn(layer, x, dA)}
    if find_spec("torch"):
        made |= {LAST: with_torch(layer, x, dA, last=True), FIRST: with_torch(layer, x, dA, last=False)}
    if find_spec("jax"):
        made[JAX] = with_jax(layer, x, dA)
    return equally({who: steady(*pair) for who, pair in made.items()}, 1e-4, repeats)


def with_funcnn(layer: Conv2d, x: np.ndarray, dA: np.ndarray) -> Made:
    """The two verbs."""

    def run():
        out, cache = forward(layer, x)
        return out, backward(layer, cache, dA)

    return run, lambda made: [made[0], made[1].x, made[1].params.W, made[1].params.b]


def with_torch(layer: Conv2d, x: np.ndarray, dA: np.ndarray, *, last: bool) -> Made:
    """Autograd, with channels last in memory, or first, as by default; nothing is moved while the clock runs."""
    import torch

    form = torch.channels_last if last else torch.contiguous_format
    tx, cotangent = [torch.tensor(a).permute(0, 3, 1, 2).contiguous(memory_format=form) for a in (x, dA)]
    W = torch.tensor(layer.W.transpose(3, 2, 0, 1)).contiguous(memory_format=form)
    given = [tx, W, torch.tensor(np.array(layer.b))]
    for tensor in given:
        tensor.requires_grad_()

    def run():
        out = torch.nn.functional.conv2d(*given, padding=1)
        return out, torch.autograd.grad(out, given, cotangent)

    def arrays(made):
        out, (dx, dW, db) = made
        moved = out.detach().permute(0, 2, 3, 1), dx.permute(0, 2, 3, 1), dW.permute(2, 3, 1, 0), db
        return [tensor.numpy() for tensor in moved]

    return run, arrays


def with_jax(layer: Conv2d, x: np.ndarray, dA: np.ndarray) -> Made:
    """`lax.conv_general_dilated` and its vjp in one jitted function."""
    import jax

    def convolved(x, W, b):
        return jax.lax.conv_general_dilated(x, W, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")) + b

    @jax.jit
    def both(x, W, b, dA):
        out, vjp = jax.vjp(convolved, x, W, b)
        return out, vjp(dA)

    given = [jax.numpy.asarray(a) for a in (x, layer.W, layer.b, dA)]
    return lambda: jax.block_until_ready(both(*given)), lambda made: [np.asarray(a) for a in (made[0], *made[1])]
