"""What torch trains of a module, and modules whose weights are computed or whose forward is another module's."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.utils.parametrize import is_parametrized

from funcnn.errors import KindError
from funcnn.layers.combinators.frozen import Frozen
from funcnn.trees.walks import walk

_WRAPPERS = {
    "torch.nn.parallel.data_parallel.DataParallel": "module",
    "torch.nn.parallel.distributed.DistributedDataParallel": "module",
    "torch.optim.swa_utils.AveragedModel": "module",
    "torch._dynamo.eval_frame.OptimizedModule": "_orig_mod",  # of torch.compile
}


def unwrapped(module: Any) -> Any:
    """The module inside of wrappers that compute the same."""
    cls = type(module)
    name = _WRAPPERS.get(f"{cls.__module__}.{cls.__qualname__}")
    return module if name is None else unwrapped(getattr(module, name))


def check_weights(module: Any, given: Any) -> None:
    """Refuse a module that computes its weights from others, as weight and spectral normalisation and pruning do."""
    own = module._parameters  # noqa: SLF001  torch has no public dict without the parts
    computed = [name for name, value in vars(module).items() if isinstance(value, torch.Tensor)]
    hooked = [name for name in computed if own.keys() & {f"{name}_orig", f"{name}_g"}]
    if is_parametrized(module):
        names, remedy = list(module.parametrizations), "parametrize.remove_parametrizations"
    elif hooked:
        names, remedy = hooked, "remove_weight_norm, remove_spectral_norm or prune.remove"
    else:
        return
    rule = f"{given.named(module)} must not have a parametrization, but it has one of {', '.join(names)}"
    raise KindError(f"from_torch: {rule}; remove it with torch.nn.utils.{remedy}")


def as_trained(module: Any, given: Any, layer: Any) -> Any:
    """The layer, frozen if torch trains no parameter of its module.

    Modules that only have parts are left as they are, since each part was frozen, and so are modules with a forward of
    the user, whose rule decides.
    """
    has_own = bool(list(module.parameters(recurse=False)))
    rests = [name for name, tensor in module.named_parameters() if not tensor.requires_grad]
    if not (has_own and rests and type(module).forward.__module__.startswith("torch.nn.")):
        return layer
    needed = "requires_grad=True for all parameters, or False for all"
    got = f"False for {', '.join(rests)} alone"
    given.check_setting(module, needed, got, holds=len(rests) == len(list(module.parameters())))
    return _frozen(layer)


def _frozen(layer: Any) -> Any:
    """Each part of a chain that has parameters, frozen; the others, such as dropouts, are left as they are"""
    if type(layer) is tuple:
        return tuple(map(_frozen, layer))
    return Frozen(layer) if any(True for _ in walk(layer, states=False)) else layer
