"""A layer that is not trained, as in transfer learning."""

from __future__ import annotations

from typing import Any

from funcnn.core import backward, backward_params
from funcnn.generation import step
from funcnn.gradients import Grads, gradient
from funcnn.layers.checks import as_cache_parts
from funcnn.layers.wrapper import L, Through, Wrapper, given_by_layer, step_inside
from funcnn.records import record, state
from funcnn.traits import gives_probabilities, rests


@record
class Frozen(Through, Wrapper[L]):
    """out = layer(x), for a layer that is not trained; dx is dx of the layer

    The layer is a state: carried and saved, but not changed by `sgd` or an optimizer, and not in `parameters` or
    `to_vector`. The states inside the layer, such as running statistics and seeds, do not change either. `forward`
    computes the layer in training mode, so batch normalisation uses the statistics of the batch, and dropout drops the
    same entries in every step; for prediction write `Frozen(inference(layer))`. `inference` and `reseed` apply inside.

    Backward ends at the first layer that is trained: for frozen layers before that layer, only forward is computed.
    To train the layer again, replace the `Frozen` by its field `layer`.

    Yosinski, Clune, Bengio & Lipson 2014, How Transferable Are Features in Deep Neural Networks?, section 3.

    >>> from funcnn import Frozen, mlp, parameters
    >>> net = mlp([2, 3, 1], seed=0)
    >>> list(parameters((Frozen(net[0]), *net[1:])))
    ['2.W', '2.b']

    Raises:
        KindError: `layer` is not a layer. In a gradient it is None, which means unchanged; `forward` refuses None.
    """

    layer: L = state()

    def __attrs_post_init__(self) -> None:
        if self.layer is not None:  # as in a gradient, which may be saved and loaded
            super().__attrs_post_init__()


@backward.register(Frozen)
def frozen_backward(params: Frozen[Any], cache: Any, dA: Any) -> Grads[Frozen[Any]]:
    """dx of the layer, whose own gradient and next states are dropped"""
    return Grads(gradient(params), backward(params.layer, as_cache_parts(params, cache, 2)[0], dA).x)


backward_params.register(Frozen)(lambda params, _cache, _dA: gradient(params))
rests.register(Frozen)(lambda _: True)
step.register(Frozen)(step_inside)
gives_probabilities.register(Frozen)(given_by_layer)
