"""A layer that is not trained: transfer learning keeps what a network has learnt elsewhere."""

from __future__ import annotations

from typing import Any, ClassVar, Generic, TypeVar

from funcnn.arrays import kind
from funcnn.core import backward, backward_params, forward, forward_only
from funcnn.errors import KindError
from funcnn.gradients import Grads, gradient
from funcnn.logits import gives_probabilities
from funcnn.records import is_record, record, state
from funcnn.stepping import passing, step

L = TypeVar("L")


@record
class Frozen(Generic[L]):
    """out = forward(layer, x), by a layer that training leaves as it is; dx flows through it.

    The layer is a state: carried and saved, but seen neither by `sgd` nor by an optimizer, `parameters` or `to_vector`.
    The states in it rest too: running statistics stay, a seed does not move on. `forward` is that of the layer in
    training, so batch normalisation would still use the statistics of the batch, and dropout drop the same entries in
    every step: `Frozen(inference(layer))` is the layer as it predicts. `inference` and `reseed` reach inside.

    Nothing walks back to what only frozen layers precede: they cost their forward. `frozen.layer` is the layer again.

    Yosinski, Clune, Bengio & Lipson 2014, How Transferable Are Features in Deep Neural Networks?, section 3.

    >>> from funcnn import Frozen, mlp, parameters
    >>> net = mlp([2, 3, 1], seed=0)
    >>> list(parameters((Frozen(net[0]), *net[1:])))
    ['2.W', '2.b']

    Raises:
        KindError: `layer` is no layer, but a class, a name, an array or a function.
    """

    layer: L = state()
    rests: ClassVar[bool] = True

    def __attrs_post_init__(self) -> None:
        """A layer, or a tuple of them; None in a gradient, where it means unchanged."""
        if not (self.layer is None or type(self.layer) is tuple or is_record(self.layer)):
            name = f"the class {self.layer.__name__}" if isinstance(self.layer, type) else kind(self.layer)
            raise KindError(f"Frozen: layer must be a layer, such as Relu(), or a tuple of layers, not {name}")

    @property
    def gives_probabilities(self) -> bool:
        """Whether the layer does."""
        return gives_probabilities(self.layer)


@forward.register(Frozen)
def frozen_forward(params: Frozen[Any], x: Any) -> tuple[Any, Any]:
    """out = forward(layer, x)"""
    return forward(params.layer, x)


@forward_only.register(Frozen)
def frozen_forward_only(params: Frozen[Any], x: Any) -> Any:
    """out = forward(layer, x)"""
    return forward_only(params.layer, x)


@step.register(Frozen)
@passing
def frozen_step(params: Frozen[Any], x: Any, memory: Any = None) -> tuple[Any, Any]:
    """The step of the layer"""
    return step(params.layer, x, memory)


@backward.register(Frozen)
def frozen_backward(params: Frozen[Any], cache: Any, dA: Any) -> Grads[Frozen[Any]]:
    """dx of the layer, whose own gradient and next states are dropped"""
    return Grads(gradient(params), backward(params.layer, cache, dA).x)


@backward_params.register(Frozen)
def frozen_backward_params(params: Frozen[Any], cache: Any, dA: Any) -> Frozen[Any]:
    """Nothing to learn: the layer is None, which is unchanged"""
    return gradient(params)
