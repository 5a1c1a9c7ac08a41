"""The functions of `funcnn.parallel`."""

from concurrent.futures import ThreadPoolExecutor

from funcnn.parallel import sharded, threads
from tests.kinds.rows import kind, row

executor = kind(None, "None").made(lambda: ThreadPoolExecutor(1))
ROWS = [row(threads, needs="threadpoolctl"), row(sharded, executor=executor, needs="threadpoolctl")]
