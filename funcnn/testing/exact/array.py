"""An array of dual numbers whose `dtype` is float64, so that checks of dtypes accept it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import attrs
import numpy as np

from funcnn.objects import Functions, ObjectArray
from funcnn.testing.exact.dual import Dual, NoExactRuleError, dual


class Size(int):
    """A length of an axis, or a product of lengths; a quotient with it is an exact array, not a rounded number."""

    def __truediv__(self, other: Any) -> Any:
        return ExactArray.wrapped(dual(int(self))) / other

    def __rtruediv__(self, other: Any) -> Any:
        return ExactArray.wrapped(dual(other)) / int(self)

    def __mul__(self, other: Any) -> Any:
        return Size(int(self) * other) if isinstance(other, int) else NotImplemented

    __rmul__ = __mul__


@attrs.define(eq=False)
class ExactArray(ObjectArray):
    """An array of dual numbers, or of whole numbers or bools."""

    entry = Dual
    as_entries = np.frompyfunc(dual, 1, 1)

    @property
    def dtype(self) -> Any:
        """float64 for dual numbers, else the dtype of the entries."""
        return np.dtype(np.float64) if self.data.dtype == object else self.data.dtype

    @property
    def shape(self) -> tuple[Size, ...]:
        """The lengths of the axes."""
        return tuple([Size(n) for n in self.data.shape])

    @property
    def size(self) -> Size:
        """The number of entries."""
        return Size(self.data.size)

    def __array_namespace__(self, api_version: str | None = None) -> Any:
        return _NAMESPACE

    def __array__(self, *args: Any, **settings: Any) -> Any:
        raise NoExactRuleError(
            "exact numbers are not converted to floats; np.zeros_like(x) makes an array of exact numbers"
        )

    __float__ = __array__

    @classmethod
    def stored(cls, dtype: Any) -> Any:
        """The same dtype, but refuse one to which exact numbers would be rounded."""
        found = np.dtype(dtype)
        if found.kind == "f" and found.itemsize < 8:
            raise NoExactRuleError(
                f"exact numbers are not rounded to {found}; exact=True has no dtype of floats but float64"
            )
        return found

    @classmethod
    @contextmanager
    def calling(cls, function: Any, /) -> Iterator[None]:
        """Name the function of NumPy that does not take exact numbers."""
        try:
            yield
        except NoExactRuleError:
            raise
        except (AttributeError, TypeError) as error:
            raise NoExactRuleError(f"NumPy's {function.__name__} does not take exact numbers: {error}") from error


_NAMESPACE = Functions(ExactArray)
_WITH = np.frompyfunc(lambda a, d: Dual(a.value, d.value), 2, 1)


def of_values(values: Any, derivatives: Any = None) -> Any:
    """The numbers of a NumPy array as a read-only exact array; if they are floats, with derivatives."""
    data = ExactArray.wrapped(values).data.view()
    if derivatives is not None and values.dtype.kind == "f":
        data = np.asarray(_WITH(data, ExactArray.unwrapped(derivatives)), object)
    data.flags.writeable = False
    return ExactArray(data)


def numbers_in(array: Any) -> list[Dual]:
    """The entries of an array."""
    return list(_NAMESPACE.asarray(array).data.flat)
