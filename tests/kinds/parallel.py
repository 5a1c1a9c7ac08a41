"""The functions of `funcnn.parallel`."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from funcnn.parallel import sharded, shards, threads
from tests.kinds.rows import kind, row

executor = kind(None, "None").made(lambda: ThreadPoolExecutor(1))
ROWS = [
    row(threads, needs="threadpoolctl"),
    row(sharded, executor=executor, needs="threadpoolctl"),
    row(shards, parts=kind([np.ones((3, 2))]), name=kind(None, "None"), executor=executor),
]
