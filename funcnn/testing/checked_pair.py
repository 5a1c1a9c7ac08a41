"""A pair (f, vjp) whose calls are checked: arguments are not written to, gradients have the right shapes and dtypes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import attrs
import numpy as np

from funcnn.arrays import Array, kind, short
from funcnn.testing.differentiation.vector_function import Vjp
from funcnn.testing.domain import Domain
from funcnn.testing.verdict import GradientError, NotPure, Raised, WrongDtype, WrongShape


@attrs.frozen(eq=False)
class CheckedPair:
    """f and vjp, with checks of every call. `casts` says that gradients of a wrong dtype are cast."""

    f: Callable[..., Any]
    vjp: Vjp
    names: tuple[str, ...]
    domain: Domain
    casts: bool = False

    def forward(self, *args: Array) -> Any:
        """The result of f, which must not write to its arguments. Raises OutsideDomainError."""
        self.domain.check(args)
        try:
            return self.f(*args)
        except ValueError as error:
            raise write_error("f", error) or error from None

    def backward(self, args: tuple[Array, ...], dA: Array) -> list[Any]:
        """The gradients from vjp, as arrays of the right shapes and dtypes; None for arguments without a gradient.

        Raises OutsideDomainError.
        """
        self.domain.check(args)
        with raising("vjp"):
            gradients = self.vjp(args, dA)
        check_count(gradients, len(args))
        return [self._as_fitting_gradient(*each, dA.dtype) for each in zip(self.names, args, gradients, strict=True)]

    def _as_fitting_gradient(self, name: str, arg: Array, gradient: Any, dtype: Any) -> Any:
        if arg.dtype.kind != "f":
            if gradient is not None and np.asarray(gradient).dtype.kind in "fc" and not self.casts:
                raise WrongDtype(f"the gradient of {name}, which is {arg.dtype}, must be None, not {short(gradient)}")
            return None
        needed = f"the gradient of {name} must have the shape of {name}, {arg.shape}"
        if gradient is None:
            raise WrongShape(f"{needed}; it is None")
        gradient = as_gradient(name, gradient)
        if gradient.shape != arg.shape:
            raise WrongShape(f"{needed}; it is {gradient.shape}")
        if gradient.dtype.kind not in "fiub" or (arg.ndim and gradient.dtype not in (arg.dtype, dtype)):
            if self.casts and gradient.dtype.kind in "fiubc":
                return gradient.real.astype(arg.dtype)
            raise WrongDtype(f"the gradient of {name} must be {arg.dtype}, as {name} is, not {gradient.dtype}")
        return gradient


@contextmanager
def raising(who: str) -> Iterator[None]:
    """Raise an exception of a derivative as a GradientError, at arguments at which f raised none."""
    try:
        yield
    except GradientError:
        raise
    except Exception as error:
        raised = Raised(f"{who} raised {type(error).__name__} where f did not: {error}")
        raise write_error(who, error) or raised from error


def check_count(gradients: Any, *counts: int) -> None:
    """Check that vjp gave as many gradients as there are arguments, the first of `counts`, or as another of them."""
    if not isinstance(gradients, Sequence) or len(gradients) not in counts:
        given = f"{len(gradients)}" if isinstance(gradients, Sequence) else kind(gradients)
        needed = f"a gradient for each argument, {counts[0]} in all, in a tuple or a list"
        raise WrongShape(f"vjp must give {needed}; it gave {given}")


def as_gradient(name: str, gradient: Any) -> Array:
    """A gradient as an array. Raises WrongShape for a sparse matrix, and for what else NumPy does not convert."""
    try:
        array = np.asarray(gradient)
    except (TypeError, ValueError, RuntimeError):  # such as a list of rows of different lengths
        array = np.zeros((), object)
    if array.dtype.kind == "O" and not array.ndim:
        remedy = "; write .toarray()" if hasattr(type(gradient), "toarray") else ""
        raise WrongShape(f"the gradient of {name} must be an array, not {kind(gradient)}{remedy}")
    return array


def write_error(who: str, error: Exception) -> GradientError | None:
    """The error that reports a write to an argument; None if another exception was raised."""
    if isinstance(error, ValueError) and "read-only" in str(error):
        return NotPure(f"{who} writes to its arguments, which are read-only: {error}")
    return None
