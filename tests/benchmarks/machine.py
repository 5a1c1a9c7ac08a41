"""What a time depends on beside the programs: the processor, and the versions of all that runs."""

import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import sleep

import numpy as np

from funcnn.blas import blas

LIBRARIES = ["numpy", "torch", "jax", "optax", "scikit-learn", "mygrad", "autograd", "llvmlite"]
EXTENSIONS = {"sse4_2": "SSE4.2", "avx": "AVX", "avx2": "AVX2", "fma": "FMA", "avx512f": "AVX-512"}


def described() -> list[str]:
    """The processor, its vector extensions, and versions; a library that is not installed is left out."""
    return [
        f"{_processor('model name') or platform.machine()}, {_extensions()}, {platform.system()}",
        f"Python {platform.python_version()}, {', '.join(filter(None, map(_with_version, LIBRARIES)))}",
        f"NumPy computes matrix products with OpenBLAS {openblas()}",
        *[f"A faster BLAS: {remedy}" for remedy in [blas().remedy] if remedy],
    ]


def busy(during: float = 1.0) -> float:
    """The share of all cores that was in use; 0 where no file tells."""
    before = _cpu_times()
    sleep(during)
    passed = [b - a for a, b in zip(before, _cpu_times(), strict=True)]
    return 1 - sum(passed[3:5]) / sum(passed) if sum(passed) else 0.0  # the 4th is idle, the 5th waits for a disk


def _cpu_times() -> list[int]:
    stat = Path("/proc/stat")
    return [int(word) for word in stat.read_text("utf-8").split("\n")[0].split()[1:]] if stat.exists() else []


def openblas() -> str:
    """The version of NumPy's OpenBLAS, and for which processor its kernels are written."""
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return np.show_config("dicts")["Build Dependencies"]["blas"]["version"]
    [mine] = [info for info in threadpool_info() if "numpy" in Path(info["filepath"]).parent.name]
    return f"{mine['version']}, kernels for {mine['architecture']}"


def _extensions() -> str:
    flags = _processor("flags").split()
    return " ".join([name for flag, name in EXTENSIONS.items() if flag in flags]) or "vector extensions unknown"


def _processor(field: str) -> str:
    """A line of Linux's description of the first core; empty on other systems."""
    cpuinfo = Path("/proc/cpuinfo")
    text = cpuinfo.read_text("utf-8") if cpuinfo.exists() else ""
    found = re.search(rf"^{field}\s*: (.*)$", text, re.MULTILINE)
    return found[1] if found else ""


def _with_version(library: str) -> str:
    try:
        return f"{library} {version(library)}"
    except PackageNotFoundError:
        return ""
