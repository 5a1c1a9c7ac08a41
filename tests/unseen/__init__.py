"""Functions with a wrong and a right vjp each, at fixed points, for testing a gradient checker."""

from importlib import import_module

FILES = (
    "activations contrasts linear_algebra losses magnitudes mixtures physics projections reductions scales sequences "
    "statistics subtle systems windows"
)
CASES = tuple([case for name in FILES.split() for case in import_module(f"tests.unseen.{name}").CASES])
