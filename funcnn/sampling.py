"""Samplers: symbols drawn from the logits of a network, and a sequence written symbol by symbol."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any

import numpy as np

from funcnn.arrays import Array, float_namespace, is_array, kind, namespace, short, wide
from funcnn.bits import uniform
from funcnn.checked import checked
from funcnn.core import Layer, inference
from funcnn.data.elementary import decay
from funcnn.draws import SYMBOLS
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.generation import step
from funcnn.needs import Count, Natural, Rate, Seed, function, number, passing, words_of
from funcnn.traits import gives_probabilities
from funcnn.trees.libraries import in_one_library

__all__ = ["generate", "sample", "top_k", "top_p"]

Chooser = Callable[[Array, Seed], Array]


def _check_logits(function: str, argument: str, logits: Any) -> None:
    float_namespace(function, argument, logits)
    if logits.ndim < 1 or not logits.shape[-1]:
        raise ShapeError(f"{function}: {argument} must be (..., n), n symbols, not {logits.shape}")
    if type(logits) is not np.ndarray:
        return  # the values of a tracer are not known
    largest = logits.max(axis=-1)
    if not (largest < np.inf).all():  # as NaN is not
        wrong = logits[~(logits < np.inf)][0]
        raise RangeError(f"{function}: {argument} must be finite or -inf, not {wrong}")
    if (largest == -np.inf).any():
        raise RangeError(f"{function}: {argument} must be above -inf for at least one symbol of each row, not for none")


Logits = Annotated[Array, passing("an array of floats", _check_logits)]
Share = Annotated[float, number("0 < value <= 1", "in (0, 1]")]
Choose = Annotated[Chooser, function("a function (logits, seed)", takes=2)]


@checked
def top_k(logits: Logits, k: Count) -> Array:
    """The logits of the k most probable symbols, and -inf for the others; of equal logits, the first are kept

    Fan, Lewis & Dauphin 2018, Hierarchical Neural Story Generation, section 5.4.

    >>> import numpy as np
    >>> from funcnn.sampling import top_k
    >>> top_k(np.array([1.0, 3.0, 2.0, 2.0]), 2)
    array([-inf,   3.,   2., -inf])

    Raises:
        KindError, ShapeError, RangeError: as `sample`.
        RangeError: k is more than the number of symbols.
    """
    if k > (n := logits.shape[-1]):
        raise RangeError(f"top_k: k must be at most the number of symbols, {n}, not {k}")
    return _largest(logits, _down(logits)[..., k - 1 : k], k)


@checked
def top_p(logits: Logits, p: Share) -> Array:
    """The logits of the smallest set of symbols with a total probability of at least p, and -inf for the others

    The set is called the nucleus. Of equal logits, the first are kept. Holtzman, Buys, Du, Forbes & Choi 2020, The
    Curious Case of Neural Text Degeneration, eq. 2 and 3.

    >>> import numpy as np
    >>> from funcnn.sampling import top_p
    >>> top_p(np.log([0.1, 0.6, 0.3]), 0.8).round(2)
    array([ -inf, -0.51, -1.2 ])

    Raises:
        KindError, ShapeError, RangeError: as `sample`.
    """
    if p == 1:
        return logits
    down = _down(logits)
    total = _totals(down)
    count = 1 + (total < p * total[..., -1:]).sum(axis=-1, keepdims=True)
    return _largest(logits, namespace(logits).take_along_axis(down, count - 1, axis=-1), count)


@checked
def sample(logits: Logits, seed: Seed, *, temperature: Rate = 1.0) -> Array:
    """A symbol for each row, symbol i with the probability softmax(logits / temperature)_i

    logits: (..., n), the result: (...), whole numbers below n. A low temperature makes likely symbols likelier; at 0
    the result is the most probable symbol, the first of equal ones. A logit of -inf has the probability 0, so that
    `sample(top_p(logits, 0.9), seed)` draws from the nucleus. For a nucleus at the same temperature write
    `sample(top_p(logits / temperature, 0.9), seed)`.

    The result depends on the logits and the seed alone, with the same bits on every processor. Each row has its own
    random number, a function of the seed and the number of the row, so other rows have no effect. Probabilities are
    exact to 2^-24.

    >>> import numpy as np
    >>> from funcnn.sampling import sample
    >>> logits = np.log(np.full((8, 3), [0.2, 0.7, 0.1]))
    >>> sample(logits, 0), sample(logits, 1), sample(logits, 0, temperature=0.1)
    (array([2, 1, 1, 2, 2, 1, 1, 1]), array([2, 1, 1, 1, 1, 1, 1, 2]), array([1, 1, 1, 1, 1, 1, 1, 1]))

    Raises:
        KindError: the logits are not an array of floats, or the seed is not a seed.
        ShapeError: the logits have no symbols.
        RangeError: a logit is NaN or inf, all logits of a row are -inf, or the temperature is negative or not finite.
    """
    logits, seed = in_one_library(logits, words_of(seed)) or (logits, seed)  # either may be traced
    xp = namespace(logits)
    if temperature == 0:
        return xp.argmax(logits, axis=-1)
    total = _totals(logits, temperature)
    u = uniform(xp, (*words_of(seed), np.uint32(SYMBOLS)), logits.shape[:-1], total.dtype)
    return (total <= u[..., None] * total[..., -1:]).sum(axis=-1)


@checked
def generate(
    params: Layer[Any], x: Any, n: Count, *, seed: Seed, choose: Choose = sample, stop: Natural | None = None
) -> Iterator[Array]:
    """The symbols (m,) that follow x, (m, t), one after another, at most n times: a network that reads what it writes

    params maps whole numbers (m, t) to logits (m, t, k), as a chain with an `Embedding`; `inference` is applied to it,
    and `step` computes each symbol from the memory of the symbols before it. `choose(logits, seed)` gets logits (m, k)
    and the seed `(*seed, i)` of the i-th symbol: `lambda logits, seed: sample(top_p(logits, 0.9), seed)`.

    With `stop`, the symbol that ends a text, a row that has stopped goes on with this symbol, and the iterator ends
    when all rows have stopped.

    >>> import numpy as np
    >>> from funcnn import GRU, Dense, Embedding
    >>> from funcnn.sampling import generate
    >>> net = Embedding.init(5, 8, seed=0), GRU.init(8, 8, seed=1), Dense.init(8, 5, seed=2)
    >>> np.stack([*generate(net, np.array([[0, 1], [3, 4]]), 6, seed=0)], axis=1)
    array([[3, 3, 2, 1, 1, 2],
           [1, 3, 2, 0, 4, 4]])

    Raises:
        KindError: x is not an array of whole numbers; params gives probabilities, or `step` refuses it; or `choose` is
            not a function of two arguments.
        ShapeError: x is not (m, t) with m and t at least 1, or out is not (m, t, k).
        RangeError: n is less than 1, or `stop` is not less than the number of symbols.
    """
    if not is_array(x) or x.dtype.kind not in "iu":
        raise KindError(f"generate: x must be an array of whole numbers (m, t), not {short(x)}")
    if x.ndim != 2 or 0 in x.shape:
        raise ShapeError(f"generate: x must be (m, t), m and t at least 1, not {x.shape}")
    net = inference(params)
    if gives_probabilities(net) is True:
        raise KindError(f"generate: params must give logits, so leave out the layer at the end of {short(params)}")
    logits, memory = _next(net, x)
    if stop is not None and stop >= (k := logits.shape[-1]):
        raise RangeError(f"generate: stop must be less than the number of symbols, {k}, not {stop}")
    return _written(net, logits, memory, n, words_of(seed), choose, stop)


def _next(net: Any, x: Array, memory: Any = None) -> tuple[Array, Any]:
    """The logits after the last symbol of x, and the memory"""
    out, memory = step(net, x, memory)
    if not is_array(out) or out.shape[:-1] != x.shape:
        raise ShapeError(
            f"generate: params must give logits (m, t, k) for symbols (m, t), {x.shape}, not {_given(out)}"
        )
    return out[:, -1], memory


def _given(value: Any) -> str:
    return f"{kind(value)} of shape {value.shape}" if is_array(value) else kind(value)


def _written(
    net: Any, logits: Array, memory: Any, n: int, words: tuple[int, ...], choose: Chooser, stop: int | None
) -> Iterator[Array]:
    stopped = np.zeros(logits.shape[:1], bool)
    for i in range(n):
        symbols = choose(logits, (*words, i))
        if not is_array(symbols) or symbols.dtype.kind not in "iu" or symbols.shape != stopped.shape:
            needed = f"whole numbers {stopped.shape}, one for each row"
            raise KindError(f"generate: choose must return {needed}, not {_given(symbols)}")
        if stop is not None:
            symbols = namespace(symbols).where(stopped, stop, symbols)
            stopped = symbols == stop
        yield symbols
        if stopped.all():
            return
        if i + 1 < n:
            logits, memory = _next(net, symbols[:, None], memory)


def _totals(logits: Array, temperature: float = 1.0) -> Array:
    """The sums of e^(logit / temperature) up to each symbol, in units of the largest

    In NumPy they are made of operations that every processor rounds alike: `sum` and `exp` are not.
    """
    is_numpy = type(logits) is np.ndarray
    x = logits.astype(np.float64) if is_numpy else wide(logits)
    with np.errstate(over="ignore"):  # to -inf
        x = (x - x.max(axis=-1, keepdims=True)) / temperature
    return (decay(x) if is_numpy else namespace(x).exp(x)).cumsum(axis=-1)


def _down(logits: Array) -> Array:
    """The logits of each row from the largest down."""
    return namespace(logits).sort(logits, axis=-1)[..., ::-1]


def _largest(logits: Array, least: Array, count: Any) -> Array:
    """So many logits of each row, of which `least` is the smallest, and -inf for the others; the first of equal ones"""
    xp = namespace(logits)
    above, equal = logits > least, logits == least
    kept = above | (equal & (equal.cumsum(axis=-1) <= count - above.sum(axis=-1, keepdims=True)))
    return xp.where(kept, logits, xp.asarray(-np.inf, dtype=logits.dtype))
