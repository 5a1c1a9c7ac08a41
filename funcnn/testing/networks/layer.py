"""Check of a layer, or of a whole network, against its backward."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Unpack

import attrs
import numpy as np

from funcnn.arrays import Array, is_array, kind
from funcnn.checked import checked
from funcnn.core import backward, forward, inference, reseed, sgd
from funcnn.errors import KindError
from funcnn.generation import positionwise, step
from funcnn.inspection.checks import Network
from funcnn.needs import Arrays
from funcnn.testing.arguments import limited, with_oracle
from funcnn.testing.claim import Claim, Rules, as_arrays, holds_halves
from funcnn.testing.differentiation.vector_function import computed
from funcnn.testing.networks.protocol import bits, cast, check_class, check_gradients, check_no_float64
from funcnn.testing.networks.resumed import ResumedChain
from funcnn.testing.networks.template import Template, template
from funcnn.testing.numbers import as_source
from funcnn.testing.options import CheckOptions, Options, takes_options
from funcnn.testing.recording import verdict
from funcnn.testing.verdict import BrokenPromise, Report
from funcnn.trees.walks import arrays_in, map_arrays, parameters, walk


@takes_options
@checked
def check_layer(params: Network[Any], x: Arrays, **options: Unpack[CheckOptions]) -> Report:
    """Test a layer at x: dx and the gradient of every parameter, against finite differences of its forward.

    A network is a layer. It must have the properties that `check_vjp` tests, and these: another forward before backward
    has no effect, backward without dx gives the same bits, results are read-only, a step of rate 0 changes no
    parameter, `inference` and `reseed` change no parameter, and a float32 layer stays float32.

    >>> import numpy as np
    >>> from funcnn import mlp
    >>> from funcnn.testing import check_layer
    >>> print(check_layer(mlp([2, 3, 1], seed=0), np.ones((4, 2))))
    pass: ...

    The options are those of `check_vjp`, except `aliasing` and `nondeterministic`. `domain` and `structure` name arrays
    as messages do: "x", "params.W", or "params.0.W" in a network. A function for `domain` gets `(params, x)`.

    With `exact=True` only the numbers are checked, in exact arithmetic, as by `check_vjp`, at x and, where
    out is finite, at numbers up to +-64 and +-800 in place of x. The layer must compute with `namespace(x)`.

    Args:
        params: the layer, or a tuple of layers.
        x: its input.
        **options: as in `check_vjp`. An oracle takes a number of each parameter, then of each array of x, and gives an
            entry of out. Without `float32`, a float32 layer may become float64. Without `purity`, other forwards are
            not called before backward.

    Raises:
        GradientError: as `check_vjp`, or the layer breaks the protocol.
        KindError: x holds whole numbers where floats are needed.
        Inconclusive, RangeError, MissingError: as `check_vjp`.
    """
    return verdict(*LayerFunction(params, x).claimed("check_layer", options))


@attrs.frozen(eq=False)
class LayerFunction:
    """A layer at x as a function of the arrays of its parameters and of x."""

    params: Any
    x: Any
    options: Options = attrs.field(factory=Options)
    kept: dict[Any, Any] | None = None  # out and cache at the last arrays, for several cotangents
    params_of: Template = computed(lambda self: template(self.params, states=False))
    x_of: Template = computed(lambda self: template(self.x))
    _resumed: list[ResumedChain] = attrs.field(init=False, factory=list)  # of a chain, from its first value on

    def claimed(self, function: str, given: Any) -> tuple[Claim, Options]:
        """The claim that backward is the vjp of forward, in float64, and that the layer obeys its protocol.

        The options are those that were `given` to the check `function`.
        """
        self._check_floats(function)
        name = "network" if type(self.params) is tuple else type(self.params).__name__
        source = f"    params = {as_source(self.params)}\n    x = {as_source(self.x)}"
        wide = LayerFunction(*cast((self.params, self.x), np.float64))
        own = parameters(wide.params)
        names = (*[f"params.{path}".rstrip(".") for path in own], *[path for path, _ in walk(wide.x, "x")])
        args = as_arrays(function, names, (*own.values(), *arrays_in(wide.x)))
        rules = Rules(wide.outputs, wide.pulled_back, len(own))
        claim = Claim(function, "layer", name, wide.value, wide.gradients, args, names, source, rules=rules)
        claim = attrs.evolve(claim, has_halves=holds_halves(arrays_in((self.params, self.x))))
        claim, options = limited(claim, given, ("params", "x"), wide.at)
        options = with_oracle(function, options, lambda arrays: (tuple(arrays), {}), np.ravel)
        wide = attrs.evolve(wide, options=options)
        quick = attrs.evolve(wide, kept={}).gradients if options.fast else None
        claim = attrs.evolve(claim, vjp=wide.gradients, promises=wide.check_promises, cotangent=wide.shaped)
        claim = attrs.evolve(claim, quick_vjp=quick, quick_calls=2)
        return claim, options

    def _check_floats(self, function: str) -> None:
        """Refuse an x of whole numbers for a layer that gives a gradient of x: only a layer of ids gives None."""
        if is_array(self.x) and self.x.dtype.kind in "iu":
            dx = None
            with suppress(Exception):  # the check itself shows this error
                out, cache = forward(self.params, self.x)
                dx = backward(self.params, cache, map_arrays(np.ones_like, out)).x
            if dx is not None:
                raise KindError(f"{function}: x must be an array of floats, not {kind(self.x)}; write x.astype(float)")

    def at(self, args: Sequence[Array]) -> tuple[Any, Any]:
        """The layer and x that consist of these arrays, states in the same dtype."""
        rest, params = iter(args), self.params_of
        dtype = next((a.dtype for a in args if a.dtype.kind == "f"), np.dtype(np.float64))
        if dtype != np.float64:
            params = template(cast(self.params, dtype), states=False)
        return params(rest), self.x_of(rest)

    def value(self, *args: Array) -> Array:
        """Every output, one after the other."""
        return np.concatenate([a.ravel() for a in arrays_in(self._out(args))])

    def _out(self, args: Sequence[Array]) -> Any:
        """The output of the layer; of a chain, from the first layer that moved."""
        if self._resumed and (first := self._resumed[0].first_moved(args)):
            return self._resumed[0].out(args, first)
        out = forward(*self.at(args))[0]
        if type(self.params) is tuple and not self._resumed:
            self._resumed.append(ResumedChain(self.params, self.x_of, args))
        return out

    def outputs(self, args: Sequence[Any]) -> list[Any]:
        """Every output, for arrays of any library."""
        return arrays_in(forward(*self.at(args))[0])

    def pulled_back(self, args: Sequence[Any], cotangents: Sequence[Any]) -> list[Any]:
        """A gradient for each array, for arrays of any library."""
        params, x = self.at(args)
        out, cache = forward(params, x)
        rest = iter(cotangents)
        grads = backward(params, cache, map_arrays(lambda _: next(rest), out))
        check_class(params, grads)
        return [*parameters(grads.params).values(), *_gradients_of(x, grads.x)]

    def shaped(self, dA: Array) -> Any:
        """A cotangent, one entry after the other, with the structure of out."""
        return _unflat(dA, forward(self.params, self.x)[0])

    def gradients(self, args: Sequence[Array], dA: Array) -> list[Any]:
        """A gradient for each array; raises a BrokenPromise if a rule for gradients is broken."""
        if self.kept is None:
            params, x, out, cache = self._forward(args)
        else:
            key = tuple([a.tobytes() for a in args])
            if key not in self.kept:
                self.kept.clear()
                self.kept[key] = self._forward(args)
            params, x, out, cache = self.kept[key]
        dA = _unflat(dA, out)
        grads = backward(params, cache, dA)
        check_gradients(params, cache, dA, grads)
        return [*parameters(grads.params).values(), *_gradients_of(x, grads.x)]

    def _forward(self, args: Sequence[Array]) -> tuple[Any, Any, Any, Any]:
        """The parameters, x, out and cache; another forward came after."""
        params, x = self.at(args)
        out, cache = forward(params, x)
        one_more = lambda a: a + a.dtype.type(1) if a.dtype.kind == "f" else a
        if self.options.purity and self._has(other := map_arrays(one_more, x)):
            with suppress(Exception):  # x + 1 may lie outside the domain of the layer
                forward(params, other)  # so a layer that keeps its last input gives a wrong gradient
        return params, x, out, cache

    def _has(self, x: Any) -> bool:
        """Whether x lies in the domain, with the parameters."""
        limits = self.options.limits  # most layers have none, and this runs in every backward
        is_bounded = limits.holds or limits.constraints
        return not is_bounded or limits.has((*parameters(self.params).values(), *arrays_in(x)))

    def check_promises(self) -> None:
        """Checks that do not depend on a cotangent."""
        params, x = self.params, self.x
        out, cache = forward(params, x)
        grads = backward(params, cache, map_arrays(np.ones_like, out))
        check_class(params, grads)
        still = sgd(params, grads, 0.0)
        for what, other in (("sgd of rate 0", still), ("reseed", reseed(params, 1))):
            if type(other) is not type(params) or bits(parameters(other)) != bits(parameters(params)):
                raise BrokenPromise(f"{what} must leave the parameters as they are")
        quiet = inference(params)
        if self.options.purity and bits([forward(quiet, x)[0]]) != bits([forward(quiet, x)[0]]):
            raise BrokenPromise("forward of inference(params) gives another result when it is called again")
        self._check_positionwise(out)
        narrow = LayerFunction(cast(params, np.float32), cast(x, np.float32), self.options)
        if self.options.float32 and narrow._has(narrow.x):
            narrow.check_float32()

    def _check_positionwise(self, out: Any) -> None:
        """Check that a layer with the rule `positionwise` maps the first and the last position alone."""
        x = self.x
        is_declared = step.dispatch(type(self.params)) is positionwise and is_array(x) and is_array(out)
        if is_declared and x.ndim > 2 and x.shape[1] > 1 and out.shape[:2] == x.shape[:2]:
            for place, part in (("first", slice(1)), ("last", slice(-1, None))):
                same = np.repeat(x[:, part], x.shape[1], axis=1)  # of x's shape, so that sums have the same order
                if self._has(same) and not np.allclose(
                    forward(self.params, same)[0][:, part], out[:, part], 1e-6, 0, equal_nan=True
                ):
                    raise BrokenPromise(f"step is positionwise, but out at the {place} position depends on others")

    def check_float32(self) -> None:
        """Check that a float32 layer gives float32, and stays float32 after a step."""
        out, cache = forward(self.params, self.x)
        check_no_float64("out", out)
        grads = backward(self.params, cache, map_arrays(np.ones_like, out))
        check_no_float64("grads", grads)
        check_no_float64("the stepped layer", sgd(self.params, grads, 0.1))


def _unflat(vector: Array, like: Any) -> Any:
    parts = iter(np.split(vector, np.cumsum([a.size for a in arrays_in(like)])[:-1]))
    return map_arrays(lambda a: next(parts).reshape(a.shape), like)


def _gradients_of(x: Any, dx: Any) -> list[Any]:
    """A gradient for each array in x, or None; a None in x stands for a mask and is not an array."""
    if x is None:
        return []
    if type(x) is not tuple:
        return [dx]
    parts = dx if type(dx) is tuple else (dx,) * len(x)
    return [gradient for part, d in zip(x, parts, strict=True) for gradient in _gradients_of(part, d)]
