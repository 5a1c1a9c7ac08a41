"""A model of thinc as the pair (f, vjp) that `check_vjp` takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Annotated, Any

import numpy as np

from funcnn.arrays import Array, is_array, kind
from funcnn.checked import checked
from funcnn.errors import KindError, RangeError
from funcnn.extras import needing
from funcnn.needs import instance
from funcnn.testing.adapting import REPEATED, Vjp, disturb
from funcnn.testing.pytrees import leaves, map_leaves
from funcnn.testing.verdict import NoDerivative, NotPure

with needing(__name__, "thinc"):
    from thinc.api import Model, NumpyOps

_EMPTY = "be empty, since the model has no parameters; it has"


ThincModel = Annotated[Any, instance(Model, "a thinc.api.Model")]


class _Ops(NumpyOps):
    """NumPy's operations that allocate floats in one dtype; thinc's default is float32."""

    def __init__(self, dtype: Any) -> None:
        super().__init__()
        self.float = dtype

    def alloc(self, shape: Any, *, dtype: Any = "float32", zeros: bool = True) -> Any:
        return super().alloc(shape, dtype=self.float if dtype == "float32" else dtype, zeros=zeros)

    def asarray(self, data: Any, dtype: Any = None) -> Any:
        return super().asarray(data, self.float if dtype == "float32" else dtype)


@checked
def pair(model: ThincModel) -> tuple[Callable[..., Any], Vjp]:
    """The values of a model, and its gradients by the callback of thinc, as functions of parameters and of X.

    `params` is a dict of arrays by the names that `parameters_of` gives. It may name some parameters, or none; the
    others keep their values. X is an array of numbers, or a tuple, list or dict of them. For a layer of `Ragged` or
    `Padded`, X is a list of arrays, and the layer stands in `with_ragged` or `with_padded`.

    >>> import numpy as np
    >>> from funcnn.testing import check_vjp
    >>> from funcnn.testing.thinc import pair, parameters_of
    >>> from thinc.api import Linear
    >>> model = Linear(3, 2).initialize()
    >>> print(check_vjp(*pair(model), (parameters_of(model), np.array([[1.0, 2.0], [3.0, 5.0]]))))
    pass: ...

    The model is copied. The copy runs with `is_train=True` in the dtype of the arguments; write `dropout=0`, since a
    random mask is `NotDeterministic`. Backward runs twice, and in between the model is called with other arguments:
    this finds values that are kept outside the callback, and gradients that are not added to earlier ones.

    Raises:
        KindError: from f and vjp: `params` is not a dict.
        RangeError: a parameter is not initialized; or from f and vjp: `params` has a name that the model does not have.
        ValueError: from f or vjp: an argument or the cotangent, which is read-only, was written to.
        GradientError: from vjp: backward gives another result the second time; or it gives no gradient of a parameter
            in `params`, which is a `NoDerivative`.
    """
    own = _parameters("pair", model)

    def f(params: Any, X: Any) -> Any:
        copy, every = _copied(model, own, params, X)
        given = map_leaves(_copy, X)
        Y, _ = copy.begin_update(given)
        if not all(map(is_array, _leaves(Y))):
            raise KindError(f"pair: model must return arrays, not {kind(Y)}")
        _check_no_writes((_values(copy), given), (every, X), "f")
        return Y

    def vjp(args: Sequence[Any], dA: Any) -> tuple[Any, Any]:
        params, X = args
        copy, every = _copied(model, own, params, X)

        def backward(disturb: Callable[[], None]) -> tuple[dict[str, Array], Any]:
            given, cotangent = map_leaves(_copy, X), map_leaves(_copy, dA)
            _, callback = copy.begin_update(given)
            disturb()
            dX = callback(cotangent)
            _check_no_writes((_values(copy), given, cotangent), (every, X, dA), "backward")
            places = _places(copy)
            return {name: _gradient(name, *places[name]) for name in params}, dX

        dparams, dX = backward(lambda: None)
        again = backward(lambda: disturb(copy.begin_update, (X,)))
        twice = {name: 2 * a for name, a in dparams.items()}, dX
        if not all([_close(a, b) for a, b in zip(_leaves(twice), _leaves(again), strict=True)]):
            raise NotPure(
                "backward gives another result after the model was called with other arguments, or does not add its "
                "gradients to earlier ones"
            )
        return dparams, dX if any(a.dtype.kind == "f" for a in _arrays(X)) else None

    f.__name__ = model.name
    return f, vjp


@checked
def parameters_of(model: ThincModel) -> dict[str, Array]:
    """The parameters of a model in float64, by the names of the layer and of the parameter, such as "linear.W".

    Layers of the same name are numbered: "linear.W", "linear 2.W".

    Raises:
        RangeError: a parameter is not initialized.
    """
    return _parameters("parameters_of", model)


def _parameters(function: str, model: Any) -> dict[str, Array]:
    for name, (node, key) in _places(model).items():
        if not node.has_param(key):
            raise RangeError(f"{function}: model must be initialized, but {name} is not; call model.initialize()")
    return {name: np.array(a, np.float64) for name, a in _values(model).items()}


def _copied(model: Any, own: Mapping[str, Array], params: Any, X: Any) -> tuple[Any, dict[str, Array]]:
    """A copy of the model with these parameters, in the dtype of the arguments; and all its parameters."""
    if not isinstance(params, Mapping):
        raise KindError(f"pair: params must be a dict of parameters by name, not {kind(params)}")
    if others := params.keys() - own.keys():
        needed = f"name parameters of the model ({', '.join(own)}), not" if own else _EMPTY
        raise RangeError(f"pair: params must {needed} {min(others)!r}")
    dtype = next((a.dtype for a in _arrays((params, X)) if a.dtype.kind == "f"), np.float64)
    every = {name: np.array(a, dtype, order="K") for name, a in {**own, **params}.items()}
    copy = deepcopy(model)
    for node in copy.walk():
        node.ops = _Ops(dtype)
    for (node, key), a in zip(_places(copy).values(), every.values(), strict=True):
        node.set_param(key, _copy(a))
    return copy, every


def _places(model: Any) -> dict[str, tuple[Any, str]]:
    """Each parameter's layer, and its name there."""
    layers: dict[str, Any] = {}
    for node in model.walk():
        like = sum([one.name == node.name for one in layers.values()])
        layers[f"{node.name} {like + 1}" if like else node.name] = node
    return {f"{name}.{key}": (node, key) for name, node in layers.items() for key in node.param_names}


