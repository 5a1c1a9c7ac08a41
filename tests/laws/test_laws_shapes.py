"""Arrays that do not have the declared axes are refused: in a constructor, as x, as a cache and as dA."""

import inspect
from math import prod

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funcnn import backward, evolve, forward, losses
from funcnn.core import backward_params, forward_only
from funcnn.errors import FuncnnError, KindError
from funcnn.records import plans
from funcnn.shapes import axes_of, declaration_of, parts_of
from funcnn.testing import strategies as fst

LAYERS = sorted(
    [
        cls
        for cls in plans
        if cls.__module__.startswith("funcnn.layers.") and declaration_of(cls)[1] and not inspect.isabstract(cls)
    ],
    key=lambda cls: cls.__name__,
)


def changed(shape):
    """Shapes with one axis longer, shorter, of size 1, dropped, or added."""
    for i, n in enumerate(shape):
        yield from [(*shape[:i], k, *shape[i + 1 :]) for k in {n + 1, max(n - 1, 0), 1} - {n}]
        yield (*shape[:i], *shape[i + 1 :])
    yield (*shape, 1)
    yield (1, *shape)


def resized(array, shape):
    return np.resize(array, shape) if prod(shape) else np.zeros(shape, array.dtype)


def wrong(array):
    """Arrays of another shape, and one of another dtype."""
    yield from [resized(array, shape) for shape in changed(array.shape)]
    yield array.astype(np.float32)


def fits(layer, arrays):
    """Whether arrays, each with its declared axes, agree on the size of every axis.

    Written without the package's reading of a declaration: names are bound in the order of the arrays.
    """
    sizes = {}
    for text, array in arrays:
        names, shape = text.replace("+", "").split(), list(array.shape)
        if "..." in names:
            i, behind = names.index("..."), len(names) - names.index("...") - 1
            if len(shape) < len(names) - 1:
                return False
            names, shape = names[:i] + names[i + 1 :], shape[:i] + shape[len(shape) - behind :]
        if len(names) != len(shape) or any(
            n == 0 for n, name in zip(shape, text.split(), strict=False) if name[-1] == "+"
        ):
            return False
        for name, n in zip(names, shape, strict=True):
            if "*" in name:
                factors = [sizes.get(factor, getattr(layer, factor, None)) for factor in name.split("*")]
                if None not in factors and prod(factors) != n:
                    return False
            elif sizes.setdefault(name, n) != n:
                return False
    return True


def fields_of(layer, **instead):
    """The declared axes of each field, and its array; fields whose axes are products come last."""
    arrays = {name: instead.get(name, getattr(layer, name)) for name in axes_of(type(layer))}
    declared = [(" ".join(axes_of(type(layer))[name]), array) for name, array in arrays.items() if array is not None]
    return sorted(declared, key=lambda one: "*" in one[0])


def is_refused(act, *given, **named):
    """Whether an error of funcnn is raised; any other error fails the test."""
    try:
        act(*given, **named)
    except FuncnnError:
        return True
    return False


@pytest.mark.parametrize("cls", LAYERS, ids=lambda cls: cls.__name__)
@given(st.data())
def test_a_constructor_takes_the_declared_axes_alone(cls, data):
    layer, _ = data.draw(fst.cases(cls))
    for name in axes_of(cls):
        if (array := getattr(layer, name)) is None:
            continue
        for other in wrong(array):
            is_alone = len(fields_of(layer)) == 1
            right = fits(layer, fields_of(layer, **{name: other})) and (other.dtype == array.dtype or is_alone)
            refused = is_refused(evolve, layer, **{name: other})
            assert refused or right, (name, other.shape, other.dtype)  # a setting may not fit, such as groups


@pytest.mark.parametrize("cls", LAYERS, ids=lambda cls: cls.__name__)
@given(st.data())
def test_x_has_the_declared_axes(cls, data):
    layer, x = data.draw(fst.cases(cls))
    if type(x) is tuple:
        return
    shapes = declaration_of(cls)[1]
    for other in wrong(x):
        right = fits(layer, [*fields_of(layer), (shapes.x, other)]) and (other.dtype == x.dtype or not axes_of(cls))
        for verb in (forward, forward_only):
            assert right or is_refused(verb, layer, other), (other.shape, other.dtype)
        if not is_refused(forward, layer, other):
            assert fits(layer, [*fields_of(layer), (shapes.x, other), (shapes.out, forward(layer, other)[0])])


@pytest.mark.parametrize("cls", LAYERS, ids=lambda cls: cls.__name__)
@given(st.data())
def test_a_gradient_has_the_axes_of_out(cls, data):
    layer, x = data.draw(fst.cases(cls))
    out, cache = forward(layer, x)
    if type(out) is tuple:
        return
    for dA in wrong(out):
        if dA.dtype == out.dtype or declaration_of(cls)[1].cache != "mask":
            for verb in (backward, backward_params):
                assert is_refused(verb, layer, cache, dA), (dA.shape, dA.dtype)


@pytest.mark.parametrize(
    "cls", [cls for cls in LAYERS if declaration_of(cls)[1].cache != "_"], ids=lambda cls: cls.__name__
)
@given(st.data())
def test_a_cache_has_the_declared_axes(cls, data):
    layer, x = data.draw(fst.cases(cls))
    shapes = declaration_of(cls)[1]
    out, cache = forward(layer, x)
    parts = list(cache) if type(cache) is tuple else [cache]
    i = next(i for i, part in enumerate(parts_of(shapes.cache)) if part != "_")
    for other in wrong(parts[i]):
        if other.dtype != parts[i].dtype and parts_of(shapes.cache)[i] == "mask":
            continue
        gives = forward(layer, other)[0] if cache is x and not is_refused(forward, layer, other) else None
        if gives is not None and gives.shape == out.shape:  # windows of a stride may leave positions out
            continue
        given = (*parts[:i], other, *parts[i + 1 :])
        assert is_refused(backward, layer, given if type(cache) is tuple else other, np.ones_like(out)), other.shape


LOSSES = [losses.mse, losses.huber, losses.log_cosh, losses.hinge, losses.poisson_nll, losses.binary_focal]
BY_EXAMPLE = [losses.kl_divergence, losses.cosine_distance]


@pytest.mark.parametrize("loss", LOSSES + BY_EXAMPLE, ids=lambda loss: loss.__name__)
@given(st.data())
def test_a_loss_takes_out_and_y_of_one_shape_and_a_weight_of_its_first_axes(loss, data):
    [out] = data.draw(fst.tensors(data.draw(st.sampled_from(["m 2", "m t 3"]))))
    out = np.clip(out, -30, 30)  # a rate e^out is finite
    y = (out > 0) / out.shape[-1]
    y = np.round(y) if loss in LOSSES else y
    terms = out.shape if loss in LOSSES else out.shape[:-1]
    for i in range(1, len(terms) + 1):
        loss(out, y, np.ones(terms[:i]))
    for shape in changed(out.shape):
        assert is_refused(loss, out, resized(y, shape)), shape
    for shape in [shape for shape in changed(terms) if shape != terms[: len(shape)]]:
        assert is_refused(loss, out, y, np.ones(shape)), shape


def test_a_class_with_other_rules_than_its_base_has_no_guard_of_the_base():
    dense = LAYERS[[cls.__name__ for cls in LAYERS].index("Dense")]
    other = attrs.make_class("Other", [], bases=(dense,), frozen=True)
    assert declaration_of(other)[0] is dense
    with pytest.raises(KindError):
        forward(other, np.ones((1, 1)))
