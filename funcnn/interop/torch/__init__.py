"""PyTorch: layers as its modules, its weights in networks, its modules as networks and layers, networks as modules."""

from funcnn.extras import needing

with needing(__name__, "torch"):
    from funcnn.interop.torch import (  # noqa: F401  each module registers its rules
        activations,
        attention,
        attention_modules,
        combinators,
        convolution,
        embedding,
        image_modules,
        normalisation,
        position_modules,
        recurrent,
        sequence_modules,
        simple_modules,
    )
    from funcnn.interop.torch.base import to_torch
    from funcnn.interop.torch.module_layer import TorchLayer
    from funcnn.interop.torch.modules import from_torch
    from funcnn.interop.torch.network import Network
    from funcnn.interop.torch.weights import weights_from

__all__ = ["Network", "TorchLayer", "from_torch", "to_torch", "weights_from"]
