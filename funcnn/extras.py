"""Optional libraries: the extra that installs each, and the one error where a library is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from funcnn.errors import FuncnnError, MissingError

# The libraries that funcnn imports where they are used: the extra that installs each, and what needs it.
LIBRARIES = {
    "autograd": ("autograd", "funcnn.testing.autograd"),
    "fsspec": ("fsspec", "URLs in save and load"),
    "hypothesis": ("testing", "funcnn.testing"),
    "jax": ("jax", "funcnn.interop.jax, funcnn.testing.jax"),
    "llvmlite": ("compiled", "funcnn.compilation"),
    "matplotlib": ("plot", "funcnn.plot"),
    "mpmath": ("mpmath", "checks of funcnn.testing in exact arithmetic"),
    "mygrad": ("mygrad", "funcnn.testing.mygrad"),
    "onnx": ("onnx", "funcnn.interop.onnx"),
    "optax": ("optax", "funcnn.interop.optax"),
    "pyarrow": ("arrow", "funcnn.interop.arrow"),
    "pytest": ("pytest", "the plugin funcnn_pytest, every_layer of funcnn.testing"),
    "ray": ("ray", "funcnn.interop.ray"),
    "safetensors": ("safetensors", "funcnn.interop.safetensors"),
    "scikit-learn": ("sklearn", "funcnn.interop.sklearn, funcnn.metrics.r2"),
    "scipy": ("minimize", "funcnn.interop.scipy"),
    "spox": ("onnx", "funcnn.interop.onnx"),
    "thinc": ("thinc", "funcnn.testing.thinc"),
    "threadpoolctl": ("parallel", "funcnn.parallel, and kernels and threads of BLAS in the report of python -m funcnn"),
    "torch": ("torch", "funcnn.interop.torch, funcnn.testing.torch"),
    "tqdm": ("progress", "progress bars of funcnn.training"),
}
_MODULES = {"scikit-learn": "sklearn"}  # where the module has another name than the library


def install(library: str) -> str:
    """The command that installs the extra of a library; in a clone it names the folder, so it runs in any other."""
    from pathlib import Path  # noqa: PLC0415  imported late, since it takes a tenth of the import time

    (extra, _), root = LIBRARIES[library], Path(__file__).parents[1]
    is_clone = (root / "pyproject.toml").is_file()
    return f'pip install -e "{root}[{extra}]"' if is_clone else f'pip install "funcnn[{extra}]"'


@contextmanager
def needing(user: str, library: str, otherwise: str = "") -> Iterator[None]:
    """A block that imports a library, which `user` needs; errors of funcnn itself pass.

    Raises:
        MissingError: the library is not installed; or it cannot be loaded, with the reason and its traceback.
    """
    try:
        yield
    except FuncnnError:
        raise
    except Exception as error:  # noqa: BLE001  a broken installation may raise anything
        absent = error.name if isinstance(error, ModuleNotFoundError) else None
        is_missing = absent == _MODULES.get(library, library)
        reason, _, _ = f"{type(error).__name__}: {error}".partition("\n")
        state = "is missing" if is_missing else f"cannot be loaded ({reason})"
        text = f"{library} {state}, which {user} needs{otherwise}; write {install(library)}"
        raise MissingError(text, name=absent) from (None if is_missing else error)
