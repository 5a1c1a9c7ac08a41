"""The regressor."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import RegressorMixin

from funcnn.arrays import Array
from funcnn.interop.sklearn.base import Estimator
from funcnn.interop.sklearn.course import Course, begun
from funcnn.interop.sklearn.rows import Rows
from funcnn.interop.sklearn.settings import check_no_logits, innermost
from funcnn.interop.sklearn.targets import Numbers
from funcnn.losses.likelihoods import poisson_nll


class NetworkRegressor(RegressorMixin, Estimator):
    """A regressor of scikit-learn that trains a network of funcnn.

    The settings, X, the weights and the attributes are those of `NetworkClassifier`, without `class_weight` and
    `classes_`. y: (m,) or (m, n), numbers; the network has an output for each column. `loss`: a loss (out, y), where
    out and y are (m, n); None is `mse`. A loss of logits is refused, as its outputs are not in the units of y. If the
    network gives several outputs, as `gaussian_nll` takes them, the first is the prediction.

    >>> import numpy as np
    >>> from functools import partial
    >>> from funcnn import cosine
    >>> from funcnn.interop.sklearn import NetworkRegressor
    >>> from funcnn.losses import quantile
    >>> x = np.linspace(0, 1, 100)[:, None]
    >>> y = 3 * x[:, 0] + np.tile([0.0, 0.5, 1.0, 1.5], 25)
    >>> upper = NetworkRegressor((), loss=partial(quantile, q=0.7), lr=cosine(0.1, 400), epochs=400, random_state=0)
    >>> upper.fit(x, y).predict(np.array([[0.0], [1.0]])).round(1)
    array([1., 4.])

    Raises:
        KindError, RangeError, ShapeError, NotFiniteError: as NetworkClassifier.
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None, *, X_val: Any = None, y_val: Any = None) -> Self:
        """Train on the rows of X and y for `epochs`; with `warm_start`, go on where the last fit ended.

        The rows of X_val and y_val, if they are given, are held out, and count alike.
        """
        function = f"{type(self).__name__}.fit"
        return self._trained(function, self._before(function, X_val, y_val), X, y, sample_weight, X_val, y_val)

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train for one epoch on the rows of X and y, from where the last call or fit ended."""
        function = f"{type(self).__name__}.partial_fit"
        return self._trained(function, self._before(function, partial=True), X, y, sample_weight, epochs=1)

    def predict(self, X: Any) -> Array:
        """The outputs of the network, (m,) or (m, n) as y was; for a pair of outputs, the first.

        After `poisson_nll`, for which the outputs are logarithms of rates, the predictions are the rates.
        """
        out = self._out(X)
        prediction: Array = self._course.target.prediction(out)
        return np.exp(prediction) if innermost(self._course.loss) is poisson_nll else prediction

    def _trained(
        self,
        function: str,
        course: Course | None,
        X: Any,
        y: Any,
        sample_weight: Any,
        X_val: Any = None,
        y_val: Any = None,
        epochs: int | None = None,
    ) -> Self:
        check_no_logits(function, self.loss)
        given = X, y
        X, y = self._labelled(function, X, y, reset=course is None)
        target = course.target if course else Numbers(1 if y.ndim == 1 else y.shape[1], is_flat=y.ndim == 1)
        rows = Rows(X, target.codes(function, y), self._as_weight(function, sample_weight, len(y)))
        apart = self._apart(function, target, X_val, y_val)
        course = course or begun(function, self, target, X)
        return self._continued(function, course, rows, given, epochs or self.epochs, apart=apart)
