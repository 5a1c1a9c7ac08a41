"""A layer and its module of torch, compared: out, dx and the gradients of all parameters."""

from itertools import permutations

import numpy as np
import torch

from funcnn import backward, forward, parameters, tree_map
from funcnn.arrays import is_float
from funcnn.interop.torch import to_torch
from tests.curved import with_floats


def tensors(tree):
    """The same as tensors, those of floats with gradients."""
    if type(tree) is tuple:
        return tuple(map(tensors, tree))
    if tree is None:
        return None
    ids = tree.dtype.kind in "iu"  # torch takes those of 64 bits
    return torch.tensor(tree.astype(int) if ids else tree, requires_grad=is_float(tree))


def flat(tree):
    return [leaf for part in tree for leaf in flat(part)] if type(tree) is tuple else [tree]


def each(x, dx):
    """A gradient, or None, for each array of x."""
    if type(x) is not tuple:
        return [dx]
    dx = dx if type(dx) is tuple else (dx,) * len(x)
    return [d for part, own in zip(x, dx, strict=True) for d in each(part, own)]


def assert_equal(name, ours, theirs):
    theirs = theirs.detach().numpy()
    assert ours.shape == theirs.shape, name
    largest = abs(theirs).max(initial=0) if is_float(theirs) else 0
    np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-10 * max(1, largest), err_msg=name)


def assert_as_torch(layer, x, rng, module=None):
    """A parameter of torch is found by its value, perhaps turned, so no two numbers of the parameters may be equal."""
    out, cache = forward(layer, x)
    dA = with_floats(lambda a: rng.uniform(0.5, 1, a.shape), out)
    grads = backward(layer, cache, dA)
    module, given = module or to_torch(layer), tensors(x)
    outs = flat(module(given))
    assert len(outs) == len(flat(out))
    for i, (a, other) in enumerate(zip(flat(out), outs, strict=True)):
        assert other is None if a is None else assert_equal(f"out {i}", a, other) is None
    moving = [(other, torch.tensor(d)) for other, d in zip(outs, flat(dA), strict=True) if d is not None]
    moving = [(other, d) for other, d in moving if other.requires_grad]
    if moving:
        torch.autograd.backward(*map(list, zip(*moving, strict=True)))
    for i, (d, a) in enumerate(zip(each(x, grads.x), flat(given), strict=True)):
        if a is not None and a.dtype.is_floating_point:
            theirs = torch.zeros_like(a) if a.grad is None else a.grad
            assert_equal(f"dx {i}", np.zeros(a.shape) if d is None else d, theirs)
        else:
            assert d is None
    theirs = [p for p in module.parameters() if p.requires_grad]
    ours, gradients = parameters(layer), parameters(grads.params)
    assert len(theirs) == len(ours)
    for path, value in ours.items():
        assert_equal(f"d{path}", gradients[path], gradient_of(value, theirs))


def gradient_of(value, theirs):
    for p in theirs:
        for axes in permutations(range(p.ndim)):
            turned = p.permute(axes)
            if turned.shape == value.shape and np.array_equal(turned.detach().numpy(), value):
                return p.grad.permute(axes)
    raise AssertionError("torch has no such parameter")


def generic(tree, rng):
    """Normal numbers for all that is a float: no two are equal."""
    if type(tree) is tuple:
        return tuple([generic(part, rng) for part in tree])
    return None if tree is None else tree_map(lambda a: rng.standard_normal(a.shape) if is_float(a) else a, tree)
