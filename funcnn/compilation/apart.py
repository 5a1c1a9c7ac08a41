"""Steps of training in two calls: the gradient, of a network in segments or of a kernel, then the update."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, count
from typing import Any

import numpy as np

from funcnn.arrays import as_array, owned
from funcnn.compilation.memory import StateVectors, address, aligned, sealed
from funcnn.compilation.segments import Plain, Way
from funcnn.compilation.shapes import FLOATS, Untraceable
from funcnn.compilation.step import CompiledStep
from funcnn.compilation.structure import Copies, flattened, symbolic
from funcnn.compilation.trace import padded, pairs
from funcnn.compilation.update import NoMemoryYet, UpdateProgram, entries
from funcnn.core import sgd
from funcnn.optimizers.base import update
from funcnn.optimizers.transforms import ClipNorm
from funcnn.training.finite import is_finite
from funcnn.trees.walks import map_arrays, walk


class StepsApart:
    """Steps whose gradient is not in the call of the update, as where a network is segments.

    The call has sgd and as many optimizers at the end of a chain as kernels can compute. NumPy computes the optimizers
    before them, such as ClipNorm. The next states of the network are those in the gradient. `told` says where the
    update is computed, given the reason why it is not in the call.

    Raises:
        Untraceable: an optimizer has no memory yet, or there is no kernel for the parameters.
    """

    is_unchanged: Callable[[], bool]  # whether the optimizer's rules are as they were

    def __init__(self, step: Way, reason: str, vectors: StateVectors, now: Any, grads: Any) -> None:
        arrays = [a for _, a in walk(now.params, states=False)]
        self._forms = [(a.shape, a.dtype) for a in arrays]
        if not {a.dtype for a in arrays} <= FLOATS:
            raise Untraceable("parameters of another dtype than float32 and float64")
        firsts = accumulate([padded(a.size, a.dtype) for a in arrays], initial=0)
        params = _entries("parameters", now.params, firsts)
        self._count, program = _divided(_chain(now.optimizer), grads, now.params, params, arrays[0].dtype)
        self.step, self.update, self._vectors, after = step, program, vectors, program.after
        self.is_portable = all([type(one) is ClipNorm for one in _chain(now.optimizer)[: self._count]])
        self.told = f"{'not in the call' if self._count else 'in a call of its own'}: {reason}"
        self._params = Copies(params, params, program.dtype, program.firsts, {})
        self._has_states = any([is_state for *_, is_state in pairs(now.params, now.params)])
        self._form = flattened(now.params)[2]
        numbers = {id(s): i for i, s in enumerate(program.states.following)}
        self._optimizer = Copies(after, after, program.dtype, program.firsts, numbers).copy
        self._call = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 5)(program.code.function)
        self._panels = address(program.code.panels)

    def __call__(self, now: Any, flat: Any, batches: Sequence[Any], lrs: Sequence[float]) -> Any:
        """As of a Fold, but it may take fewer steps than there are batches."""
        vector, numbers = (flat.vector, flat.own_numbers) if flat else self.gathered(now)
        made = None
        for (x, y), lr in zip(batches, lrs, strict=True):
            cost, grads = self._gradient(now.params, x, y) or (math.nan, None)
            after = self.after(now, vector, numbers, cost, grads, lr) if is_finite(cost) else None
            if after is None:
                break
            now, vector, _, numbers = made = after
        return made

    def _gradient(self, params: Any, x: Any, y: Any) -> Any:
        if not isinstance(self.step, CompiledStep):
            return (self.step.plain if isinstance(self.step, Plain) else self.step)(params, x, y)
        arrays, numbers, _ = flattened(params)
        return self.step(arrays, numbers, x, y)

    def after(self, now: Any, vector: Any, numbers: list[Any], cost: Any, grads: Any, lr: float) -> Any:
        """The state after a step, its vector, and its numbers; None for a gradient or states of another form."""
        program, chain = self.update, _chain(now.optimizer)
        steps, plain = update(chain[: self._count], grads, now.params) if self._count else (grads, ())
        arrays = self._params.arrays(steps.params)
        if [(a.shape, a.dtype) for a in arrays] != self._forms:
            return None
        arrays = list(map(np.ascontiguousarray, arrays))
        addresses = np.array(list(map(address, arrays)), np.int64)
        constants = np.array(program.code.numbers(lr, numbers), program.dtype)
        new = self._vectors.take(program.length, program.dtype)
        self._call(self._panels, *map(address, (addresses, constants, vector, new)))
        numbers = program.states.after(numbers)
        optimizer = *plain, *self._optimizer(program.after, sealed(new), numbers)
        params = now.params
        if self._has_states:
            params = sgd(params, steps, 0.0)  # which takes the states in the gradient
            if flattened(params)[2] != self._form:
                return None
        params = self._params.copy(params, new, [])
        if type(now.optimizer) is not tuple:
            (optimizer,) = optimizer
        return now.after(params, optimizer, owned(as_array(cost))), new, [], numbers

    def gathered(self, now: Any) -> tuple[Any, list[Any]]:
        """The vector of a state, and the numbers of its optimizers."""
        program, (memory, numbers, _) = self.update, flattened(_chain(now.optimizer)[self._count :])
        vector = aligned(program.length, program.dtype)
        firsts = [*[s.data for s in program.memories], *self._params.firsts]
        for first, array in zip(firsts, [*memory, *self._params.arrays(now.params)], strict=True):
            vector[first : first + array.size] = array.reshape(-1)
        return vector, numbers


def _chain(optimizer: Any) -> tuple[Any, ...]:
    return optimizer if type(optimizer) is tuple else (optimizer,)


def _entries(name: str, tree: Any, firsts: Iterator[int]) -> Any:
    """A tree with the entries of its parameters; its states are arrays and numbers that no kernel reads."""
    states = symbolic(tree, lambda a: entries("an array that is a state", a, 0), [])
    return map_arrays(lambda s: entries(name, s, next(firsts)), states, states=False)


def _divided(chain: Any, grads: Any, params: Any, symbols: Any, dtype: Any) -> tuple[int, UpdateProgram]:
    """How many optimizers of a chain NumPy computes, as few as possible, and the program of the others and of sgd."""

    def program(first: int) -> UpdateProgram:
        steps = update(chain[:first], grads, params)[0].params
        return UpdateProgram(chain[first:], symbols, _entries("gradients", steps, count()), dtype, is_apart=True)

    for i in range(len(chain)):
        try:
            return i, program(i)
        except NoMemoryYet:
            raise
        except Exception:  # noqa: BLE001, S112  of a rule that kernels cannot compute
            continue
    return len(chain), program(len(chain))
