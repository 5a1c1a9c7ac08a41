"""Arrays that do not have the declared axes are refused: in a constructor, as x, as a cache and as dA."""

import re
from math import prod
from operator import attrgetter

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funcnn import backward, evolve, forward, losses
from funcnn.core import backward_params, forward_only
from funcnn.errors import FuncnnError, KindError
from funcnn.records import plans
from funcnn.shapes import alternatives_of, declaration_of, declared, described, parts_of
from funcnn.testing import strategies as fst
from funcnn.testing.networks.table import table

LAYERS = sorted(
    [cls for cls in plans if cls.__module__.startswith("funcnn.layers.") and cls in table], key=lambda cls: cls.__name__
)
OF_FIELDS = [cls for cls in LAYERS if alternatives_of(cls)[0].fields]
OF_X = [cls for cls in LAYERS if declaration_of(cls)[1] and declaration_of(cls)[1].x != "_"]
OF_CACHE = [cls for cls in OF_X if declaration_of(cls)[1].cache != "_"]


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
    """Whether arrays, each with its declared axes, agree on the size of every axis, in one of the alternatives.

    Written without the package's reading of a declaration: names are bound in the order of the arrays.
    """
    texts = [text.split(" | ") for text, _ in arrays]
    return any(
        fit_together(layer, [(one[min(i, len(one) - 1)], array) for one, (_, array) in zip(texts, arrays, strict=True)])
        for i in range(max(map(len, texts)))
    )


def fit_together(layer, arrays):
    sizes = {}
    for text, array in arrays:
        names, shape = text.replace("()", "").split(), list(array.shape)
        if (i := next((i for i, name in enumerate(names) if name.startswith("...")), None)) is not None:
            if len(shape) < len(names) - 1:
                return False
            names[i : i + 1] = [names[i].replace("...", f"any{k}") for k in range(len(shape) - len(names) + 1)]
        if len(names) != len(shape) or any(n == 0 and name[-1] == "+" for n, name in zip(shape, names, strict=True)):
            return False
        for name, n in zip([name.removesuffix("+") for name in names], shape, strict=True):
            factors = [sizes.get(factor, getattr(layer, factor, None)) for factor in name.split("*")]
            factors = [
                int(name) if name.isdecimal() else known for name, known in zip(name.split("*"), factors, strict=True)
            ]
            known = prod([factor for factor in factors if factor is not None])
            if "*" in name and (n % known if None in factors else n != known):
                return False
            if "*" not in name and sizes.setdefault(name, int(name) if name.isdecimal() else n) != n:
                return False
    return True


def texts_of(cls):
    """The declared axes of each field."""
    fields = {field.name: field.metadata["axes"] for field in attrs.fields(cls) if "axes" in field.metadata}
    return fields | (declaration_of(cls)[1].fields if declaration_of(cls)[1] else {})


def fields_of(layer, **instead):
    """The declared axes of each field, and its array; fields whose axes are products come last."""
    arrays = [(text, instead.get(name, attrgetter(name)(layer))) for name, text in texts_of(type(layer)).items()]
    return sorted([one for one in arrays if one[1] is not None], key=lambda one: "*" in one[0])


def with_field(layer, name, array):
    """The layer with another array in a field, or in a field of the layer in it."""
    outer, _, inner = name.partition(".")
    return evolve(layer, **{outer: evolve(getattr(layer, outer), **{inner: array}) if inner else array})


def is_refused(act, *given):
    """Whether an error begins with the name of what was called, or of a layer in its first argument."""
    try:
        act(*given)
    except FuncnnError as error:
        return str(error).split(": ")[0] in {act.__name__, *re.findall(r"\w+(?=\()", repr(given[0]))}
    return False


@pytest.mark.parametrize("cls", OF_FIELDS, ids=lambda cls: cls.__name__)
@given(st.data())
def test_a_constructor_takes_the_declared_axes_alone(cls, data):
    layer, _ = data.draw(fst.cases(cls))
    for name in texts_of(cls):
        if (array := attrgetter(name)(layer)) is None:
            continue
        for other in wrong(array):
            is_alone = len(fields_of(layer)) == 1
            right = fits(layer, fields_of(layer, **{name: other})) and (other.dtype == array.dtype or is_alone)
            refused = is_refused(with_field, layer, name, other)
            assert refused or right, (name, other.shape, other.dtype)  # a setting may not fit, such as groups


