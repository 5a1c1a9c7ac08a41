"""scikit-learn's tests of its MLPClassifier and MLPRegressor, run with the estimators of funcnn in their place."""

import importlib.util
import sys
import pytest
sklearn = pytest.importorskip("sklearn", reason="its tests are run")
from tests.interop import shim
import sklearn.neural_network as home
import importlib.machinery; path = importlib.util.find_spec("sklearn.neural_network.tests.test_mlp").origin; loader = importlib.machinery.SourceFileLoader("mlp_of_sklearn", path); spec = importlib.util.spec_from_loader("mlp_of_sklearn", loader)
original = home.MLPClassifier, home.MLPRegressor
home.MLPClassifier, home.MLPRegressor = shim.MLPClassifier, shim.MLPRegressor
try:
    m = importlib.util.module_from_spec(spec); spec.loader.exec_module(m)
finally:
    home.MLPClassifier, home.MLPRegressor = original
globals().update({k:v for k,v in vars(m).items() if k.startswith("test_")})
@pytest.fixture
def global_random_seed(): return 42
