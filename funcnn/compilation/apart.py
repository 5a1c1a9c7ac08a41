"""Steps of training in two calls: the gradient, of a network in segments or of a kernel, then the update."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from itertools import accumulate, count
from typing import Any

import numpy as np

from funcnn.arrays import as_array, owned
from funcnn.compilation.copies import Copies
from funcnn.compilation.memory import address, aligned, fresh, sealed
from funcnn.compilation.segments import Segments
from funcnn.compilation.shapes import FLOATS, NUMBER, Untraceable
from funcnn.compilation.sharing import ARGUMENTS
from funcnn.compilation.step import CompiledStep
from funcnn.compilation.structure import flatten, symbolic
from funcnn.compilation.trace import padded
from funcnn.compilation.update import NoMemoryYet, UpdateProgram, entries
from funcnn.optimizers.base import update
from funcnn.training.finite import is_finite
from funcnn.trees.walks import arrays_in, map_arrays, walk

M, N, E, T = [ARGUMENTS.index(name) for name in "MNET"]


class StepsApart:
    """Steps whose gradient is not in the call of the update, as where a network is segments.

    The call has sgd and as many optimizers at the end of a chain as kernels can compute. NumPy computes the others
    before it, such as ClipNorm. The next states of the network are those in the gradient. `told` says where the update
    is computed, given the reason why it is not in the call.

    Raises:
        Untraceable: an optimizer has no memory yet, or there is no kernel for the parameters.
    """

    is_unchanged: Callable[[], bool]  # whether the optimizer's rules are as they were

    def __init__(self, step: CompiledStep | Segments, reason: str, now: Any, grads: Any) -> None:
        self.step, self._form = step, list[Any]()
        params = _symbolic(now.params)
        self._count, steps, self.update = _divided(now, grads, params)
        program, after = self.update, self.update.after
        self.told = f"{'not in the call' if self._count else 'in a call of its own'}: {reason}"
        flatten(steps.params, [], [], self._form)
        self._firsts = [program.firsts.get(id(s)) for s in arrays_in(params) if s.dtype != NUMBER]
        self._firsts += [s.data for s in program.memories]
        self._params = Copies(params, params, program.dtype, program.firsts, {}, takes_states=True).copy
        numbers = {id(s): i for i, s in enumerate(program.states.following)}
        self._optimizer = Copies(after, after, program.dtype, program.firsts, numbers).copy
        self._function = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 2)(program.function)

    def __call__(self, now: Any, flat: Any, batches: Sequence[Any], lrs: Sequence[float]) -> Any:
        """As of a Fold, but it may take fewer steps than there are batches."""
        vector, numbers = (flat.vector, flat.own_numbers) if flat else self.gathered(now)
        made = None
        for (x, y), lr in zip(batches, lrs, strict=True):
            found = self._gradient(now.params, x, y)
            if found is None or not is_finite(found[0]):
                break
            after = self.after(now, vector, numbers, *found, lr)
            if after is None:
                break
            made = after
            now, vector, _, numbers = after
        return made

    def _gradient(self, params: Any, x: Any, y: Any) -> Any:
        if isinstance(self.step, Segments):
            return self.step(params, x, y)
        arrays, numbers = list[Any](), list[Any]()
        flatten(params, arrays, numbers, [])
        return self.step(arrays, numbers, x, y)

    def after(self, now: Any, vector: Any, numbers: list[Any], cost: Any, grads: Any, lr: float) -> Any:
        """The state after a step, its vector, and its numbers, given those before it; None for another gradient."""
        program, chain = self.update, _chain(now.optimizer)
        steps, plain = update(chain[: self._count], grads, now.params) if self._count else (grads, ())
        form, arrays = list[Any](), list[Any]()
        flatten(steps.params, arrays, [], form)
        if form != self._form:
            return None
        arrays = list(map(np.ascontiguousarray, arrays))
        table, constants = (
            program.table_for(list(map(address, arrays))),
            np.array(program.numbers(lr, numbers), program.dtype),
        )
        new, block = fresh((program.length,), program.dtype), np.zeros(len(ARGUMENTS), np.int64)
        block[[M, N, E, T]] = address(vector), address(new), address(program.panels), address(table)
        self._function(address(block), address(constants))
        numbers = program.states.after(numbers)
        optimizer = (*plain, *self._optimizer(program.after, sealed(new), numbers))
        params = self._params(now.params, new, [], steps.params)
        if type(now.optimizer) is not tuple:
            [optimizer] = optimizer
        return now.after(params, optimizer, owned(as_array(cost))), new, [], numbers

    def gathered(self, now: Any) -> tuple[Any, list[Any]]:
        """The vector of a state, and the numbers of its optimizers."""
        vector, arrays, numbers = aligned(self.update.length, self.update.dtype), list[Any](), list[Any]()
        flatten(now.params, arrays, [], [])
        flatten(_chain(now.optimizer)[self._count :], arrays, numbers, [])
        for first, array in zip(self._firsts, arrays, strict=True):
            if first is not None:
                vector[first : first + array.size] = array.reshape(-1)
        return vector, numbers


def _chain(optimizer: Any) -> tuple[Any, ...]:
    return optimizer if type(optimizer) is tuple else (optimizer,)


def _symbolic(params: Any) -> Any:
    """The entries of the parameters; states are arrays that no kernel reads."""
    sizes = [padded(a.size, a.dtype) for _, a in walk(params, states=False)]
    firsts = accumulate(sizes, initial=0)
    states = symbolic(params, lambda a: entries("an array that is a state", a, 0), [])
    return map_arrays(lambda s: entries("parameters", s, next(firsts)), states, states=False)


def _divided(now: Any, grads: Any, params: Any) -> tuple[int, Any, UpdateProgram]:
    """How many optimizers of a chain NumPy computes, what they give, and the program of the others and of sgd."""
    chain = _chain(now.optimizer)
    dtype = next(walk(params, states=False))[1].dtype
    if dtype not in FLOATS:
        raise Untraceable(f"kernels compute in float32 and float64, the parameters are {dtype}")
    for i in range(len(chain) + 1):
        steps, _ = update(chain[:i], grads, now.params)
        numbers = count()
        given = symbolic(steps.params, lambda a: entries("gradients", a, next(numbers)), [])  # noqa: B023  called at once
        try:
            return i, steps, UpdateProgram(chain[i:], params, given, dtype, is_apart=True)
        except NoMemoryYet:
            raise
        except Exception:
            if i == len(chain):
                raise
    raise AssertionError