@pytest.mark.parametrize(
    "cls", [cls for cls in declared if cls.__module__.startswith("funcnn.")], ids=lambda cls: cls.__name__
)
def test_the_docstring_says_the_declared_shapes(cls):
    assert cls.__doc__.split("\n\n")[1] == f"{described(cls)}."
    names = {axis for text in (*texts_of(cls).values(), declared[cls].x) for axis in re.findall(r"[a-z]\w*", text)}
    assert names <= {*re.findall(r"[a-z]\w*", described(cls))}


def head(x):
    """x without its mask."""
    return x[0] if type(x) is tuple else x


def with_head(x, other):
    """`other` in the form of x."""
    return (other, *x[1:]) if type(x) is tuple else other


@pytest.mark.parametrize("cls", OF_X, ids=lambda cls: cls.__name__)
@given(st.data())
def test_x_has_the_declared_axes(cls, data):
    layer, x = data.draw(fst.cases(cls))
    shapes = declaration_of(cls)[1]
    masks = [(shapes.mask, x[1])] if type(x) is tuple and x[1] is not None else []
    for other in wrong(head(x)):
        arrays = [*fields_of(layer), (shapes.x, other)]
        right = fits(layer, arrays + masks) and (other.dtype == head(x).dtype or not texts_of(cls))
        for verb in (forward, forward_only):
            assert right or is_refused(verb, layer, with_head(x, other)), (other.shape, other.dtype)
        if not is_refused(forward, layer, with_head(x, other)):
            assert fits(layer, [*arrays, (shapes.out, head(forward(layer, with_head(x, other))[0]))])


@pytest.mark.parametrize("cls", [cls for cls in OF_X if declaration_of(cls)[1].forms > 1], ids=lambda cls: cls.__name__)
@given(st.data())
def test_a_mask_has_the_declared_axes(cls, data):
    layer, x = data.draw(fst.cases(cls).filter(lambda case: type(case[1]) is tuple and case[1][1] is not None))
    shapes, (x, mask, *rest) = declaration_of(cls)[1], x
    for other in wrong(mask):
        right = other.dtype == bool and fits(layer, [(shapes.x, x), (shapes.mask, other)])
        assert right is not is_refused(forward, layer, (x, other, *rest)), (other.shape, other.dtype)


@pytest.mark.parametrize("cls", OF_X, ids=lambda cls: cls.__name__)
@given(st.data())
def test_a_gradient_has_the_axes_of_out(cls, data):
    layer, x = data.draw(fst.cases(cls))
    out, cache = forward(layer, x)
    for dA in wrong(head(out)):
        if dA.dtype == head(out).dtype or declaration_of(cls)[1].cache != "mask":
            given = (dA, *[None for _ in out[1:]]) if type(out) is tuple else dA
            for verb in (backward, backward_params):
                assert is_refused(verb, layer, cache, given), (dA.shape, dA.dtype)


@pytest.mark.parametrize("cls", OF_CACHE, ids=lambda cls: cls.__name__)
@given(st.data())
def test_a_cache_has_the_declared_axes(cls, data):
    layer, x = data.draw(fst.cases(cls))
    out, cache = forward(layer, x)
    names = parts_of(declaration_of(cls)[1].cache)
    parts = [cache] if len(names) == 1 and "," not in declaration_of(cls)[1].cache else list(cache)
    i = min(range(len(names)), key=lambda i: ["out", "mask", "x", "_"].index(names[i]))
    for other in wrong(head(parts[i])):
        if other.dtype != head(parts[i]).dtype and names[i] == "mask":
            continue
        part = with_head(parts[i], other)
        gives = forward(layer, part)[0] if cache is x and not is_refused(forward, layer, part) else None
        if gives is not None and head(gives).shape == head(out).shape:  # windows of a stride may leave positions out
            continue
        kept = (*parts[:i], part, *parts[i + 1 :]) if parts[0] is not cache else part
        dA = (np.ones_like(out[0]), *[None for _ in out[1:]]) if type(out) is tuple else np.ones_like(out)
        assert is_refused(backward, layer, kept, dA), other.shape


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
