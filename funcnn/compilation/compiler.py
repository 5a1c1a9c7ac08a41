"""`compiled(loss)`, the same function as `value_and_grad(loss)`, as machine code."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import cache
from inspect import Parameter, Signature
from typing import Any

import numpy as np

from funcnn.arrays import kind
from funcnn.checked import checked
from funcnn.compilation.agreement import (
    DIFFERS,
    MOST_COMPARED,
    agree,
    always,
    first_rows,
    guarded,
    reason_of,
    tried,
    unsuited,
)
from funcnn.compilation.engine import engine
from funcnn.compilation.fold import Folds
from funcnn.compilation.memory import Spares
from funcnn.compilation.portable import FAULT, refuse, updated
from funcnn.compilation.segments import Plain, Segments, Way, segments
from funcnn.compilation.shapes import Untraceable
from funcnn.compilation.step import CompiledStep
from funcnn.compilation.structure import flatten, flattened, form_of_rows
from funcnn.compilation.trace import Traced, trace
from funcnn.core import Loss, value_and_grad
from funcnn.dispatch import registered
from funcnn.errors import FuncnnError, MissingError
from funcnn.extras import needing
from funcnn.gradients import Grads
from funcnn.needs import Count, Flag
from funcnn.optimizers.base import update
from funcnn.tracebacks import end_at_caller

_MOST_STEPS = 64  # of a compiled function; the step that was used longest ago is dropped
_MOST_CHANGES = 8  # of what the loss reads, without a step between them that uses a kernel again
Step = Way | str
_TAKEN = Signature([Parameter(name, Parameter.POSITIONAL_ONLY) for name in ("params", "x", "y")])


class Compiled:
    """The function that `compiled` returns; it pickles if the loss does, and is compiled anew where it is loaded."""

    def __init__(self, loss: Loss, threads: int, portable: bool) -> None:  # noqa: FBT001  as it is pickled
        self.loss, self.threads, self.portable = loss, threads, portable
        self._plain = value_and_grad(loss)
        self._steps: list[tuple[list[Any], Step, Callable[[], bool]]] = []
        self._registered, self._changes, self._pool = len(registered), 0, Spares(tuple)
        self._folds = Folds()
        self.__signature__ = _TAKEN  # which `train` asks for at each call; `inspect` needs 30 us to find it

    def __call__(self, params: Any, x: Any, y: Any, /) -> tuple[Any, Grads[Any]]:
        """(cost, Grads), as `value_and_grad(loss)` returns it."""
        arrays, numbers, made = list[Any](), list[Any](), None
        try:
            step = self.step(params, x, y, arrays, numbers)
            if isinstance(step, CompiledStep):
                made = tried(step, arrays, numbers, x, y)
            elif isinstance(step, Segments):
                made = tried(step, params, x, y)
            return self._plainly(step, params, x, y) if made is None else made
        except FuncnnError as error:
            end_at_caller(error)
            raise

    def _plainly(self, step: Step, *arguments: Any) -> tuple[Any, Grads[Any]]:
        """The result of NumPy, if that is what was asked for."""
        if self.portable:
            refuse("compiled", step if isinstance(step, str) else FAULT, lambda: self._plain(*arguments))
        return self._plain(*arguments)

    def step(self, params: Any, x: Any, y: Any, arrays: list[Any], numbers: list[Any]) -> Step:
        """How these arguments are computed, or the reason why NumPy does; what differs goes to the two lists."""
        try:
            form = form_of_rows(x, y)
            flatten(params, arrays, numbers, form)
        except Untraceable as reason:
            return str(reason)
        self._forget_old_rules()
        for i, (known, step, is_unchanged) in enumerate(self._steps):
            if known == form and is_unchanged():
                self._changes = 0
                if i:
                    self._steps = [self._steps[i], *[one for one in self._steps if one[1] is not step]]
                return step
        self._changes += any([known == form for known, *_ in self._steps])
        if self._changes > _MOST_CHANGES:
            step, is_unchanged = "the loss or a rule reads what changes in each step", always
        else:
            step, is_unchanged = guarded(lambda: self._made(params, x, y, arrays, numbers), form, self.loss)
        if not self.portable and not unavailable():
            if is_unchanged is always:
                step = segments(self._plain, step, params, x, y)
            if isinstance(step, str):
                step = Plain(step, self._plain)
        if isinstance(step, Way):
            step.rows, step.is_unchanged = form_of_rows(x, y), is_unchanged
        self._steps = [(form, step, is_unchanged), *self._steps[: _MOST_STEPS - 1]]
        return step

    def _forget_old_rules(self) -> None:
        """Drop the kernels of classes that have got another rule."""
        if self._registered == len(registered):
            return
        new, self._registered = tuple(set(registered[self._registered :])), len(registered)
        self._folds.forget()
        self._steps = [one for one in self._steps if not _has_class(one[0], new)]
        for way in [step for _, step, _ in self._steps if isinstance(step, Way)]:
            way.folds = [one for one in way.folds if not _has_class(one[0], new)]

    def _made(self, params: Any, x: Any, y: Any, arrays: list[Any], numbers: list[Any]) -> Step:
        """One kernel, else segments, if the result for these arguments is that of the plain path."""
        if self.portable:
            check_available("compiled")
        if reason := unavailable():
            return reason
        step = self._whole(params, x, y, arrays, numbers)
        if isinstance(step, CompiledStep) or step == DIFFERS or self.portable:
            return step
        of_trace = lambda traced: CompiledStep(traced, len(y[0] if type(y) is tuple else y), self.threads, self._pool)
        return segments(self._plain, step, params, x, y, self._tail, of_trace)

    def _whole(self, params: Any, x: Any, y: Any, arrays: list[Any], numbers: list[Any]) -> CompiledStep | str:
        """One kernel for the network, or why there is none."""
        if reason := unsuited(x, y, arrays, any_width=self.portable):
            return reason
        try:
            step = self._step_for(params, x, y, self.threads)
        except Exception as error:  # noqa: BLE001  of a user's rule or loss, which raises its errors again where it runs plain
            return reason_of(error)
        sample, few, plain = self._sample(step, params, x, y)
        if not isinstance(plain[0], float | np.generic):
            return f"the cost must be a number, not {kind(plain[0])}"
        step.number = type(plain[0])
        made = tried(sample, arrays, numbers, *few)
        return step if made is None or agree(made, plain, step.dtype) else DIFFERS

    def _step_for(self, params: Any, x: Any, y: Any, threads: int = 1) -> CompiledStep:
        return CompiledStep(trace(self.loss, params, x, y), len(x), threads, self._pool, portable=self.portable)

    def _tail(self, params: Any, x: Any, y: Any) -> Traced:
        """The trace of the last layers and the loss, with the gradient with respect to x as well."""
        if reason := unsuited(x, y, flattened(params)[0]):
            raise Untraceable(reason)
        return trace(self.loss, params, x, y, inputs=True)

    def _sample(
        self, step: CompiledStep, params: Any, x: Any, y: Any
    ) -> tuple[CompiledStep, tuple[Any, Any], tuple[Any, Grads[Any]]]:
        """A step with the same code for the first rows, these rows, and NumPy's result; else the step and all rows."""
        if len(x) > MOST_COMPARED:
            few = tuple(map(first_rows, (x, y)))
            plain, sample = tried(self._plain, params, *few), tried(self._step_for, params, *few)
            if plain is not None and sample is not None and sample.kernel.text == step.kernel.text:
                return sample, few, plain
        return step, (x, y), self._plain(params, x, y)

    def fold(self, now: Any, batches: Sequence[Any], lrs: Sequence[float]) -> Any:
        """The state after a step with the first batch, and with the next ones of its shape; None if none is taken."""
        self._forget_old_rules()
        return self._folds(self, now, batches, lrs)

    def update_told(self, now: Any, x: Any, y: Any) -> str:
        """Where the update of a step from a state is computed, and why."""
        return self._folds.told(self, now, x, y)

    @property
    def update(self) -> Callable[..., Any]:
        """`update`, or its portable form."""
        return updated if self.portable else update

    def __reduce__(self) -> Any:
        return Compiled, (self.loss, self.threads, self.portable)

    def __repr__(self) -> str:
        return f"compiled({getattr(self.loss, '__name__', self.loss)}{', portable=True' * self.portable})"


