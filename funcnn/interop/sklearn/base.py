"""The base of both estimators: their settings, the checks of data, and their attributes."""

from __future__ import annotations

from copy import copy
from inspect import signature
from typing import Any, Self

import attrs
import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import assert_all_finite, check_is_fitted, validate_data

from funcnn.arrays import Array
from funcnn.core import Layer
from funcnn.errors import RangeError, ShapeError
from funcnn.interop.sklearn.course import Course, continued, layers_of
from funcnn.interop.sklearn.rows import Rows, of_prediction, outputs
from funcnn.interop.sklearn.settings import (
    as_scorer,
    check_held_out,
    check_settings,
    is_trained_to_a_half,
)
from funcnn.interop.sklearn.signatures import (
    Categories,
    Memory,
    NetworkOrMaker,
    OptionalLoss,
    RandomState,
    RateOrFunction,
    Scoring,
    Sizes,
)
from funcnn.interop.sklearn.tables import encoded, refuse_words
from funcnn.interop.sklearn.targets import as_numbers
from funcnn.interop.sklearn.words import after, words
from funcnn.layers.activations.base import Relu
from funcnn.needs import as_number
from funcnn.optimizers.adam import Adam
from funcnn.training.arguments import Optimizer
from funcnn.training.loop import TrainState
from funcnn.traits import gives_probabilities

_OPEN = {"hidden", "loss", "optimizer", "lr"}  # the settings with settings inside


