"""A hunt for wrong derivatives: a list of functions is checked under a time budget, and the findings are reported.

The mistakes that were found are verified: their code runs with the versions that have them.
"""

from funcnn.testing.hunt.hunt import hunt
from funcnn.testing.hunt.target import Target
from funcnn.testing.hunt.verify import verify

__all__ = ["Target", "hunt", "verify"]
