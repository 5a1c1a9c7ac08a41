"""Functions that funcnn returns: partials whose errors name the public function that made them."""

from __future__ import annotations

from functools import partial
from inspect import Signature, signature
from typing import Any, TypeVar

from funcnn.errors import FuncnnError, KindError
from funcnn.tracebacks import end_at_caller

T = TypeVar("T")
_call: Any = partial.__call__


class BoundFunction(partial[T]):
    """The `partial` of `_name` that a function `name` returns; arguments that do not fit it raise a KindError.

    A BoundFunction pickles as a partial does, and `inspect.signature` shows the arguments that are not bound yet.
    """

    def __call__(self, /, *args: Any, **kwargs: Any) -> T:
        """Call the function with the bound arguments and the given ones."""
        try:
            try:
                return _call(self, *args, **kwargs) if kwargs else _call(self, *args)
            except TypeError:
                if _fits(takes := signature(self), args, kwargs):  # the error was raised inside the function
                    raise
                function, needed = self.func.__name__.lstrip("_"), ", ".join(takes.parameters)
                given = " and ".join([f"{len(args)} argument{'s' * (len(args) != 1)}", *kwargs])
                raise KindError(f"{function}: the returned function takes ({needed}), not {given}") from None
        except FuncnnError as error:
            end_at_caller(error)
            raise


def _fits(takes: Signature, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    try:
        takes.bind(*args, **kwargs)
    except TypeError:
        return False
    return True
