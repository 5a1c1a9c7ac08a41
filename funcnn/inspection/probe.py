"""A layer that returns its x, out and dA with its gradient."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

from funcnn.arrays import kind, owned, short
from funcnn.errors import KindError
from funcnn.generation import step
from funcnn.layers.wrapper import Wrapper, given_by_layer, step_inside
from funcnn.records import record, state
from funcnn.traits import gives_probabilities, rests
from funcnn.trees.walks import map_arrays

L = TypeVar("L")


class Seen(NamedTuple):
    """The values of one call of a layer: x, out, and dA, the gradient of out.

    `Seen` is not a record, so that its values are not added up where gradients are.
    """

    x: Any
    out: Any
    dA: Any  # noqa: N815  the symbol dA


@record
class Probe(Wrapper[L]):
    """out = layer(x); the next value of the state `seen` is Seen(x, out, dA)

    `seen` is a state, as are the running statistics of batch normalisation: its next value comes with the gradient, in
    `grads.params`, and is in the network after `sgd`. The arrays in `seen` are read-only, and copies where the caller
    could write to them. The layer computes the same as without a probe. If the step needs no backward of the layer,
    since neither this layer nor a layer before it is trained, `seen` does not change. If the layer is called several
    times, `seen` has the last call, or the state that the combinator around the layer computes from all calls.

    The fields of the layer can be read through the probe. `save` refuses a probe with values; save its `layer`.

    >>> import numpy as np
    >>> from funcnn import Tanh, mlp, mse, value_and_grad
    >>> from funcnn.inspection import Probe
    >>> first, *rest = mlp([2, 3, 1], hidden=Tanh(), seed=0)
    >>> _, grads = value_and_grad(mse)((Probe(first), *rest), np.ones((5, 2)), np.ones((5, 1)))
    >>> grads.params[0].seen.out.shape
    (5, 3)

    Raises:
        KindError: `layer` is not a layer, or `seen` is neither None nor a `Seen`.
    """

    layer: L
    seen: Any = state(default=None)

    def __attrs_post_init__(self) -> None:
        """Check that `layer` is a layer, and `seen` the values of a call or None."""
        super().__attrs_post_init__()
        if self.seen is not None and type(self.seen) is not Seen:
            raise KindError(f"{type(self).__name__}: seen must be None or a Seen(x, out, dA), not {kind(self.seen)}")

    def enter(self, x: Any) -> tuple[Any, Any]:
        """x as it is"""
        return x, x

    def leave(self, out: Any, aside: Any) -> tuple[Any, Any]:
        """out as it is; x and out are kept"""
        return out, (aside, out)

    def own_gradients(self, dA: Any, kept: Any) -> dict[str, Any]:
        """x, out and dA, as the next value of `seen`"""
        return {"seen": Seen(*[map_arrays(owned, part) for part in (*kept, dA)])}

    def __getattr__(self, name: str) -> Any:
        """An attribute of the layer: attention, for example, reads the weights of the Dense inside it."""
        if name == "layer":  # in a probe whose constructor has not finished
            raise AttributeError(name)
        return getattr(self.layer, name)

    def __repr__(self) -> str:
        """The repr of the layer, so that errors read as they do without the probe."""
        return short(self.layer)


rests.register(Probe)(lambda _: True)  # a probe needs no backward of its own
step.register(Probe)(step_inside)
gives_probabilities.register(Probe)(given_by_layer)
