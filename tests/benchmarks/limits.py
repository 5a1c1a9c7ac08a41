"""The limits of a core: how fast it multiplies and adds, and how fast it reads and writes, measured by short loops.

A row of a table names the operations and the bytes that it cannot do without: those of the products, and those of what
it is given and what it makes. Elementwise functions are not counted, so no program reaches the limit of a small row.
"""

from ctypes import CFUNCTYPE, c_double, c_float, c_int64
from time import process_time
from typing import NamedTuple

import numpy as np

from funcnn.blas import AVX512, blas
from tests.benchmarks.contenders import installed

SIDE = 512  # of the matrices of a product: they fit into a cache
RESULTS = {np.float32: c_float, np.float64: c_double}
VECTORS = 10  # of sums: two units with a latency of 4 or 5 cycles, in at most 16 registers
ROUNDS = 1_000_000
SIZES = {"cache of a core": 1 << 19, "shared cache": 1 << 23, "memory": 1 << 27}  # bytes of the three arrays of a triad


class Limit(NamedTuple):
    """Operations and bytes of a step, and the dtype of its operations."""

    flops: float
    moved: float
    dtype: type

    def seconds(self, core: "Core") -> tuple[float, float]:
        """The least time by the operations, and by the bytes."""
        return self.flops / core.flops[self.dtype], self.moved / core.bandwidth(self.moved)


class Core(NamedTuple):
    """Operations a second by dtype, those of NumPy's product, and bytes a second by the size of what is moved."""

    flops: dict[type, float]
    products: dict[type, float]
    bytes: dict[str, float]

    def bandwidth(self, moved: float) -> float:
        """Bytes a second, of the smallest arrays that were measured and are not smaller; else of the largest."""
        return self.bytes[next((name for name, size in SIZES.items() if size >= moved), [*SIZES][-1])]

    def described(self) -> str:
        """One line."""
        of = lambda rates: " and ".join([f"{rate / 1e9:.0f} in {np.dtype(dtype)}" for dtype, rate in rates.items()])
        moved = ", ".join([f"{rate / 1e9:.0f} ({name})" for name, rate in self.bytes.items()])
        return f"A core makes {of(self.flops)} GFLOP/s; NumPy's products {of(self.products)}. It moves {moved} GB/s."


def measured() -> Core:
    """The limits of the core on which this process runs."""
    products = {dtype: product_rate(dtype) for dtype in RESULTS}
    loops = {dtype: fma_rate(dtype) if installed("llvmlite") else 0 for dtype in RESULTS}
    flops = {dtype: max(products[dtype], loops[dtype]) for dtype in RESULTS}
    return Core(flops, products, {name: triad_rate(size) for name, size in SIZES.items()})


def product_rate(dtype: type) -> float:
    """Operations a second of a product of matrices by NumPy."""
    a, out = np.ones((SIDE, SIDE), dtype), np.empty((SIDE, SIDE), dtype)
    return 2 * SIDE**3 / shortest(lambda: np.matmul(a, a, out), 20)


def triad_rate(size: int) -> float:
    """Bytes a second of a = b + s c, which NumPy computes in two passes: a = s c, a = a + b."""
    a, b, c = np.ones((3, size // 24))
    passes = max(1, (1 << 24) // size)  # so that the clock's resolution is short beside a turn

    def triad():
        for _ in range(passes):
            np.multiply(c, 3.0, a)
            np.add(a, b, a)

    return 5 * a.nbytes * passes / shortest(triad, 5)


def fma_rate(dtype: type) -> float:
    """Operations a second of a loop of fused multiplications and additions, of vectors in registers."""
    import llvmlite.binding as llvm

    lanes = (64 if blas().processor & AVX512 else 32) // np.dtype(dtype).itemsize
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    host = {"cpu": llvm.get_host_cpu_name(), "features": llvm.get_host_cpu_features().flatten()}
    machine = llvm.Target.from_default_triple().create_target_machine(**host)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(loop_of_sums(dtype, lanes)), machine)
    loop = CFUNCTYPE(RESULTS[dtype], c_int64)(engine.get_function_address("loop"))
    return 2 * ROUNDS * VECTORS * lanes / shortest(lambda: loop(ROUNDS), 5)


def loop_of_sums(dtype: type, lanes: int) -> str:
    """The loop in LLVM's language: s = c s + c for each of the vectors."""
    bits = 8 * np.dtype(dtype).itemsize
    number = {32: "float", 64: "double"}[bits]
    vector, fma, sums = f"<{lanes} x {number}>", f"@llvm.fma.v{lanes}f{bits}", range(VECTORS)
    c = f"<{', '.join([f'{number} 0.5'] * lanes)}>"
    return "\n".join(
        [
            f"declare {vector} {fma}({vector}, {vector}, {vector})",
            f"define {number} @loop(i64 %rounds) {{",
            "entry:",
            "  br label %body",
            "body:",
            "  %i = phi i64 [0, %entry], [%next, %body]",
            *[f"  %s{k} = phi {vector} [{c}, %entry], [%t{k}, %body]" for k in sums],
            *[f"  %t{k} = call {vector} {fma}({vector} %s{k}, {vector} {c}, {vector} {c})" for k in sums],
            "  %next = add i64 %i, 1",
            "  %more = icmp ult i64 %next, %rounds",
            "  br i1 %more, label %body, label %done",
            "done:",  # all sums make the result, so that none is left out
            f"  %a0 = fadd {vector} %t0, %t1",
            *[f"  %a{k - 1} = fadd {vector} %a{k - 2}, %t{k}" for k in sums[2:]],
            f"  %result = extractelement {vector} %a{VECTORS - 2}, i32 0",
            f"  ret {number} %result",
            "}",
        ]
    )


def shortest(run, repeats: int) -> float:
    """CPU seconds of the shortest of some turns, after one that is not counted."""
    run()
    times = []
    for _ in range(repeats):
        began = process_time()
        run()
        times.append(process_time() - began)
    return min(times)
