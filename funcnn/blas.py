"""The BLAS that NumPy uses: its name, for which processor its loaded kernels are written, and its number of threads."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

# Names that NumPy gives to AVX-512 as OpenBLAS needs it (foundation, CD, BW, DQ, VL), since 2.4 and before.
AVX512 = {"X86_V4", "AVX512_SKX"}
WITH_AVX512 = {"SkylakeX", "Cooperlake", "SapphireRapids"}  # kernels of OpenBLAS that use AVX-512


@attrs.frozen
class Blas:
    """NumPy's BLAS; `kernels` and `threads` are empty if they are unknown, `processor` has NumPy's names of extensions.

    `chooses` says that it is an OpenBLAS that chooses kernels when it is loaded, and takes those of OPENBLAS_CORETYPE.
    """

    name: str
    kernels: tuple[str, ...]
    threads: tuple[int, ...]
    chooses: bool
    processor: frozenset[str]

    def __str__(self) -> str:
        kernels = f"kernels for {', '.join(self.kernels)}" if self.kernels else "kernels unknown"
        threads = f"threads: {', '.join(map(str, self.threads))}" if self.threads else "number of threads unknown"
        return f"{self.name}; {kernels}; {threads}"

    @property
    def remedy(self) -> str:
        """How to make it use the vector extensions of the processor; empty if it does, or if that is not certain."""
        if not (self.chooses and self.kernels and self.processor & AVX512) or WITH_AVX512 & {*self.kernels}:
            return ""
        return "set OPENBLAS_CORETYPE=SkylakeX before Python starts: this processor has AVX-512, which its kernels lack"


def blas() -> Blas:
    """What NumPy says about its BLAS, and threadpoolctl, if it is installed, about the one that is loaded."""
    built = np.show_config("dicts")
    own = built.get("Build Dependencies", {}).get("blas", {})
    simd = built.get("SIMD Extensions", {})
    try:
        from threadpoolctl import threadpool_info  # noqa: PLC0415  an optional library
    except ImportError:
        pools: list[Any] = []
    else:
        pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    return Blas(
        name=f"{own.get('name', 'unknown')} {own.get('version', '')}".strip(),
        # An OpenBLAS that chooses its kernels names in NumPy's configuration those of the machine that built it.
        kernels=tuple(dict.fromkeys([pool["architecture"] for pool in pools if "architecture" in pool])),
        threads=tuple([pool["num_threads"] for pool in pools]),
        chooses="DYNAMIC_ARCH" in own.get("openblas configuration", ""),
        processor=frozenset([*simd.get("baseline", ()), *simd.get("found", ())]),
    )
