"""The base of both estimators: their settings, the checks of data, and their attributes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Self, TypeVar, cast

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import assert_all_finite, check_is_fitted, validate_data

from funcnn.arrays import Array
from funcnn.core import Layer
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.interop.sklearn.course import Course, layers_of
from funcnn.interop.sklearn.rows import of_prediction, outputs
from funcnn.interop.sklearn.settings import called, check_settings, for_own, has_probabilities, is_trained_to_a_half
from funcnn.interop.sklearn.signatures import NetworkOrMaker, OptionalLoss, RandomState, RateOrFunction, Sizes
from funcnn.interop.sklearn.targets import as_numbers
from funcnn.layers.activations.base import Relu
from funcnn.optimizers.adam import Adam
from funcnn.training.arguments import Optimizer
from funcnn.training.loop import TrainState
from funcnn.traits import gives_probabilities

F = TypeVar("F", bound=Callable[..., Any])


def where_probable(method: F) -> F:
    """A method that an estimator has only where its outputs are probabilities or logits."""
    return cast("F", available_if(partial(_is_probable, method.__name__))(method))


def _is_probable(method: str, estimator: Estimator) -> bool:
    """True; an error says why the estimator has no probabilities."""
    estimator._check_probabilities(method)  # noqa: SLF001  of this module
    return True


class Estimator(BaseEstimator):
    """The base of NetworkClassifier and NetworkRegressor, which say how y is encoded."""

    network_: Any
    state_: TrainState[Any]
    loss_curve_: list[float]
    validation_curve_: list[float]
    n_iter_: int
    seed_: int
    _course: Course

    def __init__(
        self,
        sizes: Sizes = (100,),
        hidden: Layer[Any] = (Relu(),),  # noqa: B008  a value; a tuple, since scikit-learn takes no others as defaults
        *,
        network: NetworkOrMaker | None = None,
        loss: OptionalLoss = None,
        optimizer: Optimizer[Any] = (Adam(),),  # noqa: B008  as hidden
        lr: RateOrFunction = 0.001,
        batch_size: int = 200,
        epochs: int = 200,
        validation_fraction: float | None = None,
        patience: int | None = None,
        warm_start: bool = False,
        random_state: RandomState = None,
    ) -> None:
        self.sizes = sizes
        self.hidden = hidden
        self.network = network
        self.loss = loss
        self.optimizer = optimizer
        self.lr = lr
        self.batch_size = batch_size
        self.epochs = epochs
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.warm_start = warm_start
        self.random_state = random_state

    def _before(self, function: str, *, partial: bool = False) -> Course | None:
        """Check the settings; the result is the course that this fit continues, or None if it begins anew."""
        check_settings(function, self)
        if partial and self.validation_fraction is not None:
            raise RangeError(f"{function}: validation_fraction must be None, as partial_fit holds out no rows")
        if not (hasattr(self, "_course") and (partial or self.warm_start)):
            return None
        if self._course.layers != layers_of(self):
            raise RangeError(f"{function}: network, sizes and hidden must be as in the first fit, which goes on")
        return self._course

    def _data(self, X: Any, **given: Any) -> Any:
        """X as floats, and y if it is given, checked by scikit-learn.

        X is in C order, since the order of a DataFrame, which is another, would change the last bits of products.
        """
        return validate_data(self, X, dtype=[np.float64, np.float32], order="C", accept_sparse="csr", **given)

    def _as_weight(self, function: str, sample_weight: Any, m: int) -> Array | None:
        if sample_weight is None:
            return None
        given = np.asarray(sample_weight)
        if given.shape != (m,):
            raise ShapeError(f"{function}: sample_weight must have the shape ({m},), not {given.shape}")
        weight = as_numbers(function, "sample_weight", given)
        assert_all_finite(weight, input_name="sample_weight")
        if weight.min() < 0:
            raise RangeError(f"{function}: sample_weight must not be negative; it has {weight.min()}")
        if not weight.any():
            raise RangeError(f"{function}: sample_weight must have a weight above 0; all are zero")
        return weight

    def _put(self, course: Course) -> Self:
        """Show a course in the attributes of the estimator."""
        self._course = course
        self.network_, self.state_, self.seed_ = course.network, course.state, course.seed
        self.loss_curve_, self.validation_curve_ = list(course.costs), list(course.held_out)
        self.n_iter_ = len(course.costs)
        return self

    def _out(self, X: Any) -> Any:
        """The output of the network for each row of X."""
        check_is_fitted(self)
        X = self._data(X, reset=False)
        return of_prediction(outputs(self.network_, X, self._course.dtype))

    @property
    def _squashed(self) -> bool:
        """Whether the network ends in probabilities, or was trained towards 0 and 1, as by `mse`: a half is between."""
        return gives_probabilities(self.network_) is True or is_trained_to_a_half(self._course.loss)

    def _check_probabilities(self, method: str) -> None:
        """Check that the outputs are probabilities or logits, by the settings of the last fit, if there was one."""
        fitted = hasattr(self, "_course")
        loss, network = (self._course.loss, self.network_) if fitted else (self.loss, self.network)
        if not has_probabilities(loss, network):
            needed, given = "a cross-entropy, whose outputs are logits", f"{called(loss)}{for_own(loss)}"
            raise KindError(f"{type(self).__name__}.{method}: loss must be {needed}, not {given}")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.target_tags.multi_output = True
        return tags
