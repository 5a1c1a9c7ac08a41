"""A pair `(f, vjp)` in NumPy, wrapped as a custom gradient of each library, and given to its checker.

Each is called as `check(f, vjp, args)` and raises if it reports a mistake. Arguments that are whole numbers are closed
over, since no checker can skip arguments without a gradient. Settings are the defaults.
"""

from contextlib import suppress

import numpy as np

from funcnn.testing import Inconclusive, check_vjp


class Closed:
    """A pair as functions of its float arguments alone."""

    def __init__(self, f, vjp, args):
        self.f, self.vjp, self.args = f, vjp, args
        self.where = [i for i, a in enumerate(args) if a.dtype.kind == "f"]
        self.floats = [np.array(args[i]) for i in self.where]

    def all_of(self, floats):
        args = list(self.args)
        for i, a in zip(self.where, floats, strict=True):
            args[i] = a
        return tuple(args)

    def value(self, *floats):
        return np.asarray(self.f(*self.all_of(floats)), order="C")

    def gradients(self, floats, dA):
        """The gradients of the float arguments, and any surplus gradients."""
        found = list(self.vjp(self.all_of(floats), dA))
        return [found[i] for i in self.where if i < len(found)] + found[len(self.args) :]


def by_funcnn(f, vjp, args):
    """Treat an undecided case as not found."""
    with suppress(Inconclusive):
        check_vjp(f, vjp, args)


def by_torch(f, vjp, args, **options):
    import torch

    pair = Closed(f, vjp, args)
    tensor = lambda d: None if d is None else torch.as_tensor(np.asarray(d, order="C"))

    class Wrapped(torch.autograd.Function):
        @staticmethod
        def forward(ctx, *inputs):
            ctx.save_for_backward(*inputs)
            return tensor(pair.value(*[a.detach().numpy() for a in inputs]))

        @staticmethod
        def backward(ctx, dA):
            return tuple(
                [tensor(d) for d in pair.gradients([a.detach().numpy() for a in ctx.saved_tensors], dA.numpy())]
            )

    torch.manual_seed(0)
    torch.autograd.gradcheck(Wrapped.apply, [torch.tensor(a, requires_grad=True) for a in pair.floats], **options)


def by_torch_fast(f, vjp, args):
    by_torch(f, vjp, args, fast_mode=True)


def by_jax(f, vjp, args):
    import jax
    from jax.test_util import check_grads

    jax.config.update("jax_enable_x64", True)  # noqa: FBT003  its own signature
    pair = Closed(f, vjp, args)
    like = lambda a: jax.ShapeDtypeStruct(np.shape(a), np.float64)
    out = like(pair.value(*pair.floats))

    @jax.custom_vjp
    def wrapped(*floats):
        return jax.pure_callback(lambda *xs: pair.value(*map(np.asarray, xs)), out, *floats)

    def backward(floats, dA):
        back = lambda dA, *xs: tuple(pair.gradients([np.asarray(x) for x in xs], np.asarray(dA)))
        return jax.pure_callback(back, tuple([like(a) for a in floats]), dA, *floats)

    wrapped.defvjp(lambda *floats: (wrapped(*floats), floats), backward)
    check_grads(wrapped, pair.floats, order=1, modes=["rev"])


def by_autograd(f, vjp, args):
    from autograd.extend import defvjp, primitive
    from autograd.test_util import check_grads

    pair = Closed(f, vjp, args)
    wrapped = primitive(pair.value)

    def back(i):
        return lambda out, *floats: lambda dA: pair.gradients(floats, dA)[i]

    defvjp(wrapped, *[back(i) for i in range(len(pair.floats))])
    np.random.seed(0)  # noqa: NPY002  autograd draws its directions from it
    check_grads(wrapped, modes=["rev"], order=1)(*pair.floats)


CHECKERS = {
    "funcnn.testing.check_vjp": by_funcnn,
    "torch.autograd.gradcheck": by_torch,
    "torch.autograd.gradcheck, fast_mode": by_torch_fast,
    "jax.test_util.check_grads": by_jax,
    "autograd.test_util.check_grads": by_autograd,
}
