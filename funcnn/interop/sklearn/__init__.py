"""Estimators of scikit-learn that train a network of funcnn: `NetworkClassifier` and `NetworkRegressor`."""

from funcnn.interop.sklearn.classifier import NetworkClassifier
from funcnn.interop.sklearn.regressor import NetworkRegressor

__all__ = ["NetworkClassifier", "NetworkRegressor"]
