"""Forward and backward of a 3 x 3 convolution in float32: funcnn next to torch, in both of its layouts, and JAX."""

from typing import Any

import numpy as np

from funcnn import Conv2d
from tests.benchmarks.both_ways import with_jax, with_rules
from tests.benchmarks.contenders import installed
from tests.benchmarks.switched import ours
from tests.benchmarks.timing import Contender, equally, steady

CONVOLUTIONS = {  # 64 images: positions, channels in, channels out, groups
    "conv": (28, 16, 32, 1),
    "conv-small": (8, 16, 32, 1),
    "conv-depthwise": (28, 32, 32, 32),
}


def times_of_conv(name: str, repeats: int) -> dict[str, list[float]]:
    """Seconds of a forward and a backward in each repeat, by contender; to be called in a fresh process."""
    np.empty(31 << 20, np.uint8)  # see steps.py
    positions, c_in, c_out, groups = CONVOLUTIONS[name]
    random = np.random.default_rng(0)
    x = random.standard_normal((64, positions, positions, c_in)).astype(np.float32)
    dA = random.standard_normal((64, positions, positions, c_out)).astype(np.float32)
    layer = Conv2d.init(c_in, c_out, 3, seed=0, padding="same", groups=groups, dtype=np.float32)
    made = ours(with_rules(layer, x, dA))
    if installed("torch"):
        made["torch (channels last)"] = with_torch(layer, x, dA, last=True)
        made["torch (channels first)"] = with_torch(layer, x, dA, last=False)
    if installed("jax"):
        made["JAX"] = with_jax(in_jax(groups), [x, np.array(layer.W), np.array(layer.b)], dA)
    return equally(made, 1e-4, repeats)


def with_torch(layer: Conv2d, x: np.ndarray, dA: np.ndarray, *, last: bool) -> Contender:
    """Autograd, with channels last in memory, or first, as by default; nothing is moved while the clock runs."""
    import torch

    form = torch.channels_last if last else torch.contiguous_format
    tx, cotangent = [torch.tensor(a).permute(0, 3, 1, 2).contiguous(memory_format=form) for a in (x, dA)]
    W = torch.tensor(layer.W.transpose(3, 2, 0, 1)).contiguous(memory_format=form)
    given = [tx, W, torch.tensor(np.array(layer.b))]
    for tensor in given:
        tensor.requires_grad_()

    def run():
        out = torch.nn.functional.conv2d(*given, padding=1, groups=layer.groups)
        return out, torch.autograd.grad(out, given, cotangent)

    def arrays(made):
        out, (dx, dW, db) = made
        moved = out.detach().permute(0, 2, 3, 1), dx.permute(0, 2, 3, 1), dW.permute(2, 3, 1, 0), db
        return [tensor.numpy() for tensor in moved]

    return steady(run, arrays)


def in_jax(groups: int) -> Any:
    """`lax.conv_general_dilated` with channels last."""
    import jax

    form = {"dimension_numbers": ("NHWC", "HWIO", "NHWC"), "feature_group_count": groups}
    return lambda x, W, b: jax.lax.conv_general_dilated(x, W, (1, 1), "SAME", **form) + b
