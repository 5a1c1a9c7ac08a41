"""Metrics: functions `(out, y) -> number` that measure how good a network is.

Metrics take `out` and `y` as losses do, but have no gradient. `validation` turns a metric or a loss into a function of
the state.
"""

from funcnn.lazy import lazily

__getattr__, __dir__, __all__ = lazily(__name__)
