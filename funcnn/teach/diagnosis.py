"""A diagnosis of a gradient: where it is wrong, the name of the mistake, and the line that explains the rule."""

from __future__ import annotations

import attrs

from funcnn.errors import RangeError
from funcnn.fields import is_whole

PROMPTS = ("hint(2) says what kind of mistake it is.", "hint(3) names the line that derives the right rule.")


@attrs.frozen
class Diagnosis:
    """What `diagnose` found.

    `name` is the name of the mistake, None if no known mistake fits alone, or if no gradient is wrong.
    `where` says which gradients are wrong, `kind` what the mistake is, and `page` the line that explains the rule, with
    its page under docs/ and the section. `hint` gives them one after the other, so that a learner can stop early.

    >>> import numpy as np
    >>> from funcnn.teach import diagnose
    >>> x, W = np.array([[1.0, 2.0]]), np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> found = diagnose(lambda x, W: x @ W, lambda args, dA: [dA @ args[1], args[0].T @ dA], (x, W))
    >>> found.name
    'transposed'
    >>> print(found.hint())
    dx is wrong: 2 of 2 entries, first dx[0, 0]. dW is right.
    hint(2) says what kind of mistake it is.
    """

    name: str | None
    where: str
    kind: str
    page: str

    def hint(self, level: int = 1) -> str:
        """The hint of a level: 1 says where, 2 what kind, 3 which line of which page.

        Raises:
            RangeError: level is not 1, 2 or 3.
        """
        if not is_whole(level) or level not in (1, 2, 3):
            raise RangeError(f"hint: level must be 1, 2 or 3, got {level!r}")
        if level == 1:
            return f"{self.where}\n{PROMPTS[0]}" if self.kind else self.where
        if level == 2:
            return f"{self.kind}\n{PROMPTS[1]}" if self.name else self.kind or self.where
        return self.page or self.kind or self.where

    def __str__(self) -> str:
        """The first hint."""
        return self.hint()
