"""The functions of `funcnn.parallel`."""

from concurrent.futures import ThreadPoolExecutor

from funcnn.parallel import sharded, threads
from tests.kinds.kinds import count, gradient_of, number
from tests.kinds.rows import kind, row

executor = kind(None, "None").made(lambda: ThreadPoolExecutor(1))
ROWS = [
    row(threads, n=count, needs="threadpoolctl"),
    row(
        sharded,
        value_and_grad=gradient_of,
        rows=count | "None",
        executor=executor,
        timeout=number | "None",
        retries=count,
        pending=count,
        needs="threadpoolctl",
    ),
]
