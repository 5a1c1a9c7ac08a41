"""`MLPClassifier` and `MLPRegressor` in the place of scikit-learn's, made of the estimators of funcnn.

The arguments are translated as the table in docs/sklearn.md says. Two things that are no settings of the estimators are
written by hand with what they have: L-BFGS is `minimize`, and coefficients that are set before a fit are a `network`.
"""

import warnings
from types import SimpleNamespace

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, is_classifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.metaestimators import available_if

from funcnn import Adam, Dense, Momentum, Relu, Sigmoid, Tanh, mse, softmax_cross_entropy
from funcnn import binary_cross_entropy_with_logits as binary_loss
from funcnn.interop.scipy import minimize
from funcnn.interop.sklearn import NetworkClassifier, NetworkRegressor
from funcnn.layers import Identity
from funcnn.losses import poisson_nll
from funcnn.optimizers import L2

ACTIVATIONS = {"relu": Relu(), "tanh": Tanh(), "logistic": Sigmoid(), "identity": Identity()}


class Mlp(BaseEstimator):
    """The arguments of scikit-learn; `net` is the estimator of funcnn that is trained."""

    def __init__(
        self,
        hidden_layer_sizes=(100,),
        activation="relu",
        *,
        loss=None,
        solver="adam",
        alpha=0.0001,
        batch_size="auto",
        learning_rate="constant",
        learning_rate_init=0.001,
        power_t=0.5,
        max_iter=200,
        shuffle=True,
        random_state=None,
        tol=1e-4,
        verbose=False,
        warm_start=False,
        momentum=0.9,
        nesterovs_momentum=True,
        early_stopping=False,
        validation_fraction=0.1,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        n_iter_no_change=10,
        max_fun=15000,
    ):
        for name, value in locals().items():
            if name != "self":
                setattr(self, name, value)

    def translated(self, X, y):
        """The estimator of funcnn, with the settings that scikit-learn's stand for."""
        m = len(y)
        if self.early_stopping:
            m = int(m * (1 - self.validation_fraction))
        size = min(200 if self.batch_size == "auto" else self.batch_size, m)
        lr, batches = self.learning_rate_init, -(-m // size)
        optimizer = Adam(b1=self.beta_1, b2=self.beta_2, eps=self.epsilon)
        if self.solver == "sgd":
            lr *= np.shape(y)[1] if np.ndim(y) > 1 else 1  # scikit-learn adds the costs of outputs, funcnn has the mean
            lr *= 1 if is_classifier(self) else 0.5  # of half a square
            optimizer = Momentum(beta=self.momentum, nesterov=self.nesterovs_momentum) if self.momentum else ()
        if self.learning_rate == "invscaling":
            first, power = lr, self.power_t
            lr = lambda step: first / (1 + m * (step // batches)) ** power
        settings = {
            "optimizer": (L2(self.alpha / size, where="*.W"), *([optimizer] if optimizer else [])),
            "lr": lr,
            "batch_size": size,
            "epochs": self.max_iter,
            "patience": self.patience(),
            "tol": self.tol,
            "warm_start": self.warm_start,
            "random_state": self.random_state,
            "verbose": bool(self.verbose),
        }
        if self.early_stopping:
            settings["validation_fraction"] = self.validation_fraction
            settings["scoring"] = "accuracy" if is_classifier(self) else "r2"
        if self.loss == "poisson":
            settings["loss"] = poisson_nll
        if hasattr(self, "coefs_"):
            return self.own(**settings, network=self.as_set())
        sizes = self.hidden_layer_sizes
        sizes = (sizes,) if np.ndim(sizes) == 0 else tuple(sizes)
        return self.own(**settings, sizes=sizes, hidden=ACTIVATIONS[self.activation])

    def patience(self):
        """The epochs without improvement after which scikit-learn stops, which are one more than it says."""
        return int(min(self.n_iter_no_change + 1, self.max_iter))

    def as_set(self):
        """The network with the coefficients that were set before the first call."""
        layers = [Dense(np.asarray(W), np.asarray(b)) for W, b in zip(self.coefs_, self.intercepts_, strict=True)]
        hidden = ACTIVATIONS[self.activation]
        return tuple([part for layer in layers for part in (layer, hidden)][:-1])

    def fit(self, X, y, sample_weight=None):
        if self.solver == "lbfgs":
            return self.minimized(X, y)
        if not (self.warm_start and hasattr(self, "net")):
            vars(self).pop("coefs_", None)
            self.net, self.before = self.translated(X, np.asarray(y) if not sparse.issparse(y) else y), 0
        self.before = getattr(self.net, "n_iter_", 0)
        self.net.set_params(epochs=self.max_iter, patience=self.patience()).fit(X, y, sample_weight=sample_weight)
        if self.net.n_iter_ - self.before == self.max_iter:
            warnings.warn("no convergence", ConvergenceWarning, stacklevel=2)
        lowest = np.inf
        for cost in self.net.loss_curve_[self.before :]:
            is_lower = cost < lowest - self.tol
            lowest, self._no_improvement_count = (cost, 0) if is_lower else (lowest, self._no_improvement_count + 1)
        return self.shown()

    @available_if(lambda self: self.solver != "lbfgs")
    def partial_fit(self, X, y, *given, **named):
        if not hasattr(self, "net"):
            self.net = self.translated(X, np.asarray(y))
            self.before = 0
        self.net.partial_fit(X, y, *given, **named)
        return self.shown()

    def minimized(self, X, y):
        """`solver="lbfgs"`: the network of a fit that changes nothing goes through `minimize`."""
        start = self.translated(X, np.asarray(y)).set_params(lr=0.0, epochs=1, optimizer=())
        start.fit(X, y)
        x = np.asarray(X.toarray() if sparse.issparse(X) else X, float)
        y_of_loss, loss = self.of_loss(start, np.asarray(y))
        best = minimize(start.network_, x, y_of_loss, loss, steps=min(self.max_iter, self.max_fun))
        if not best.converged:
            warnings.warn(best.message, ConvergenceWarning, stacklevel=3)
        settings = {"loss": start.loss, "lr": 0.0, "epochs": 1, "network": best.params}
        self.net = self.own(**settings).fit(X, y)
        self.before = 0
        self.shown()
        self.n_iter_ = len(best.history) - 1
        return self

    def of_loss(self, start, y):
        if not is_classifier(self):
            return y.reshape(len(y), -1).astype(float), start.loss or mse
        if y.ndim == 2:
            return y.astype(float), binary_loss
        return np.searchsorted(start.classes_, y), softmax_cross_entropy

    def shown(self):
        """The attributes of scikit-learn."""
        net = self.net
        dense = [layer for layer in net.network_ if isinstance(layer, Dense)]
        self.coefs_, self.intercepts_ = [layer.W for layer in dense], [layer.b for layer in dense]
        self.loss_curve_, self.n_iter_ = net.loss_curve_, net.n_iter_ - self.before
        self.loss_, self.t_ = net.loss_curve_[-1], net.state_.step
        self.best_loss_ = None if self.early_stopping else min(net.loss_curve_)
        self.validation_scores_ = net.validation_curve_ if self.early_stopping else None
        self.best_validation_score_ = max(net.validation_curve_) if self.early_stopping else None
        rate = net.lr(net.state_.step) if callable(net.lr) else net.lr
        self._optimizer = SimpleNamespace(learning_rate=rate)
        self.n_features_in_ = net.n_features_in_
        return self

    def predict(self, X):
        return self.net.predict(X)

    def __sklearn_is_fitted__(self):
        return hasattr(self, "net")


class MLPClassifier(ClassifierMixin, Mlp):
    """Of `NetworkClassifier`."""

    own = NetworkClassifier

    @property
    def classes_(self):
        return self.net.classes_

    def predict_proba(self, X):
        return self.net.predict_proba(X)

    def predict_log_proba(self, X):
        return self.net.predict_log_proba(X)


class MLPRegressor(RegressorMixin, Mlp):
    """Of `NetworkRegressor`."""

    own = NetworkRegressor
