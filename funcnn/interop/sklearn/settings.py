"""Checks of the settings of an estimator, when it is fitted: scikit-learn's constructors check nothing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from sklearn.metrics import get_scorer
from sklearn.utils import check_random_state

from funcnn.arrays import counted, is_array, kind, short
from funcnn.core import is_layer
from funcnn.errors import KindError, RangeError
from funcnn.fields import check_function, is_whole
from funcnn.inspection.checks import check_network
from funcnn.interop.sklearn.tables import check_categories
from funcnn.interop.sklearn.targets import Classes, Labels
from funcnn.interop.sklearn.words import Refused
from funcnn.layers.activations.base import Relu
from funcnn.layers.checks import check_held
from funcnn.losses.classification import binary_cross_entropy, binary_cross_entropy_with_logits
from funcnn.losses.margins import hinge
from funcnn.losses.protocol import check_of_out_and_y, takes_logits
from funcnn.losses.regression import mse, quantile
from funcnn.needs import as_count, as_flag, as_number, as_rate
from funcnn.sizes import check_sizes
from funcnn.training.arguments import check_lr, check_optimizer
from funcnn.traits import gives_probabilities

SIZES, HIDDEN = (100,), (Relu(),)  # the defaults
_SHARE = "validation_fraction"
_NUMBERS, _MARGINS = mse.__module__, hinge.__module__


def check_settings(function: str, estimator: Any) -> None:
    """Check all settings of an estimator; errors begin with `function`."""
    for name, value in estimator.get_params(deep=False).items():
        if isinstance(value, Refused):
            given = " and ".join([f"{name}__{word}={short(new)}" for word, new in value.words.items()])
            raise type(value.error)(f"{function}: {given} must be valid; {value.error}")
    _check_network(function, estimator)
    check_categories(function, estimator.categories)
    if estimator.loss is not None:
        check_of_out_and_y(function, "loss", estimator.loss)
    check_optimizer(function, "optimizer", estimator.optimizer)
    check_lr(function, "lr", estimator.lr)
    as_count(function, "batch_size", estimator.batch_size)
    as_count(function, "epochs", estimator.epochs)
    if (share := estimator.validation_fraction) is not None and not 0 < as_number(function, _SHARE, share) < 1:
        raise RangeError(f"{function}: {_SHARE} must be above 0 and below 1, or None, not {share}")
    if estimator.patience is not None:
        as_count(function, "patience", estimator.patience)
    as_scorer(function, estimator.scoring)
    if as_rate(function, "tol", estimator.tol) and estimator.patience is None:
        raise RangeError(f"{function}: patience must be given with tol, the least improvement that counts")
    if not isinstance(estimator.verbose, bool | np.bool_):
        as_count(function, "verbose", estimator.verbose, least=0)
    if estimator.memory is not None and estimator.random_state is None:
        raise RangeError(f"{function}: random_state must be given with memory, since a seed that is drawn is new")
    as_flag(function, "warm_start", estimator.warm_start)


def check_held_out(function: str, estimator: Any, X_val: Any, y_val: Any) -> None:
    """Check that there are rows of validation where settings need them, and that only one place gives them."""
    if (X_val is None) is not (y_val is None):
        missing, there = ("X_val", "y_val") if X_val is None else ("y_val", "X_val")
        raise KindError(f"{function}: {missing} must be given with {there}")
    if X_val is not None and estimator.validation_fraction is not None:
        raise RangeError(f"{function}: {_SHARE} must be None with X_val, whose rows are held out already")
    if estimator.scoring is not None and X_val is None and estimator.validation_fraction is None:
        raise RangeError(f"{function}: {_SHARE} or X_val must be given with scoring, which scores held-out rows")


def as_scorer(function: str, scoring: Any) -> Any:
    """The function (estimator, X, y) of a setting `scoring`, or None."""
    needed = "None, one of sklearn.metrics.get_scorer_names(), or a function (estimator, X, y)"
    if isinstance(scoring, str):
        try:
            return get_scorer(scoring)
        except ValueError:
            raise RangeError(f"{function}: scoring must be {needed}, not {scoring!r}") from None
    if scoring is not None:
        is_metric = str(getattr(scoring, "__module__", "")).startswith("sklearn.metrics._") and hasattr(
            scoring, "__name__"
        )
        remedy = f"; write make_scorer({scoring.__name__})" if is_metric else ""
        check_function(function, "scoring", scoring, needed, takes=3, remedy=remedy)
    return scoring


def _check_network(function: str, estimator: Any) -> None:
    network, sizes = estimator.network, estimator.sizes
    if not isinstance(sizes, tuple | list) and not (is_array(sizes) and np.ndim(sizes) == 1):
        remedy = f"; write ({sizes},)" if is_whole(sizes) else ""
        raise KindError(
            f"{function}: sizes must be a tuple of whole numbers, such as (100,), not {kind(sizes)}{remedy}"
        )
    if len(sizes):
        check_sizes(function, {f"sizes[{i}]": size for i, size in enumerate(sizes)})
    check_held(function, "hidden", estimator.hidden)
    if network is None:
        return
    if type(network) is tuple or is_layer(network) or not callable(network) or hasattr(network, "state_dict"):
        check_network(function, "network", network)
    else:
        check_function(function, "network", network, "a network or a function (n_in, n_out, seed)", takes=3)
    for setting, value, default in (("sizes", tuple(sizes), SIZES), ("hidden", estimator.hidden, HIDDEN)):
        if value != default:
            raise KindError(f"{function}: {setting} must not be given with network, which has its own layers")


def innermost(loss: Any) -> Any:
    """The function that a setting `loss` calls, or the setting itself: the inside of a `partial`."""
    while isinstance(loss, partial):
        loss = loss.func
    return loss


def called(loss: Any) -> str:
    """The name of a loss."""
    return str(getattr(innermost(loss), "__name__", type(loss).__name__)).removeprefix("_")


def levels_of(losses: Sequence[Any]) -> list[float]:
    """The q of each loss if all are `quantile`, and otherwise an empty list."""
    return [loss.keywords["q"] for loss in losses] if all([innermost(loss) is quantile for loss in losses]) else []


def main_of(losses: Sequence[Any]) -> int:
    """The index of the loss whose outputs predict: the quantile nearest to the median, or else the first."""
    levels = levels_of(losses)
    return min(range(len(levels)), key=lambda i: abs(levels[i] - 0.5)) if levels else 0


def home(loss: Any) -> str:
    """The name of the module of a loss; empty for None."""
    return str(getattr(innermost(loss), "__module__", ""))


def is_trained_to_a_half(loss: Any) -> bool:
    """Whether an output between two classes is 1/2 after training: a loss of numbers 0 and 1, or of probabilities."""
    return home(loss) == _NUMBERS or innermost(loss) is binary_cross_entropy


def has_probabilities(loss: Any, network: Any) -> bool:
    """Whether the outputs are probabilities, or logits of which probabilities are known.

    Before a fit, `network` may be None or a function, of which only the loss says anything.
    """
    if loss is None or innermost(loss) is binary_cross_entropy:
        return True
    if (type(network) is tuple or is_layer(network)) and gives_probabilities(network) is True:
        return True
    return takes_logits(loss) is True and home(loss) != _MARGINS


def for_own(loss: Any) -> str:
    """The remedy for a loss that may take logits, as it is not a loss of funcnn."""
    return "" if home(loss).startswith("funcnn.losses.") else "; if it takes logits, write of_logits(loss)"


def check_boundary(function: str, target: Any, loss: Any, network: Any) -> None:
    """Check that the value of an output between two classes, or between the values of a label, is known for a loss."""
    if (isinstance(target, Classes) and target.outputs > 1) or not isinstance(target, Classes | Labels):
        return
    if loss is None or takes_logits(loss) or is_trained_to_a_half(loss) or gives_probabilities(network) is True:
        return
    needed = "a loss of logits, probabilities, or numbers such as mse, since the network has one output for two classes"
    remedy = for_own(loss) or ("; give the network 2 outputs" if isinstance(target, Classes) else "")
    raise KindError(f"{function}: loss must be {needed}, not {called(loss)}{remedy}")


def check_no_logits(function: str, loss: Any) -> None:
    """Check that the outputs of a network that a loss trains are in the units of y."""
    if np.any(takes_logits(loss)):
        is_binary = innermost(loss) is binary_cross_entropy_with_logits
        remedy = "; for y in [0, 1] write binary_cross_entropy, and a network that ends in Sigmoid()" * is_binary
        needed = "a loss whose outputs are predictions of y"
        raise KindError(f"{function}: loss must be {needed}, not {called(loss)}, which takes logits{remedy}")


def seed_of(function: str, random_state: Any) -> int:
    """The seed of a fit: an int `random_state` itself, or else a number that the generator of NumPy draws."""
    if is_whole(random_state):
        if not 0 <= random_state < 2**31:
            raise RangeError(f"{function}: random_state must be in [0, 2**31), not {random_state}")
        return int(random_state)
    if random_state is not None and not isinstance(random_state, np.random.RandomState):
        raise KindError(f"{function}: random_state must be an int, a RandomState or None, not {kind(random_state)}")
    return int(check_random_state(random_state).randint(2**31 - 1))


def class_weights(function: str, given: Any, columns: Sequence[tuple[Any, Any]], weight: Any) -> Any:
    """The weight of each row, times the weight of its class in each column of y.

    `columns` has the classes and their numbers (m,) for each column. "balanced" gives all classes of a column the same
    total weight: class c has the weight sum w / (k sum w_c), w_c being the weights of its rows.
    """
    for j, (classes, codes) in enumerate(columns):
        one = given if isinstance(given, str | dict) else _as_class_weights(function, given, len(columns))[j]
        if one is None:
            continue
        if isinstance(one, dict):
            weight = weight * np.array([_as_weight(function, one, label) for label in classes.tolist()])[codes]
        elif one == "balanced":
            totals = np.bincount(codes, weight, minlength=len(classes))
            share = np.divide(weight.sum(), len(classes) * totals, out=np.zeros(len(classes)), where=totals > 0)
            weight = weight * share[codes]
        else:
            raise _class_weight_error(function, one)
        if isinstance(one, dict) and (strange := [label for label in one if label not in classes.tolist()]):
            raise RangeError(f"{function}: class_weight must have classes of y as its keys; {strange[0]!r} is not one")
    return weight


def _as_class_weights(function: str, given: Any, columns: int) -> Any:
    if not isinstance(given, list):
        raise _class_weight_error(function, given)
    if columns == 1 and len(given) > 1:
        needed = 'None, "balanced" or a dict from classes to weights, as y has one column'
        raise KindError(f"{function}: class_weight must be {needed}, not {kind(given)}")
    if len(given) != columns:
        needed = f"{counted(columns, 'entry', 'entries')}, one for each column"
        raise RangeError(f"{function}: class_weight must have {needed}; it has {len(given)}")
    return given


def _class_weight_error(function: str, given: Any) -> KindError:
    shown = repr(given) if isinstance(given, str) else kind(given)
    return KindError(f'{function}: class_weight must be None, "balanced", a dict, or a list of these, not {shown}')


def _as_weight(function: str, weights: dict[Any, Any], label: Any) -> float:
    weight = as_number(function, f"class_weight[{label!r}]", weights.get(label, 1))
    if not 0 <= weight < np.inf:
        raise RangeError(f"{function}: class_weight must be finite and not negative; that of {label!r} is {weight}")
    return weight
