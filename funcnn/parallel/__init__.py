"""Gradients by blocks of rows, computed anywhere, with the same bits for any number of workers.

`blocks` divides the rows by their number alone, and cuts x and y; `shard` and `unread` read rows of files. `sums` adds
the gradients in pairs in a fixed order, and `sharding` has the public function. `runs` divides the blocks among the
workers, `engine` submits them and waits; `packing`, `sent`, `worker` and `store` carry them to other processes, which
`orphans` ends. `blas` keeps matrix products to one thread, and `coupled` refuses what depends on several rows at once.
"""

from funcnn.lazy import lazily

__getattr__, __dir__, __all__ = lazily(__name__)
