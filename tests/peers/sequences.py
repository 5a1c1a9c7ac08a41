"""Modules of sequences and their networks, compared: out, dx and the gradients of all parameters."""

import copy
from contextlib import nullcontext

import numpy as np
import torch
from torch import nn

from funcnn import backward, forward, inference, parameters
from funcnn.interop.torch import from_torch
from tests.peers.twins import assert_equal

FORMS = {  # of an argument of a module: how the network takes it
    "rows": lambda a: a,
    "steps": lambda a: a.swapaxes(0, 1),
    "one sequence": lambda a: a[None],
    "one step": lambda a: a[:, None],
    "one step of one sequence": lambda a: a[None, None],
}


def drawn(*shape):
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(len(shape)))


SEQUENCE, MEMORY = {"rows": drawn(3, 5, 4)}, {"rows": drawn(3, 7, 4)}
SEQUENCE["steps"], MEMORY["steps"] = SEQUENCE["rows"].swapaxes(0, 1), MEMORY["rows"].swapaxes(0, 1)


def of_gradients(module):
    """The module whose parameters are its gradients: converted, it is the gradient of the network."""
    made = copy.deepcopy(module).eval()
    with torch.no_grad():
        for (name, own), other in zip(made.named_parameters(), module.parameters(), strict=True):
            own.copy_(torch.zeros_like(own) if other.grad is None else other.grad)
            if "bias_hh" in name:  # the network has one bias, which is the sum of torch's two
                own[: len(own) * 2 // 3 if "n" in kinds_of(made) else len(own)] = 0
    return made


def kinds_of(module):
    """ "n" if there is a GRU, whose candidate n has two biases."""
    return ["n" for part in module.modules() if isinstance(part, nn.GRU | nn.GRUCell)]


def assert_as_torch(net, module, args, form, masks, where, named, patched=nullcontext):
    """out, dx and all gradients; what is not compared of out gets no gradient. `patched`: around the module's call"""
    moved = FORMS[form]
    own = {}  # one tensor for each argument, also if it is given twice
    leaves = [own.setdefault(id(a), a.clone().requires_grad_(a.is_floating_point())) for a in args]
    tensors = [a for a, given in zip(leaves, args, strict=True) if given.is_floating_point() and given.ndim < 4]
    is_alone = isinstance(module, nn.MultiheadAttention) and len(leaves) == 1
    with patched():
        theirs = module(*leaves * (3 if is_alone else 1), **named)
    theirs = moved(theirs[0] if isinstance(theirs, tuple) else theirs)
    chosen = np.zeros(theirs.shape)
    chosen[where] = drawn(*theirs.shape).numpy()[where]
    theirs.backward(torch.tensor(chosen))

    given = inputs_of(module, args)
    x = tuple([moved(a).numpy() for a in given]) + masks
    out, cache = forward(net, x if len(x) > 1 else x[0])
    is_tuple = type(out) is tuple
    assert_equal("out", (out[0] if is_tuple else out)[where], theirs.detach()[where])
    grads = backward(net, cache, (chosen, *[None] * (len(out) - 1)) if is_tuple else chosen)
    assert tensors
    dx = grads.x if type(grads.x) is tuple else (grads.x,)
    if len({id(a) for a in given}) == len(given):
        for d, a in zip(dx, inputs_of(module, leaves), strict=False):
            assert_equal("dx", d, moved(a.grad))
    else:
        assert_equal("dx", sum(dx), moved(leaves[0].grad))
    converted = from_torch(of_gradients(module), args, kwargs=named)
    expected = parameters(converted if net_is_training(net) else inference(converted))
    found = parameters(grads.params)
    assert found.keys() == expected.keys()
    for path, d in expected.items():
        assert_equal(path, found[path], torch.tensor(d))


def inputs_of(module, args):
    """The arguments that the network takes: not the value, which is the key, nor masks."""
    if isinstance(module, nn.MultiheadAttention):
        return args[:1] if len(args) == 1 or args[1] is args[0] else args[:2]
    return [a for a in args if a.is_floating_point() and a.shape[-2:] != (5, 5)]


def net_is_training(net):
    return inference(net) is not net