def _values(model: Any) -> dict[str, Array]:
    return {name: node.get_param(key) for name, (node, key) in _places(model).items()}


def _gradient(name: str, node: Any, key: str) -> Array:
    if not node.has_grad(key):
        raise NoDerivative(f"thinc has no derivative by the parameter {name}: backward gives no gradient of it")
    return np.array(node.get_grad(key))


def _leaves(tree: Any) -> list[Any]:
    return [leaf for _, leaf in leaves(tree)]


def _arrays(tree: Any) -> list[Array]:
    return [leaf for leaf in _leaves(tree) if is_array(leaf)]


def _copy(a: Any) -> Any:
    """A copy that can be written to, since kernels of thinc take no read-only arrays."""
    return np.array(a, order="K") if is_array(a) else a


def _check_no_writes(given: Any, arrays: Any, who: str) -> None:
    for a, b in zip(_arrays(given), _arrays(arrays), strict=True):
        if a.tobytes() != b.tobytes():
            raise ValueError(f"{who} wrote to an array of shape {b.shape}, which is read-only")


def _close(a: Array, b: Array) -> bool:
    """Whether two gradients are equal but for the order of their sums, of which an entry may cancel."""
    largest = float(abs(a[np.isfinite(a)]).max(initial=0))
    return bool(np.allclose(a, b, rtol=REPEATED, atol=REPEATED * largest, equal_nan=True))