class Estimator(BaseEstimator):
    """The base of NetworkClassifier and NetworkRegressor, which say how y is encoded."""

    network_: Any
    state_: TrainState[Any]
    loss_curve_: list[float]
    validation_curve_: list[float]
    n_iter_: int
    seed_: int
    encoder_: Any
    _encoder: Any  # of the fit under way, or of the last
    _course: Course

    def __init__(
        self,
        sizes: Sizes = (100,),
        hidden: Layer[Any] = (Relu(),),  # noqa: B008  a value; a tuple, since scikit-learn takes no others as defaults
        *,
        network: NetworkOrMaker | None = None,
        categories: Categories = None,
        loss: OptionalLoss = None,
        optimizer: Optimizer[Any] = (Adam(),),  # noqa: B008  as hidden
        lr: RateOrFunction = 0.001,
        batch_size: int = 200,
        epochs: int = 200,
        validation_fraction: float | None = None,
        patience: int | None = None,
        scoring: Scoring = None,
        tol: float = 0.0,
        warm_start: bool = False,
        memory: Memory = None,
        verbose: int = False,
        random_state: RandomState = None,
    ) -> None:
        self.sizes = sizes
        self.hidden = hidden
        self.network = network
        self.categories = categories
        self.loss = loss
        self.optimizer = optimizer
        self.lr = lr
        self.batch_size = batch_size
        self.epochs = epochs
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.scoring = scoring
        self.tol = tol
        self.warm_start = warm_start
        self.memory = memory
        self.verbose = verbose
        self.random_state = random_state

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: FBT001, FBT002  as scikit-learn has it
        """The settings; if `deep`, also the settings inside the values of `hidden`, `loss`, `optimizer` and `lr`."""
        params: dict[str, Any] = super().get_params(deep)
        for name in params.keys() & _OPEN if deep else ():
            params |= {f"{name}__{word}": inner for word, inner in words(params[name]).items()}
        return params

    def set_params(self, **params: Any) -> Self:
        """Replace settings, and settings inside of them by words such as `optimizer__b1` and `lr__steps`.

        The value of `optimizer` or `lr` is not changed: another one takes its place. A value that is refused is an
        error of `fit`, as for all settings.
        """
        own = self.get_params(deep=False)
        inside = [path for path in params if "__" in path and path.partition("__")[0] in own]
        super().set_params(**{name: value for name, value in params.items() if name not in inside})
        for path in sorted(inside, key=lambda path: path.count("__")):
            name, _, word = path.partition("__")
            new = after(f"{type(self).__name__}.set_params", name, getattr(self, name), word, params[path])
            setattr(self, name, new)
        return self

    def _before(self, function: str, X_val: Any = None, y_val: Any = None, *, partial: bool = False) -> Course | None:
        """Check the settings; the result is the course that this fit continues, or None if it begins anew."""
        for name in ("validation_fraction", "scoring") if partial else ():
            if getattr(self, name) is not None:
                raise RangeError(f"{function}: {name} must be None, as partial_fit holds out no rows")
        check_held_out(function, self, X_val, y_val)
        check_settings(function, self)
        if not (hasattr(self, "_course") and (partial or self.warm_start)):
            self._encoder = None
            return None
        if self._course.layers != layers_of(self):
            raise RangeError(
                f"{function}: network, sizes, hidden and categories must be as in the first fit, which goes on"
            )
        self._encoder = self._course.encoder
        return self._course

    def _data(self, X: Any, **given: Any) -> Any:
        """X as floats, or encoded if it has categories; and y if it is given; checked by scikit-learn.

        X is in C order, since the order of a DataFrame, which is another, would change the last bits of products.
        """
        if self._encoder is not None or (self.categories is not None and given.get("reset", True)):
            self._encoder, *data = encoded(self, self._encoder, X, **given)
            return data if given.keys() - {"reset"} else data[0]
        try:
            return validate_data(self, X, dtype=[np.float64, np.float32], order="C", accept_sparse="csr", **given)
        except ValueError:
            refuse_words(self, X)
            raise

    def _labelled(self, function: str, X: Any, y: Any, *, reset: bool) -> tuple[Any, Array]:
        """X and y, checked by scikit-learn."""
        return self._data(X, y=y, multi_output=True, reset=reset)

    def _apart(self, function: str, target: Any, X_val: Any, y_val: Any) -> Rows | None:
        """The rows of validation that a fit is given."""
        if X_val is None:
            return None
        try:
            X, y = self._labelled(function, X_val, y_val, reset=False)
            return Rows(X, target.codes(function, y), None, (X_val, y_val))
        except Exception as error:
            error.add_note("in X_val and y_val")
            raise

    def _continued(
        self, function: str, course: Course, rows: Rows, given: tuple[Any, ...], epochs: int, **how: Any
    ) -> Self:
        """The estimator after some more epochs, whose scorer takes X, y and weights as they were given."""
        if (scorer := as_scorer(function, self.scoring)) is None:
            return self._put(continued(function, self, course, rows, epochs, **how))

        takes_weights = "sample_weight" in signature(getattr(scorer, "_score_func", scorer)).parameters

        def scored(state: TrainState[Any], X: Any, y: Any, *weight: Any) -> float:
            now = attrs.evolve(course, state=TrainState(state.params), loss=self.loss)
            fitted = copy(self)._put(now)  # noqa: SLF001  the method of a copy of itself
            more = {"sample_weight": weight[0]} if weight and takes_weights else {}
            return as_number(function, "scoring(estimator, X, y)", scorer(fitted, X, y, **more))

        rows = attrs.evolve(rows, given=tuple([part for part in given if part is not None]))
        return self._put(continued(function, self, course, rows, epochs, scored=scored, **how))

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
        self.encoder_ = course.encoder
        self.loss_curve_, self.validation_curve_ = list(course.costs), list(course.held_out)
        self.n_iter_ = len(course.costs)
        return self

    def _data_again(self, X: Any, **given: Any) -> Any:
        """As `_data`, after a fit."""
        check_is_fitted(self)
        return self._data(X, reset=False, **given)

    def _out(self, X: Any) -> Any:
        """The output of the network for each row of X."""
        X = self._data_again(X)
        return of_prediction(outputs(self.network_, X, self._course.dtype))

    @property
    def _squashed(self) -> bool:
        """Whether the network ends in probabilities, or was trained towards 0 and 1, as by `mse`: a half is between."""
        return gives_probabilities(self.network_) is True or is_trained_to_a_half(self._course.loss)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = self.categories is None
        tags.input_tags.categorical = tags.input_tags.allow_nan = self.categories is not None
        tags.target_tags.multi_output = True
        return tags
