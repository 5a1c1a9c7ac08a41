"""What several laws have in common: rows that do not depend on each other, with gradients that add up."""

import numpy as np

from funcnn import backward, forward, parameters, tree_map
from funcnn.arrays import is_array, is_float
from funcnn.inspection.nesting import contents
from funcnn.trees.walks import row_count


def arrays_in(tree):
    """Every array, in caches that are named tuples too."""
    return [tree] if is_array(tree) else [array for part in contents(tree) for array in arrays_in(part)]


def floats(tree):
    return [a for a in arrays_in(tree) if is_float(a)]


def cotangent(out):
    """Some dA for this out, None for ids and masks."""
    if type(out) is tuple:
        return tuple([cotangent(part) for part in out])
    if out is None or not is_float(out):
        return None
    return np.cos(np.arange(out.size)).reshape(out.shape).astype(out.dtype)


def rows_of(x, rows):
    return tree_map(lambda a: a[rows], x)


def assert_rows_add_up(params, x, tolerance=1e-9):
    """Out and dx of a batch are those of its rows one by one, and the gradients of its rows add up."""

    def close(array, expected):
        assert array.shape == expected.shape
        assert np.allclose(array, expected, tolerance, tolerance * max(1, abs(array).max(initial=0)))

    out, cache = forward(params, x)
    dA = cotangent(out)
    whole, rows = backward(params, cache, dA), []
    for i in range(row_count("test", "x", x)):
        one, kept = forward(params, rows_of(x, slice(i, i + 1)))
        part = backward(params, kept, rows_of(dA, slice(i, i + 1)))
        rows.append((floats((one, part.x)), parameters(part.params)))
    for k, array in enumerate(floats((out, whole.x)) if rows else []):
        close(array, np.concatenate([row[0][k] for row in rows]))
    for path, array in parameters(whole.params).items():
        close(array, np.asarray(sum([row[1][path] for row in rows], np.zeros_like(array))))
