"""The classifier."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from sklearn.base import ClassifierMixin
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from funcnn.arrays import Array
from funcnn.core import Layer
from funcnn.errors import RangeError
from funcnn.interop.sklearn.atomic import atomic
from funcnn.interop.sklearn.base import Estimator
from funcnn.interop.sklearn.course import Course, begun
from funcnn.interop.sklearn.labels import alike, as_target, check_classes, found_in
from funcnn.interop.sklearn.probable import where_probable
from funcnn.interop.sklearn.rows import Rows
from funcnn.interop.sklearn.settings import class_weights
from funcnn.interop.sklearn.signatures import (
    Categories,
    ClassWeights,
    Memory,
    NetworkOrMaker,
    OptionalLoss,
    RandomState,
    RateOrFunction,
    RowsLike,
    Scoring,
    Sizes,
)
from funcnn.interop.sklearn.targets import Classes, unique
from funcnn.layers.activations.base import Relu
from funcnn.optimizers.adam import Adam
from funcnn.training.arguments import Optimizer


class NetworkClassifier(ClassifierMixin, Estimator):
    """A classifier of scikit-learn that trains a network of funcnn.

    The settings are values of funcnn, such as layers, losses and optimizers. They are checked when `fit` is called.

    - `sizes`, `hidden`: the numbers of hidden units, and the layer after each of them, or a tuple of layers. The
      network is `mlp([n_in, *sizes, n_out], hidden, seed=seed)`.
    - `network`: a network, or a function (n_in, n_out, seed) that makes one, in place of `sizes` and `hidden`.
    - `categories`: a list of the columns that hold categories, each of which gets an `Embedding`, or "auto" for the
      columns of a frame that hold no numbers. Missing values are filled, and numbers scaled.
    - `loss`: a loss (out, y), or (out, y, weight) if rows have weights. y has the shape of out and holds zeros and
      ones: one-hot rows of classes. None is the softmax cross-entropy; for several labels, and for a network with one
      output, None is the binary cross-entropy. Both take logits.
    - `optimizer`: an optimizer or a tuple of optimizers. `lr`: the learning rate, or a function of the step number.
    - `batch_size`: the number of rows in a batch, at most. `epochs`: the number of passes over the rows in a fit.
    - `class_weight`: a dict from classes to weights, "balanced" for weights that give all classes the same total, or
      None. It multiplies `sample_weight`. For several columns of y, a list with one of these for each column.
    - `validation_fraction`: the share of rows that is held out of the training, by class, and scored after each epoch;
      or None. `fit` takes rows of validation of your own as `X_val` and `y_val`.
    - `patience`: stop after so many epochs without a better score of the rows held out, and keep the network of the
      best score; if no rows are held out, without a lower training cost, and keep the last network. None: all epochs.
    - `scoring`: the score of the rows held out: the name of a scorer of scikit-learn or a function (estimator, X, y),
      higher is better; None is the cost, lower is better. A scorer that takes `sample_weight` is given the weights.
    - `tol`: a score or cost that is better by no more than `tol` does not count as better. It needs `patience`.
    - `warm_start`: whether `fit` goes on where the last fit ended, with the same network and classes.
    - `memory`: a folder that keeps fits, or None. The name of a file has a hash of all that determines a fit. A fit
      that was kept is loaded; one that was interrupted or killed goes on from its last saved epoch.
    - `verbose`: whether fits show a bar of tqdm.
    - `random_state`: an int in [0, 2**31), which is the seed of the network and of the order of rows; a RandomState or
      None draws a seed for each fit that begins anew.

    X: (m, n_in), dense or sparse; a batch of sparse rows is made dense when its turn comes. A network with arrays of
    float32 is trained in float32, and so is the network of `sizes` if X is float32. y: one class for each row, (m,);
    zeros and ones of several labels, (m, n); or several columns of classes, (m, n), for which the network has an output
    for each class of each column, and the cost is the sum of the costs of the columns. Weights are divided by their
    mean, so that the cost is a weighted mean of all rows; in batches of all rows, a weight of 2 counts as two rows.

    The order of rows in epoch e depends on the seed and e alone. So 30 epochs, 15 epochs and 15 more with `warm_start`,
    30 calls of `partial_fit`, dense rows and sparse rows give the same network, bit for bit.

    Ctrl-C ends a fit with a ConvergenceWarning, after the last whole epoch; `fit` with `warm_start` goes on from there.
    In the first epoch, and in a search or an ensemble, the KeyboardInterrupt is raised.

    After a fit: `network_`, the network, for `funcnn.predict`, `save` and all else; `state_`, the TrainState at the
    end; `loss_curve_`, the mean cost of the batches of each epoch; `validation_curve_`, the score of the rows held
    out after each epoch; `n_iter_`, the number of epochs; `seed_`; `encoder_`, which makes ids of categories;
    `classes_`, the sorted labels, or for several columns a list of them; `n_features_in_` and `feature_names_in_`.

    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> from funcnn import Dropout, Relu, Tanh
    >>> from funcnn.interop.sklearn import NetworkClassifier
    >>> x, y = load_iris(return_X_y=True)
    >>> net = NetworkClassifier(sizes=(10,), lr=0.01, epochs=60, random_state=0)
    >>> search = GridSearchCV(net, {"hidden": [Tanh(), (Relu(), Dropout(0.1, seed=1))]}, cv=2).fit(x, y)
    >>> search.best_estimator_.score(x, y) > 0.9
    True

    Raises:
        KindError, RangeError, ShapeError: by `fit` and `partial_fit`, for a setting, labels or weights that do not fit;
            the message begins with the class and the method. scikit-learn checks X, and raises a ValueError.
        NotFiniteError: the cost of a step is not finite, as by `train`.
    """

    def __init__(
        self,
        sizes: Sizes = (100,),
        hidden: Layer[Any] = (Relu(),),  # noqa: B008  an immutable value
        *,
        network: NetworkOrMaker | None = None,
        categories: Categories = None,
        loss: OptionalLoss = None,
        optimizer: Optimizer[Any] = (Adam(),),  # noqa: B008  as hidden
        lr: RateOrFunction = 0.001,
        batch_size: int = 200,
        epochs: int = 200,
        class_weight: ClassWeights = None,
        validation_fraction: float | None = None,
        patience: int | None = None,
        scoring: Scoring = None,
        tol: float = 0.0,
        warm_start: bool = False,
        memory: Memory = None,
        verbose: int = False,
        random_state: RandomState = None,
    ) -> None:
        super().__init__(
            sizes,
            hidden,
            network=network,
            categories=categories,
            loss=loss,
            optimizer=optimizer,
            lr=lr,
            batch_size=batch_size,
            epochs=epochs,
            validation_fraction=validation_fraction,
            patience=patience,
            scoring=scoring,
            tol=tol,
            warm_start=warm_start,
            memory=memory,
            verbose=verbose,
            random_state=random_state,
        )
        self.class_weight = class_weight

    @atomic
    def fit(
        self,
        X: RowsLike,
        y: RowsLike,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: RowsLike | None = None,
        y_val: RowsLike | None = None,
    ) -> Self:
        """Train on the rows of X and y for `epochs`; with `warm_start`, go on where the last fit ended.

        The rows of X_val and y_val, if they are given, are held out, and count alike.
        """
        function, given = f"{type(self).__name__}.fit", (X, y, sample_weight)
        course = self._before(function, X_val, y_val)
        X, y = self._labelled(function, X, y, reset=course is None)
        target = course.target if course else found_in(function, y)
        rows = self._rows(function, target, X, y, sample_weight)
        if course is None:
            check_classes(function, target, rows)
        apart = self._apart(function, target, X_val, y_val)
        course, stratify = course or begun(function, self, target, X), isinstance(target, Classes)
        return self._continued(function, course, rows, given, self.epochs, apart=apart, stratify=stratify)

    @atomic
    def partial_fit(
        self, X: RowsLike, y: RowsLike, classes: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Train for one epoch on the rows of X and y, from where the last call or fit ended.

        `classes` are all classes, also those that only later calls have; the first call needs them. For several columns
        of y they are a list with the classes of each column; for several labels, zeros and ones, they are not needed.
        """
        function, given = f"{type(self).__name__}.partial_fit", (X, y)
        course = self._before(function, partial=True)
        weights = self.class_weight
        if "balanced" in (weights if isinstance(weights, list) else [weights]):
            raise RangeError(f'{function}: class_weight must not be "balanced", as the rows to come are not known')
        X, y = self._labelled(function, X, y, reset=course is None)
        target = course.target if course else as_target(function, y, classes)
        if course and classes is not None and not alike(classes, target.values):
            raise RangeError(f"{function}: classes must be those of the first fit, or None")
        rows = self._rows(function, target, X, y, sample_weight)
        return self._continued(function, course or begun(function, self, target, X), rows, given, 1)

    def predict(self, X: RowsLike) -> Array:
        """The class of each row, (m,); for several labels or columns, (m, n)."""
        out = self._out(X)
        return self._course.target.prediction(out, squashed=self._squashed)

    @where_probable
    def predict_proba(self, X: RowsLike) -> Any:
        """The probability of each class, (m, k), or of each label, (m, n); for several columns a list of (m, k).

        For a loss of numbers or of margins, such as `mse` and `hinge`, and for a loss of your own that is not declared
        by `of_logits`, there are none, and the estimator has no such method: an AttributeError, whose cause says why.
        """
        out = self._out(X)
        return self._course.target.probabilities(out, squashed=self._squashed)

    @where_probable
    def predict_log_proba(self, X: RowsLike) -> Any:
        """The logarithms of the probabilities; for a loss of logits, finite where a probability is rounded to 0."""
        out = self._out(X)
        return self._course.target.probabilities(out, squashed=self._squashed, log=True)

    def decision_function(self, X: RowsLike) -> Any:
        """The logit of each class, (m, k), or the log odds of each label, (m, n); for several columns a list.

        For two classes it is the difference of their logits, (m,), which is positive for the second class. The log odds
        are those of `predict_proba`, so that rows with equal probabilities have equal scores.
        """
        out = self._out(X)
        return self._course.target.scores(out, squashed=self._squashed)

    def _labelled(self, function: str, X: Any, y: Any, *, reset: bool) -> tuple[Any, Array]:
        X, y = super()._labelled(function, X, y, reset=reset)
        y = y.toarray() if sparse.issparse(y) else y
        if y.dtype.kind == "O":
            unique(function, "y", y)  # scikit-learn sorts the labels of all columns together
        check_classification_targets(y)
        return X, column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y

    def _rows(self, function: str, target: Any, X: Any, y: Array, sample_weight: Any) -> Rows:
        codes, weight = target.codes(function, y), self._as_weight(function, sample_weight, len(y))
        if self.class_weight is not None:
            weight = np.ones(len(y)) if weight is None else weight
            weight = class_weights(function, self.class_weight, target.columns(codes), weight)
            if not weight.any():
                raise RangeError(f"{function}: class_weight must leave a row with a weight above 0")
        return Rows(X, codes, weight)

    def _put(self, course: Course) -> Self:
        self.classes_ = course.target.values
        return super()._put(course)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
