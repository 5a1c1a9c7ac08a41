"""A step of training: from a state and a batch to the next state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from funcnn.arrays import as_array, kind, owned, short
from funcnn.core import sgd
from funcnn.errors import KindError, NotFiniteError, ShapeError
from funcnn.needs import as_learning_rate
from funcnn.optimizers.base import update
from funcnn.training.arguments import as_pair, check_returned
from funcnn.training.finite import is_finite
from funcnn.trees.walks import map_arrays


class TrainStep:
    """The function from a state and the next batches to the state after a step with each of them.

    `fold`, which functions made by `compiled` have, takes the state, batches and learning rates. It returns the state
    after a step with the first batch, and perhaps with some of the next; or None if it cannot. `function` is the one
    that errors name. `most` are the steps that a fold may take, None for any number.
    """

    def __init__(
        self, function: str, value_and_grad: Callable[..., Any], lr: Any, constraint: Callable[[Any], Any] | None = None
    ) -> None:
        self.function, self.value_and_grad, self.lr, self.constraint = function, value_and_grad, lr, constraint
        portable: Any = value_and_grad if getattr(value_and_grad, "portable", False) else None
        if constraint is not None and portable is not None:
            raise KindError(f"{function}: constraint is computed by NumPy; compile the loss without portable=True")
        self.update: Callable[..., Any] = update if portable is None else portable.update
        self.fold = getattr(value_and_grad, "fold", None)
        self.most = None if self.fold is not None and constraint is None else 1

    def __call__(self, now: Any, batches: Sequence[Any]) -> Any:
        """The state after a step with each batch."""
        pairs, rates = [as_pair(self.function, batch) for batch in batches], [self.lr] * len(batches)
        if callable(self.lr):
            rates = [self._rate(now.step + i) for i in range(len(pairs))]
        return self.through(now, pairs, rates)

    def through(self, now: Any, pairs: Sequence[Any], rates: Sequence[Any]) -> Any:
        """The state after a step with each pair (x, y), with these learning rates.

        The first step is often one that cannot be folded, since an optimizer has no memory before it; so a second fold
        is tried after it.
        """
        done, tries = 0, 2
        while done < len(pairs):
            made, rest = None, slice(done, self.most and done + self.most)
            if self.fold is not None and tries > 0:
                made = self.fold(now, pairs[rest], rates[rest])
            if made is None:
                made, tries, done = self._after(now, pairs[done], rates[done]), tries - 1, done + 1
            else:
                done += made.step - now.step
            now = made
            if self.constraint is not None:
                now = now.after(_constrained(self.constraint, now.params), now.optimizer, now.cost, 0)
        return now

    def _rate(self, step: Any) -> Any:
        """The learning rate of the step of this number, by a schedule."""
        return as_learning_rate(self.function, f"lr({step})", self.lr(step))

    def _after(self, now: Any, batch: Any, lr: Any) -> Any:
        """The state after a step with one batch."""
        x, y = batch
        made = self.value_and_grad(now.params, x, y)
        check_returned(self.function, made)
        cost, grads = made
        if not is_finite(cost):
            from funcnn.training.origin import origin  # noqa: PLC0415  imported after a failure

            found = f"in step {now.step} the cost is {cost}; {origin(now.params, x, y)}"
            raise NotFiniteError(f"{self.function}: {found}")
        steps, optimizer = self.update(now.optimizer, grads, now.params)
        return now.after(sgd(now.params, steps, lr), optimizer, owned(as_array(cost)))


def _constrained(constraint: Any, params: Any) -> Any:
    """Apply the constraint and check the parameters that it returns; they become read-only."""
    after = constraint(params)
    if type(after) is not type(params):
        raise KindError(f"train: constraint must return parameters like those it is given, not {kind(after)}")

    def checked(new: Any, old: Any) -> Any:
        if new.shape != old.shape or new.dtype != old.dtype:
            raise ShapeError(f"train: constraint must keep shapes and dtypes; {short(old)} became {short(new)}")
        return owned(new)

    return map_arrays(checked, after, params, function="train")
