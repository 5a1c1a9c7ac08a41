"""Gradients by blocks of rows, computed anywhere, with the same bits for any number of workers.

`blocks` divides the rows by their number alone, and cuts x and y; `sums` adds the gradients in the order of the blocks,
and `sharding` has the public function. `engine` submits blocks and waits for them; `packing`, `sent` and `worker` carry
them to other processes, which `orphans` ends. `blas` keeps matrix products to one thread, and `coupled` refuses what
depends on several rows at once.
"""

from funcnn.lazy import lazily

__getattr__, __dir__, __all__ = lazily(__name__)
