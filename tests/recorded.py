"""Programs next to the functions that they were recorded from, with other numbers than recorded."""

import numpy as np

from funcnn.recording import record_function


def given(inputs):
    """Inputs with memory of their own, which a function may change."""
    return {name: a.copy(order="K") if isinstance(a, np.ndarray) else a for name, a in inputs.items()}


def outputs_of(made, path="out"):
    """The arrays of a result by path."""
    if isinstance(made, tuple):
        return {name: a for i, part in enumerate(made) for name, a in outputs_of(part, f"{path}.{i}").items()}
    return {path: np.asarray(made)}


def assert_recorded(function, inputs, *others, ulps=4):
    """The program gives what the function gives with NumPy's arrays: the same shapes, dtypes and numbers."""

    def called(**inputs):
        return function(*inputs.values())

    with np.errstate(all="ignore"):
        program = record_function(called, given(inputs))
        for some in (inputs, *others):
            expected = outputs_of(called(**given(some)))
            made = program(given(some))
            assert made.keys() == expected.keys()
            for path, theirs in expected.items():
                assert_same(made[path], theirs, ulps, path)
    return program


def assert_same(ours, theirs, ulps=4, path="out"):
    assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape), path
    if ours.dtype.kind != "f":
        np.testing.assert_array_equal(ours, theirs, path)
        return
    eps = np.finfo(ours.dtype).eps
    np.testing.assert_allclose(
        ours, theirs, rtol=ulps * eps, atol=np.finfo(ours.dtype).smallest_subnormal, err_msg=path
    )
