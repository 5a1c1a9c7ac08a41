"""Batches that a thread reads ahead, while the caller computes with the batch before."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Annotated, Any

import attrs

from funcnn.checked import checked
from funcnn.data.sequence import A, B, Rerouted, X_co, Y_co
from funcnn.needs import Count, fitting

_NO_BATCHES = (str, bytes, bytearray, range, deque)
_SEQUENCE = fitting(
    "a sequence of batches, such as batches makes",
    lambda data: isinstance(data, Sequence) and not isinstance(data, _NO_BATCHES),
)


@checked
def prefetch(data: Annotated[Sequence[tuple[A, B]], _SEQUENCE], n: Count) -> Prefetched[A, B]:
    """The same batches in the same order; in a loop, a thread reads up to n batches ahead.

    `data` is what `batches` makes, or another sequence of batches; so a slice of the result has the batches of a slice
    of `data`, and `prefetch(data, n)[state.step:]` resumes a run to the same bits. Besides the batch in use, up to n
    batches are in memory. This saves time if reading a batch waits for a file, or computes without Python's lock, as
    NumPy and pyarrow do in large arrays.

    An exception is raised where its batch would have been. The thread begins with the loop, and uses the `np.errstate`
    that holds there. It ends after the last batch, or when the loop is left or its iterator is closed; a batch that is
    then being read is finished, and no other is begun.

    >>> import numpy as np
    >>> from funcnn import batches
    >>> from funcnn.data import prefetch
    >>> x = np.arange(10.0).reshape(5, 2)
    >>> data = batches(x, x[:, :1], 2, epochs=3, seed=0)
    >>> ahead = prefetch(data, 2)
    >>> len(ahead), all(np.array_equal(a, b) for (a, _), (b, _) in zip(ahead[4:], data[4:], strict=True))
    (9, True)
    """
    return Prefetched(data, n)


@attrs.frozen(eq=False)
class Prefetched(Rerouted[X_co, Y_co]):
    """A sequence of batches whose iterators read n batches ahead."""

    n: int

    def __iter__(self) -> Iterator[tuple[X_co, Y_co]]:
        """The batches in order. The thread has no reference to this generator, so that leaving a loop closes it."""
        read: Any = copy_context().run
        batches, end = iter(self.data), object()
        with ThreadPoolExecutor(1, "prefetch") as thread:
            waiting = deque([thread.submit(read, next, batches, end) for _ in range(min(self.n, len(self.data) + 1))])
            try:
                while (batch := waiting.popleft().result()) is not end:
                    waiting.append(thread.submit(read, next, batches, end))
                    yield batch
            finally:
                for future in waiting:
                    future.cancel()
