"""What a learner is told: a diagnosis, an exercise with its hints, the results of a file, and what is next."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from funcnn.errors import RangeError
from funcnn.fields import is_whole

PROMPTS = ("hint(2) says what kind of mistake it is.", "hint(3) leads to the right rule.")


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
            raise RangeError(f"hint: level must be 1, 2 or 3, not {level!r}")
        if level == 1:
            return f"{self.where}\n{PROMPTS[0]}" if self.kind else self.where
        if level == 2:
            return f"{self.kind}\n{PROMPTS[1]}" if self.name else self.kind or self.where
        return self.page or self.kind or self.where

    def __str__(self) -> str:
        """The first hint."""
        return self.hint()


@attrs.frozen
class Exercise:
    """What a learner is told of a test: what it asks for, the page that explains it, and hints on request."""

    title: str
    page: str
    hint: str
    tutor: Callable[[], Diagnosis] | None
    mistake: bool
    points: float

    def hints(self, state: str, level: int) -> list[str]:
        """The hint, or for a wrong gradient the first parts of its diagnosis, as many as `level` says."""
        found = self._diagnosis() if state == "wrong" else None
        told = [found.where, found.kind, found.page][:level] if found else []
        return [text for text in told if text] + [self.hint] * (self.hint != "" and (found is None or not found.name))

    def _diagnosis(self) -> Diagnosis | None:
        """None without a tutor, and where it finds nothing or raises, such as for gradients of another shape."""
        try:
            found = self.tutor and self.tutor()
        except Exception:  # noqa: BLE001  a learner writes anything; the message of the exercise says what is wrong
            return None
        return found if found and found.kind else None


@attrs.frozen
class Result:
    """What became of an exercise. `state` is "done", "open" (not begun) or "wrong"; `message` says what is wrong.

    `number` is the place of the exercise in its file, from 1.
    """

    number: int
    exercise: Exercise
    state: str
    message: str


@attrs.frozen
class Progress:
    """The results of the exercises of a file, in their order, or of the one that was asked for.

    `total` is the number of exercises of the file, and `after` what the file names as its continuation.
    """

    file: str
    results: tuple[Result, ...]
    total: int
    after: str

    @property
    def following(self) -> Result | None:
        """The first exercise that is begun and wrong, or else the first that is not done. A mistake to find is last."""
        undone = [result for result in self.results if result.state != "done"]
        begun = [result for result in undone if result.state == "wrong" and not result.exercise.mistake]
        return next(iter([*begun, *undone]), None)

    def text(self, *, hint: int = 0) -> str:
        """The state of each exercise, and what to look at next; with `hint` above 0, also hints for the next exercise.

        If its gradient is wrong and it has a tutor, 1 is where it is wrong, 2 also the kind of the mistake, and 3 also
        the line of a page that derives the right rule.
        """
        lines = [self.file]
        for result in self.results:
            lines.append(f"  {result.state:5} {result.number}. {result.exercise.title}")
            lines += [f"           {line}".rstrip() for line in result.message.splitlines()]
        is_whole_file = len(self.results) == self.total
        if is_whole_file:
            done = sum([result.state == "done" for result in self.results])
            lines.append(f"{done} of {self.total} exercises are done.")
        if following := self.following:
            lines.append(f"Next is exercise {following.number}. Look at {following.exercise.page}.")
            lines += [f"Hint: {text}" for text in following.exercise.hints(following.state, hint) if hint]
        elif self.after and is_whole_file:
            lines.append(f"Next is {self.after}.")
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.text()
