"""A hunt for wrong derivatives: a list of functions is checked under a time budget, and the findings are reported."""

from funcnn.testing.hunt.hunt import hunt
from funcnn.testing.hunt.target import Target

__all__ = ["Target", "hunt"]
