"""The regressor."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin

from funcnn.arrays import Array
from funcnn.errors import RangeError
from funcnn.interop.sklearn.atomic import atomic
from funcnn.interop.sklearn.base import Estimator
from funcnn.interop.sklearn.columns import SeveralNumbers
from funcnn.interop.sklearn.course import Course, begun
from funcnn.interop.sklearn.intervals import check_trained_on, interval
from funcnn.interop.sklearn.rows import Rows
from funcnn.interop.sklearn.settings import check_no_logits, innermost, main_of
from funcnn.interop.sklearn.signatures import RowsLike
from funcnn.interop.sklearn.targets import Numbers
from funcnn.losses.combinators import joined
from funcnn.losses.likelihoods import poisson_nll


class NetworkRegressor(RegressorMixin, Estimator):
    """A regressor of scikit-learn that trains a network of funcnn.

    The settings, X, the weights and the attributes are those of `NetworkClassifier`, without `class_weight` and
    `classes_`. y: (m,) or (m, n), numbers; the network has an output for each column. `loss`: a loss (out, y), where
    out and y are (m, n); None is `mse`. A loss of logits is refused, as its outputs are not in the units of y. If the
    network gives several outputs, as `gaussian_nll` takes them, the first is the prediction. For the losses of `joint`,
    such as several quantiles, the network has an output for each loss and column of y, side by side in one array.

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
        function = f"{type(self).__name__}.fit"
        return self._trained(function, self._before(function, X_val, y_val), X, y, sample_weight, X_val, y_val)

    @atomic
    def partial_fit(self, X: RowsLike, y: RowsLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train for one epoch on the rows of X and y, from where the last call or fit ended."""
        function = f"{type(self).__name__}.partial_fit"
        return self._trained(function, self._before(function, partial=True), X, y, sample_weight, epochs=1)

    def predict(self, X: RowsLike) -> Array:
        """The outputs of the network, (m,) or (m, n) as y was; for a pair of outputs, the first.

        After losses of `joint`, they are the quantile that is nearest to the median, or else those for the first loss.
        After `poisson_nll`, for which the outputs are logarithms of rates, the predictions are the rates.
        """
        out = self._out(X)
        target, losses = self._course.target, joined(self._course.loss)
        prediction: Array = target.part(out, main_of(losses)) if losses else target.prediction(out)
        return np.exp(prediction) if innermost(self._course.loss) is poisson_nll else prediction

    def predict_interval(
        self, X: RowsLike, coverage: float = 0.9, *, trained_on: tuple[RowsLike, RowsLike] | None = None
    ) -> tuple[Array, Array]:
        """The lower and the upper ends of intervals that hold y with the probability `coverage`, each as of `predict`.

        For a loss `joint(partial(quantile, q=q), partial(quantile, q=1 - q), ...)` with q = (1 - coverage) / 2, they
        are the outputs for q and 1 - q, exchanged where they cross. Koenker & Bassett 1978, Regression Quantiles;
        Chernozhukov et al. 2010, Quantile and Probability Curves Without Crossing.

        For `gaussian_nll`, they are mu - z e^(s / 2) and mu + z e^(s / 2), with the normal quantile z of (1 + coverage)
        / 2: the noise of y depends on x, and the parameters count as known.

        For `mse`, `trained_on` has the rows (X, y) of the fit, which the estimator does not keep. The ends are out - h
        and out + h,

            h = t sqrt(s^2 + j' (J'J / s^2 + a I)^-1 j)

        J has the derivatives of out by the parameters p for the m rows of the fit, and j those for a row of X; J'J is
        m / 2 times the matrix of `ggnvp(mse)`. This is the interval of the linear part of the network at p, for normal
        noise of one variance s^2 and a normal prior of precision a. Both maximise the evidence: with g = sum l / (l + a
        s^2) over the eigenvalues l of J'J, s^2 = |y - out|^2 / (m - g) and a = g / |p|^2. t is the quantile of
        Student's distribution with m - g degrees of freedom, at least 1: a network that fits every row has none left,
        and its intervals are very wide. For several columns of y, each has its own s^2 and a. A row takes a
        backward pass and |p|^2 operations. MacKay 1992, A Practical Bayesian Framework for Backpropagation Networks; De
        Veaux et al. 1998, Prediction Intervals for Neural Networks via Nonlinear Regression.

        >>> import numpy as np
        >>> from funcnn.interop.sklearn import NetworkRegressor
        >>> x = np.linspace(0, 1, 80)[:, None]
        >>> y = x[:, 0] + np.tile([-0.1, 0.1], 40)
        >>> line = NetworkRegressor((), lr=0.1, random_state=0).fit(x, y)
        >>> lower, upper = line.predict_interval(x, 0.95, trained_on=(x, y))
        >>> (upper - lower)[[0, 40]].round(2)
        array([0.41, 0.41])

        Raises:
            KindError: the loss is none of these; `trained_on` is not a pair and the loss is `mse`, or it is given for
                another loss.
            RangeError: coverage is not above 0 and below 1, or the loss does not have its quantiles.
        """
        function = f"{type(self).__name__}.predict_interval"
        X, rows = self._data_again(X), None
        check_trained_on(function, self._course.loss, trained_on)
        if trained_on is not None:
            known, y = self._data_again(trained_on[0], y=trained_on[1], multi_output=True)
            rows = known, self._course.target.codes(function, y)
        return interval(function, self._course, X, coverage, rows)

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
        given = X, y, sample_weight
        X, y = self._labelled(function, X, y, reset=course is None)
        n, is_flat, parts = 1 if y.ndim == 1 else y.shape[1], y.ndim == 1, len(joined(self.loss))
        new = SeveralNumbers(n, is_flat, parts) if parts else Numbers(n, is_flat)
        target = course.target if course else new
        if getattr(target, "parts", 0) != parts:
            raise RangeError(f"{function}: loss must join as many losses as in the first fit, which goes on")
        rows = Rows(X, target.codes(function, y), self._as_weight(function, sample_weight, len(y)))
        apart = self._apart(function, target, X_val, y_val)
        course = course or begun(function, self, target, X)
        return self._continued(function, course, rows, given, epochs or self.epochs, apart=apart)
