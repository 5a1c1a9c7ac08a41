"""The division of blocks into runs, each of which one worker computes and adds."""

from __future__ import annotations

from concurrent.futures import Executor
from contextlib import suppress
from typing import Any, NamedTuple

from funcnn.parallel.blocks import RowBlock, is_unread


class BlockRun(NamedTuple):
    """Consecutive blocks of k, with the network for all rows; and rows on which to check that rows are independent."""

    k: int
    params: Any
    blocks: list[RowBlock]
    sample: tuple[Any, Any, int] | None = None


def workers_of(executor: Executor) -> int | None:
    """How many workers an executor has: a ProcessPoolExecutor, or one of loky, MPI, Ray or Dask; None if it is another,
    or was shut down.
    """
    client = getattr(executor, "_client", None)  # of Dask
    with suppress(Exception):
        return getattr(executor, "_max_workers", None) if client is None else sum(client.ncores().values()) or None
    return None


def divided(whole: BlockRun, workers: int | None, pending: int) -> tuple[list[BlockRun], int]:
    """n runs, and how many of them an executor has at a time: about as many as have `pending` blocks together.

    n is the number of workers, times 2, 4, ... if that is needed for each worker to have a run. If the number of
    workers is unknown, each block is a run. If workers read the rows, n is the number of workers, and an executor has
    all runs, since rows take no memory in the process that divides.
    """
    k, _, blocks, sample = whole
    n = workers = workers or k
    if is_unread((blocks[0].x, blocks[0].y)):
        pending = k
    while n < k and n * pending < k * workers:
        n *= 2
    n = min(n, k)
    parts = [blocks[k * i // n : k * (i + 1) // n] for i in range(n)]
    runs = [whole._replace(blocks=part, sample=sample if part is parts[0] else None) for part in parts]
    return runs, max(1, n * pending // k)


def words_of_blocks(blocks: list[RowBlock], k: int) -> str:
    """The blocks in words, for messages; without a block, an error was that of the check of rows."""
    if not blocks:
        return "a check of few rows"
    first, last = blocks[0], blocks[-1]
    if first is last:
        return f"block {first.i} of {k}, {first.which}"
    return f"blocks {first.i} to {last.i} of {k}"
