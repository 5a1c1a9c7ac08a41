"""How other processors than this one are emulated, each in a process of its own."""

import os
import platform
import subprocess
import sys
from pathlib import Path

from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

ROOT = Path(__file__).parents[2]
HERE, ARM = "this processor", "ARM64"
NEWER = [name for name in __cpu_dispatch__ if __cpu_features__[name]]  # NumPy has loops for them
# By name: LLVM's name and features of a processor, and the kernels of OpenBLAS.
X86 = {
    "x86-64": ("x86-64", "-sse3,-ssse3,-sse4.1,-sse4.2,-avx,-avx2,-fma,-avx512f", "Prescott"),
    "Nehalem": ("nehalem", "-avx,-avx2,-fma,-avx512f", "Nehalem"),
    "Sandy Bridge": ("sandybridge", "+avx,-avx2,-fma,-avx512f", "Sandybridge"),
    "Haswell": ("haswell", "+avx,+avx2,+fma,-avx512f", "Haswell"),
    "Skylake with AVX-512": ("skylake-avx512", "+avx,+avx2,+fma,+avx512f,+avx512dq,+avx512vl", "SkylakeX"),
}


def emulated():
    """The names of the processors whose instructions this one has."""
    if platform.machine() not in {"x86_64", "AMD64"}:
        return []
    needs = {"Sandy Bridge": "AVX", "Haswell": "AVX2", "Skylake with AVX-512": "AVX512F"}
    return [name for name in X86 if __cpu_features__[needs.get(name, "SSE2")]]


def results(name, words, *, arm=None):
    """What `tests.fingerprints.trained` prints on a processor, as a dictionary; `arm` is a folder of arm64.sh."""
    python, environment = sys.executable, os.environ | {"PYTHONPATH": str(ROOT)}
    if name == ARM:
        python = str(arm / "python")
    elif name != HERE:
        cpu, features, environment["OPENBLAS_CORETYPE"] = X86[name]
        if "+fma" not in features:
            environment["GLIBC_TUNABLES"] = "glibc.cpu.hwcaps=-FMA,-AVX2,-FMA4,-AVX"  # for powers of C
        environment["NPY_DISABLE_CPU_FEATURES"] = " ".join(NEWER if "AVX-512" not in name else [])
        words = ["--cpu", cpu, f"--features={features}", *words]
    command = [python, "-m", "tests.fingerprints.trained", *words]
    done = subprocess.run(command, env=environment, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return dict([line.rsplit(": ", 1) for line in done.stdout.splitlines()])