@checked
def compiled(loss: Loss, *, threads: Count = 1, portable: Flag = False) -> Compiled:
    """`value_and_grad(loss)` as machine code, several times as fast for small networks: (params, x, y) -> (cost, Grads)

    At the first call for a network of some structure, `forward`, the loss and `backward_params` are applied to symbolic
    arrays, as they stand, also the rules of your own layers. What they compute becomes a program over a few rows at a
    time, which llvmlite translates for the processor of this machine; the code is kept in the folder $FUNCNN_CACHE (by
    default ~/.cache/funcnn). A network that is not one program is computed layer by layer: the last layers and the loss
    as one program, as far as they can be, and others by machine code of their own, or by NumPy.

    NumPy computes all results where no part is machine code, and where the first result is not that of
    `value_and_grad(loss)`; `explain` says why. Errors are those of `value_and_grad`. What a rule or the loss reads,
    such as its code, default arguments, global variables and the functions that it calls, is compared in each call, and
    after a change it is compiled anew. NumPy's warnings about overflow do not appear.

    Rows are summed in another order than by NumPy, so results differ by rounding errors. They have the same bits for
    any number of threads, and if `portable` is True also on every processor; then a network must be one kernel.

    Needs the extra `compiled`, `pip install "funcnn[compiled]"`; without it, results are computed by NumPy.

    >>> import numpy as np
    >>> from funcnn import Dense, mse
    >>> from funcnn.compilation import compiled
    >>> cost, grads = compiled(mse)(Dense(np.eye(1), np.zeros(1)), np.array([[3.0]]), np.array([[1.0]]))
    >>> cost, grads.params
    (4.0, Dense(W=<f64 [[12.]]>, b=<f64 [4.]>))

    Raises:
        KindError: `loss` is not a function, or `threads` not a whole number. With `portable`, the function raises it if
            a part of the step is not machine code.
        RangeError: `threads` is less than 1.
        MissingError: of the function, with `portable`: llvmlite is not installed.
    """
    return Compiled(loss, threads, portable)


def _has_class(form: list[Any], classes: tuple[type, ...]) -> bool:
    return any([isinstance(part, type) and issubclass(part, classes) for part in form])


@cache
def unavailable() -> str:
    """Why nothing can be compiled on this machine, or an empty string; the first call warns."""
    try:
        with needing("compiled", "llvmlite", ", so NumPy computes"):
            engine()
    except MissingError as error:
        warnings.warn(str(error), RuntimeWarning, stacklevel=2)
        return str(error)
    return ""


def check_available(function: str) -> None:
    """Check that machine code can be made, for a function with `portable`."""
    with needing(f"{function} with portable=True", "llvmlite"):
        engine()
