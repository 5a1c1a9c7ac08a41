"""Tables with categories: the ids of categories beside numbers, and the layer that embeds the ids."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_X_y
from sklearn.utils.validation import validate_data

from funcnn.arrays import Array, kind, short
from funcnn.errors import KindError, RangeError
from funcnn.initializers import normal
from funcnn.layers.combinators.branches import Parallel
from funcnn.layers.combinators.joins import Concat
from funcnn.layers.embedding.symbols import Embedding

_SMALL = normal(0.01)


def check_categories(function: str, given: Any) -> None:
    """Check the setting `categories`; its columns are looked up in X."""
    is_list = isinstance(given, list | tuple) and all([isinstance(name, str | int) for name in given])
    if not (given is None or is_list or (isinstance(given, str) and given == "auto")):
        raise KindError(f'{function}: categories must be None, "auto" or a list of columns of X, not {short(given)}')


@attrs.frozen(eq=False)
class Encoder:
    """What a fit has seen of a table: the categories of some columns, and the means and scales of the other columns.

    The id of a category is its place among the categories, counted from 1. The id 0 stands for a missing value, and for
    a category that the fit has not seen.
    """

    columns: tuple[int, ...]  # of categories
    ids: tuple[dict[Any, int], ...]  # of each category of these columns
    numbers: Any

    def table(self, X: Any) -> Encoded:
        """The ids and the numbers of the rows of a frame or an array."""
        ids = [
            [known.get(value, 0) for value in _values(X, j)] for j, known in zip(self.columns, self.ids, strict=True)
        ]
        return Encoded(self, np.array(ids, np.intp).reshape(len(ids), X.shape[0]).T, self.numbers.transform(X))

    def transform(self, X: Any) -> tuple[Array, ...]:
        """What the network takes: an array of ids for each column of categories, (m,), and the numbers, (m, n)."""
        return self.table(_as_rectangle("transform", X)).parts(np.float64)


@attrs.frozen(eq=False)
class Encoded:
    """Rows of a table, encoded: the ids of categories, (m, k), and the numbers, (m, n)."""

    encoder: Encoder
    ids: Array
    numbers: Array

    @property
    def shape(self) -> tuple[int, int]:
        """The number of rows, and of columns of both kinds."""
        return len(self.numbers), self.ids.shape[1] + self.numbers.shape[1]

    @property
    def dtype(self) -> Any:
        """The dtype of the numbers."""
        return self.numbers.dtype

    def __getitem__(self, rows: Any) -> Encoded:
        return attrs.evolve(self, ids=self.ids[rows], numbers=self.numbers[rows])

    def parts(self, dtype: Any) -> tuple[Array, ...]:
        """What the network takes."""
        return (*self.ids.T, self.numbers.astype(dtype, copy=False))

    def embeddings(self, seed: int) -> tuple[Any, int]:
        """A layer that gives each column of categories an Embedding, with a row of zeros for the id 0; and its width.

        Each of k categories has 1.6 k^0.56 numbers, by a rule of fastai. They begin small: with a deviation of 1, R² is
        lower by 0.1 and more for small tables.
        """
        layers, width = [], self.numbers.shape[1]
        for j, known in enumerate(self.encoder.ids):
            n = max(1, round(1.6 * len(known) ** 0.56))
            W = Embedding.init(len(known) + 1, n, seed=(seed, j, 0), weights=_SMALL, dtype=self.dtype).W
            layers.append(Embedding(np.where(np.arange(len(W))[:, None] > 0, W, 0)))
            width += n
        return (Parallel((*layers, ())), Concat()), width


def encoded(estimator: Any, encoder: Encoder | None, X: Any, *, reset: bool = True, **given: Any) -> tuple[Any, ...]:
    """The encoder, or a new one that sees X first; the rows of X, encoded; and y, if it is given."""
    name = type(estimator).__name__
    X = _as_rectangle(name, X)
    validate_data(estimator, X, skip_check_array=True, reset=reset)
    if encoder is None:
        encoder = _encoder_of(name, X, estimator.categories)
    table = encoder.table(X)
    checked = check_X_y(table.numbers, ensure_min_features=0, estimator=estimator, **given)[1:] if given else ()
    return encoder, table, *checked


def refuse_words(estimator: Any, X: Any) -> None:
    """Raise an error if X is a frame or an array with a column of texts or categories."""
    for name in _columns_of("words", X):
        written = '"auto"' if _is_frame(X) else f"[{name}]"
        needed = f"numbers in column {name!r}; for categories write categories={written}"
        raise KindError(f"{type(estimator).__name__}: X must hold {needed}")


def _as_rectangle(function: str, X: Any) -> Any:
    """X, if it is a frame; otherwise a dense array (m, n)."""
    X = np.asarray(X) if isinstance(X, list | tuple) else X
    if (_is_frame(X) or isinstance(X, np.ndarray)) and len(X.shape) == 2:
        return X
    needed = "a frame of pandas or polars, or a dense array (m, n), since categories is set"
    raise KindError(f"{function}: X must be {needed}, not {short(X) if isinstance(X, np.ndarray) else kind(X)}")


def _is_frame(X: Any) -> bool:
    """Whether X is a DataFrame of pandas or polars, or a column of one."""
    return hasattr(type(X), "to_numpy")


def _columns_of(held: str, X: Any) -> list[Any]:
    """The names of the columns that hold words, which are texts or categories, or dates; of an array their numbers."""
    if _is_frame(X):
        return [name for name, dtype in zip(X.columns, X.dtypes, strict=True) if _kind_of(dtype) == held]
    is_mixed = isinstance(X, np.ndarray) and X.ndim == 2 and X.dtype.kind in "OUS"
    return [j for j in range(X.shape[1]) if _has_words(X[:, j])] if is_mixed and held == "words" else []


def _has_words(column: Array) -> bool:
    try:
        column.astype(np.float64)
    except (TypeError, ValueError):
        return True
    return False


def _kind_of(dtype: Any) -> str:
    """What a column of pandas or polars holds: numbers, dates or words."""
    if not hasattr(dtype, "is_numeric"):  # of pandas
        return "numbers" if dtype.kind in "biuf" else "dates" if dtype.kind in "mM" else "words"
    return "numbers" if dtype.is_numeric() or str(dtype) == "Boolean" else "dates" if dtype.is_temporal() else "words"


def _encoder_of(function: str, X: Any, categories: Any) -> Encoder:
    """What a fit sees of the rows of X."""
    names = list(X.columns) if _is_frame(X) else list(range(X.shape[1]))
    if isinstance(categories, str):
        if not _is_frame(X):
            raise KindError(
                f'{function}: categories must be numbers of columns of an array X, as in [0, 2], not "auto"'
            )
        categories = _columns_of("words", X)
    for name in categories:
        if name not in names:
            remedy = "" if _is_frame(X) else f"; X is an array, so write numbers of columns, up to {len(names) - 1}"
            raise RangeError(f"{function}: categories must be columns of X; {name!r} is not one{remedy}")
    for held, remedy in (("words", ""), ("dates", "; write their parts as columns of numbers, such as the weekday")):
        for name in [name for name in _columns_of(held, X) if name not in categories]:
            needed = f"X must hold numbers in column {name!r}, which is not one of categories"
            raise KindError(f"{function}: {needed}{remedy}")
    columns = tuple([names.index(name) for name in categories])
    ids = []
    for j in columns:
        try:
            seen = sorted({value for value in _values(X, j) if not _is_missing(value)}, key=repr)
        except TypeError as error:  # a list has no hash
            raise KindError(f"{function}: X must hold texts or numbers in column {names[j]!r}; {error}") from None
        ids.append({value: i for i, value in enumerate(seen, 1)})
    scaled = make_pipeline(SimpleImputer(keep_empty_features=True, add_indicator=True), StandardScaler())
    others = [j for j in range(len(names)) if j not in columns]
    return Encoder(columns, tuple(ids), ColumnTransformer([("numbers", scaled, others)]).fit(X))


def _values(X: Any, j: int) -> list[Any]:
    """Column j of a frame or an array."""
    return np.asarray(getattr(X, "iloc", X)[:, j], dtype=object).tolist()


def _is_missing(value: Any) -> bool:
    """Whether a value is None, NaN, or the NA of pandas, which compares as NA."""
    return value is None or type(value).__name__ == "NAType" or bool(value != value)  # noqa: PLR0124  only NaN does
