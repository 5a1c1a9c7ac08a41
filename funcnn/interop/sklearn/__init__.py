"""Estimators of scikit-learn that train a network of funcnn: `NetworkClassifier` and `NetworkRegressor`."""

from funcnn.extras import needing

with needing(__name__, "scikit-learn"):
    import sklearn  # noqa: F401  before scipy, since without both the first one is named

    from funcnn.interop.sklearn.classifier import NetworkClassifier
    from funcnn.interop.sklearn.regressor import NetworkRegressor

__all__ = ["NetworkClassifier", "NetworkRegressor"]
