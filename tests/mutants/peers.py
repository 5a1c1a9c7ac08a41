"""A pair `(f, vjp)` in NumPy, wrapped as a custom gradient of each library, and given to its checker.

Each is called as `check(f, vjp, args)` and raises if it reports a mistake. Arguments that are whole numbers are closed
over, since no checker can skip arguments without a gradient. Settings are the defaults; the tolerances of the others
are multiplied by `scale`.
"""

from contextlib import suppress
from functools import partial
from unittest.mock import patch

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


def by_funcnn(f, vjp, args, **options):
    """Treat an undecided case as not found."""
    with suppress(Inconclusive):
        check_vjp(f, vjp, args, **options)


def by_torch(f, vjp, args, scale=1, *, fast_mode=False):
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
    inputs = [torch.tensor(a, requires_grad=True) for a in pair.floats]
    torch.autograd.gradcheck(Wrapped.apply, inputs, atol=1e-5 * scale, rtol=1e-3 * scale, fast_mode=fast_mode)


def by_jax(f, vjp, args, scale=1):
    import jax
    from jax.test_util import check_grads

    jax.config.update("jax_enable_x64", True)  # noqa: FBT003  its own signature
    jax.clear_caches()  # of programs that call other functions back
    pair = Closed(f, vjp, args)
    like = lambda a: jax.ShapeDtypeStruct(np.shape(a), np.float64)
    out = like(pair.value(*pair.floats))

    # JAX compiles a program for each function that it calls back, so each is made once.
    value = lambda *xs: pair.value(*map(np.asarray, xs))
    gradients = lambda dA, *xs: tuple(pair.gradients([np.asarray(x) for x in xs], np.asarray(dA)))

    @jax.custom_vjp
    def wrapped(*floats):
        return jax.pure_callback(value, out, *floats)

    def backward(floats, dA):
        return jax.pure_callback(gradients, tuple([like(a) for a in floats]), dA, *floats)

    wrapped.defvjp(lambda *floats: (wrapped(*floats), floats), backward)
    check_grads(wrapped, pair.floats, order=1, modes=["rev"], atol=1e-5 * scale, rtol=1e-5 * scale)


def by_autograd(f, vjp, args, scale=1):
    from autograd import test_util
    from autograd.extend import defvjp, primitive

    pair = Closed(f, vjp, args)
    wrapped = primitive(pair.value)

    def back(i):
        return lambda out, *floats: lambda dA: pair.gradients(floats, dA)[i]

    defvjp(wrapped, *[back(i) for i in range(len(pair.floats))])
    np.random.seed(0)  # noqa: NPY002  autograd draws its directions from it
    with patch.multiple(test_util, TOL=1e-6 * scale, RTOL=1e-6 * scale):  # it has no arguments for them
        test_util.check_grads(wrapped, modes=["rev"], order=1)(*pair.floats)


def by_numdifftools(f, vjp, args, scale=1):
    """Compare with the gradient of <u, f> for one random u; the tolerance is ten times numdifftools' error estimate.

    numdifftools has no verdict, so this rule is ours. The rounding errors of f, u and vjp are added to its estimate,
    which is 0 for many linear functions. An entry whose slope or estimate is not finite is not compared.
    """
    from numdifftools import Gradient

    pair = Closed(f, vjp, args)
    value = pair.value(*pair.floats)
    u = np.random.default_rng(0).standard_normal(value.shape)
    found = pair.gradients(pair.floats, u)
    for i, (x, gradient) in enumerate(zip(pair.floats, found, strict=True)):
        if np.shape(gradient) != x.shape:
            raise AssertionError(f"the gradient has shape {np.shape(gradient)}, its argument {x.shape}")
        if not x.size:
            continue

        def along(v, i=i, x=x):
            return float((u * pair.value(*pair.floats[:i], np.reshape(v, x.shape), *pair.floats[i + 1 :])).sum())

        estimated = Gradient(along, full_output=True)(x.ravel())
        slope, error = np.ravel(estimated.estimate), np.ravel(estimated.error_estimate)
        rounding = 2.0**-52 * (abs(u * value).sum() + abs(slope))
        is_off = ~(abs(np.ravel(gradient) - slope) <= 10 * scale * (error + rounding))
        if (is_off & np.isfinite(slope + error + rounding)).any():
            raise AssertionError(f"gradient {i} is {gradient}, but the slopes are {slope} with errors {error}")


CHECKERS = {
    "funcnn.testing.check_vjp": by_funcnn,
    "torch.autograd.gradcheck": by_torch,
    "torch.autograd.gradcheck, fast_mode": partial(by_torch, fast_mode=True),
    "jax.test_util.check_grads": by_jax,
    "autograd.test_util.check_grads": by_autograd,
    "numdifftools.Gradient": by_numdifftools,
}
