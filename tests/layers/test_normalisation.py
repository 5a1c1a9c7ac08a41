"""Normalisation layers: values from the formulas, running statistics, inference, precision for large offsets."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import funcnn as nn
from funcnn import backward, evolve, forward, inference, layers, predict, record, sgd
from funcnn.core import backward_params
from funcnn.layers.normalisation.folding import merge
from funcnn.records import branches
from funcnn.trees import astype, leaves

rng = np.random.default_rng(0)
IMAGES = rng.normal(3, 2, size=(5, 4, 3, 6))
SCALE, SHIFT = rng.normal(size=6), rng.normal(size=6)


def standard(x, axes, eps):
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps)


def groups(x, count, eps):
    parts = x.reshape(*x.shape[:-1], count, -1)
    axes = (*range(1, parts.ndim - 2), parts.ndim - 1)
    return standard(parts, axes, eps).reshape(x.shape)


VALUES = {
    "BatchNorm": (lambda s: nn.BatchNorm(SCALE, s, SHIFT, SCALE**2, eps=0.1), lambda x: standard(x, (0, 1, 2), 0.1)),
    "LayerNorm": (lambda s: nn.LayerNorm(SCALE, s, 0.1), lambda x: standard(x, 3, 0.1)),
    "GroupNorm of 1": (lambda s: layers.GroupNorm(SCALE, s, 1, 0.1), lambda x: standard(x, (1, 2, 3), 0.1)),
    "GroupNorm of 2": (lambda s: layers.GroupNorm(SCALE, s, 2, 0.1), lambda x: groups(x, 2, 0.1)),
    "GroupNorm of 6": (lambda s: layers.GroupNorm(SCALE, s, 6, 0.1), lambda x: groups(x, 6, 0.1)),
    "InstanceNorm": (lambda s: layers.InstanceNorm(SCALE, s, 0.1), lambda x: standard(x, (1, 2), 0.1)),
}


@pytest.mark.parametrize("name", VALUES)
def test_out_is_the_formula(name):
    layer, xhat = VALUES[name]
    np.testing.assert_allclose(forward(layer(SHIFT), IMAGES)[0], xhat(IMAGES) * SCALE + SHIFT, rtol=0, atol=1e-12)
    np.testing.assert_allclose(forward(layer(None), IMAGES)[0], xhat(IMAGES) * SCALE, rtol=0, atol=1e-12)


def test_rms_norm_is_the_formula():
    wanted = IMAGES / np.sqrt((IMAGES**2).mean(-1, keepdims=True) + 0.1) * SCALE
    np.testing.assert_allclose(forward(layers.RMSNorm(SCALE, 0.1), IMAGES)[0], wanted, rtol=0, atol=1e-13)


MADE = [
    *(nn.BatchNorm.init(6), nn.BatchNorm.init(6, bias=False), nn.LayerNorm.init(6)),
    *(nn.LayerNorm.init(6, bias=False), layers.RMSNorm.init(6), layers.GroupNorm.init(6, groups=3)),
    *(layers.GroupNorm.init(6, groups=3, bias=False), layers.InstanceNorm.init(6)),
    *(layers.InstanceNorm.init(6, bias=False), layers.Affine.init(6)),
]


@pytest.mark.parametrize("layer", MADE, ids=lambda layer: type(layer).__name__)
def test_what_init_makes_changes_nothing_but_the_statistics(layer):
    """Numbers that are normal already pass; a shift is there unless it is left out."""
    x = standard(IMAGES, (0, 1, 2), 0) if type(layer) in {nn.BatchNorm, layers.Affine} else standard(IMAGES, (1, 2), 0)
    x = standard(x, 3, 0) if type(layer) in {nn.LayerNorm, layers.RMSNorm} else x
    x = groups(x, 3, 0) if type(layer) is layers.GroupNorm else x
    np.testing.assert_allclose(forward(layer, x)[0], x, rtol=0, atol=1e-4)
    half = type(layer).init(6, **({"groups": 3} if type(layer) is layers.GroupNorm else {}), dtype=np.float32)
    assert half == astype(half, np.float32)


@pytest.mark.parametrize(
    "layer", [layer for layer in MADE if type(layer) not in {layers.RMSNorm, layers.Affine}], ids=str
)
@pytest.mark.parametrize(("dtype", "offset", "near"), [(np.float64, 1e8, 1e-6), (np.float32, 1e3, 2e-3)])
def test_an_offset_takes_no_more_digits_than_it_takes_from_x(layer, dtype, offset, near):
    """mean(x^2) - mean^2 would have none left. The offset is exact, so that x loses nothing else than its last bits."""
    x = (IMAGES + offset).astype(dtype)
    rest = (x - dtype(offset)).astype(dtype)
    layer = astype(layer, dtype)
    (out, cache), (wanted, still) = forward(layer, x), forward(layer, rest)
    np.testing.assert_allclose(out, wanted, rtol=0, atol=near)
    dA = rng.normal(size=x.shape).astype(dtype)
    ours, theirs = backward(layer, cache, dA), backward(layer, still, dA)
    np.testing.assert_allclose(ours.x, theirs.x, rtol=0, atol=near)
    np.testing.assert_allclose(ours.params.scale, theirs.params.scale, rtol=0, atol=100 * near)


@pytest.mark.parametrize("layer", [layer for layer in MADE if type(layer) is not layers.Affine], ids=str)
@pytest.mark.parametrize(("spread", "offset"), [(1, 0), (1, 300), (300, 0), (9000, 20000)])
def test_half_floats_do_not_overflow_on_the_way(layer, spread, offset):
    """In float16 the square of 256 is infinite, and so is the sum of 300 numbers around 300."""
    x = (offset + spread * standard(rng.uniform(-1, 1, size=(300, 4, 6)), (0, 1, 2), 0)).astype(np.float16)
    dA = rng.normal(size=x.shape).astype(np.float16)
    half = astype(layer, np.float16)
    (out, cache), (wanted, exact) = forward(half, x), forward(layer, x.astype(float))
    with np.errstate(over="ignore"):  # a running variance of more than 65 504
        grads, exact_grads = backward(half, cache, dA), backward(layer, exact, dA.astype(float))
    assert {a.dtype for a in (out, cache[0], *leaves(grads))} == {np.dtype(np.float16)}
    np.testing.assert_allclose(out, wanted, rtol=0, atol=4e-3)
    np.testing.assert_allclose(grads.x, exact_grads.x, rtol=0, atol=4e-3 * abs(exact_grads.x).max())
    if type(layer) is nn.BatchNorm:
        with np.errstate(over="ignore"):
            running = astype(exact_grads.params, np.float16)
        np.testing.assert_allclose(grads.params.mean, running.mean, rtol=2e-3, atol=2e-3)
        np.testing.assert_allclose(grads.params.var, running.var, rtol=2e-3)


LARGE = np.random.default_rng(0).standard_normal((3, 777, 256)).astype(np.float32)


@pytest.mark.parametrize(
    "layer",
    [layers.Affine(LARGE[0, 0], LARGE[0, 1]), nn.LayerNorm(LARGE[0, 0], LARGE[0, 1]), layers.RMSNorm(LARGE[0, 0])],
    ids=type,
)
def test_of_large_arrays_each_row_is_what_it_is_alone(layer):
    """They are rescaled block by block, of which the last is a smaller one."""
    out, cache = forward(layer, LARGE)
    dx = backward(layer, cache, LARGE).x
    for rows in (slice(0, 5), slice(-5, None)):
        few, cache = forward(layer, LARGE[:, rows])
        np.testing.assert_allclose(few, out[:, rows], rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(backward(layer, cache, LARGE[:, rows]).x, dx[:, rows], rtol=1e-5, atol=1e-5)


def test_a_constant_feature_of_many_rows_becomes_zero_in_float32():
    """A sum of 300 000 numbers in float32 is off by a thousandth, which the variance is not to take for a signal."""
    x = np.full((300_000, 1), 0.1, np.float32)
    out, _ = forward(nn.BatchNorm.init(1, dtype=np.float32), x)
    assert abs(out).max() < 1e-3
    places = x.reshape(1, -1, 1)
    assert abs(forward(layers.InstanceNorm.init(1, dtype=np.float32), places)[0]).max() < 1e-3


# Batch normalisation: what is carried on.


def test_running_statistics_follow_their_formula_whatever_the_learning_rate():
    layer, mean, var = nn.BatchNorm.init(6, momentum=0.25), np.zeros(6), np.ones(6)
    for step in range(5):
        x = IMAGES * (1 + step)
        out, cache = forward(layer, x)
        grads = backward(layer, cache, out)
        assert backward_params(layer, cache, out) == grads.params
        layer = sgd(layer, grads, 0.0)
        mean = 0.75 * mean + 0.25 * x.mean((0, 1, 2))
        var = 0.75 * var + 0.25 * x.var((0, 1, 2), ddof=1)
    np.testing.assert_allclose(layer.mean, mean, rtol=1e-13)
    np.testing.assert_allclose(layer.var, var, rtol=1e-13)
    assert layer.scale.tolist() == [1] * 6


def test_the_running_variance_is_the_unbiased_one():
    """The unbiased variance is n / (n - 1) of that which normalises: with two rows, twice as much."""
    layer = nn.BatchNorm.init(1, momentum=0.5)
    out, cache = forward(layer, np.array([[1.0], [3.0]]))
    assert backward(layer, cache, out).params.var.tolist() == [0.5 * 1 + 0.5 * 2]


def test_without_momentum_or_when_frozen_the_statistics_stay():
    still = nn.BatchNorm.init(6, momentum=0.0)
    out, cache = forward(still, IMAGES)
    assert sgd(still, backward(still, cache, 0 * out), 1.0) == still
    frozen = nn.Frozen(nn.BatchNorm.init(6))
    out, cache = forward(frozen, IMAGES)
    assert sgd(frozen, backward(frozen, cache, out), 1.0) == frozen


def test_prediction_is_an_affine_map_in_the_same_place_and_knows_no_other_rows():
    net = (nn.Dense.init(6, 6, seed=1), nn.BatchNorm(SCALE, SHIFT, SHIFT, SCALE**2, eps=0.1), nn.Relu())
    quiet = inference(net)
    assert [type(layer) for layer in quiet] == [nn.Dense, layers.Affine, nn.Relu]
    assert quiet[0] is net[0]
    wanted = (IMAGES - SHIFT) / np.sqrt(SCALE**2 + 0.1) * SCALE + SHIFT
    np.testing.assert_allclose(predict(net[1], IMAGES), wanted, rtol=0, atol=1e-12)
    np.testing.assert_allclose(predict(evolve(net[1], shift=None), IMAGES), wanted - SHIFT, rtol=0, atol=1e-12)
    np.testing.assert_allclose(predict(net, IMAGES)[2:3], predict(net, IMAGES[2:3]), rtol=0, atol=1e-13)
    assert inference(quiet) == quiet


# Folding.


def trained(width, *, bias, seed):
    """A dense layer and a batch normalisation that have seen something."""
    r = np.random.default_rng(seed)
    norm = nn.BatchNorm(r.normal(size=width), r.normal(size=width), r.normal(size=width), r.uniform(0.5, 2, width))
    return nn.Dense.init(width, width, seed=seed, bias=bias), norm


@given(st.integers(1, 6), st.booleans(), st.integers(0, 1000))
def test_folded_computes_the_same_with_fewer_layers(width, bias, seed):
    net = (
        *trained(width, bias=bias, seed=seed),
        nn.Dropout(0.5, seed=0),
        nn.Tanh(),
        *trained(width, bias=bias, seed=seed + 1),
    )
    quiet = inference(net)
    small = layers.folded(quiet)
    assert [type(layer) for layer in small] == [nn.Dense, nn.Tanh, nn.Dense]
    x = np.random.default_rng(seed).normal(size=(4, 3, width))
    wanted = predict(net, x)
    np.testing.assert_allclose(forward(small, x)[0], wanted, rtol=0, atol=1e-12 * max(1, abs(wanted).max()))
    half, x = layers.folded(astype(quiet, np.float32)), x.astype(np.float32)
    assert forward(half, x)[0].dtype == np.float32


@pytest.mark.parametrize("bias", [True, False])
def test_convolutions_take_it_too(bias):
    r, (_, norm) = np.random.default_rng(1), trained(4, bias=True, seed=1)
    b = r.normal(size=4) if bias else None
    for conv, x in (
        (nn.Conv2d(r.normal(size=(3, 2, 2, 4)), b), r.normal(size=(2, 5, 6, 2))),
        (nn.Conv2d(r.normal(size=(3, 3, 1, 4)), b, groups=2), r.normal(size=(2, 5, 6, 2))),
        (layers.Conv1d(r.normal(size=(3, 2, 4)), b), r.normal(size=(2, 7, 2))),
        (layers.ConvTranspose2d(r.normal(size=(3, 2, 2, 4)), b, stride=2), r.normal(size=(2, 5, 6, 2))),
    ):
        quiet = inference((conv, norm, nn.Relu()))
        small = layers.folded(quiet)
        assert [type(layer) for layer in small] == [type(conv), nn.Relu]
        np.testing.assert_allclose(forward(small, x)[0], predict(quiet, x), rtol=0, atol=1e-12)


def test_what_cannot_be_merged_stays():
    dense, norm = trained(3, bias=True, seed=0)
    affine = inference(norm)
    nonlinear = (nn.Relu(), affine, dense)
    assert layers.folded(nonlinear) == nonlinear
    assert layers.folded((affine, dense)) == (affine, dense)
    grouped = layers.ConvTranspose2d(np.ones((1, 1, 3, 1)), None, groups=3), affine
    assert layers.folded(grouped) == grouped
    assert layers.folded((dense, norm)) == (dense, norm)  # it has not been told to predict
    assert layers.folded((dense, nn.LayerNorm.init(3))) == (dense, nn.LayerNorm.init(3))
    assert layers.folded(((), affine)) == ((), affine)
    assert layers.folded(()) == ()
    assert layers.folded(dense) is dense
    assert merge(nn.Relu(), affine) is None


def test_two_affine_maps_become_one_and_chains_are_entered():
    dense, norm = trained(3, bias=True, seed=0)
    affine, x = inference(norm), rng.normal(size=(5, 3))
    net = ((nn.Relu(), dense), affine, affine)
    small = layers.folded(net)
    assert [type(layer) for layer in small[0]] == [nn.Relu, nn.Dense]
    assert len(small) == 1
    np.testing.assert_allclose(forward(small, x)[0], forward(net, x)[0], rtol=0, atol=1e-12)
    [one] = layers.folded((affine, affine))
    np.testing.assert_allclose(forward(one, x)[0], forward((affine, affine), x)[0], rtol=0, atol=1e-12)


def test_networks_inside_of_layers_are_folded_too():
    frozen = nn.Frozen(inference(trained(3, bias=False, seed=0)))
    assert [type(layer) for layer in layers.folded((frozen, nn.Relu()))[0].layer] == [nn.Dense]


def outputs_are_those_of(net, small, x):
    wanted, out = forward(net, x)[0], forward(small, x)[0]
    for a, b in zip(leaves((out,)), leaves((wanted,)), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-12)


def test_branches_are_folded_each_by_itself():
    dense, norm = trained(3, bias=True, seed=0)
    x = rng.normal(size=(5, 3))
    for pair, kinds in (
        ((dense, norm), [nn.Dense, layers.Affine]),
        ((norm, norm), [layers.Affine, layers.Affine]),
        ((nn.Dropout(0.5, seed=0), dense), [layers.Identity, nn.Dense]),
        (((), norm), [tuple, layers.Affine]),
        (((dense, norm), (dense, nn.Dropout(0.5, seed=0))), [tuple, tuple]),
    ):
        net = inference((layers.Copy(2), layers.Parallel(pair), layers.Sum()))
        small = layers.folded(net)
        assert [type(layer) for layer in small[1].layers] == kinds
        outputs_are_those_of(net, small, x)
    assert [len(branch) for branch in small[1].layers] == [1, 1]


def test_the_chain_in_a_layer_is_folded():
    pair = inference(trained(3, bias=True, seed=0))
    for holder in (nn.Residual, nn.Frozen):
        small = layers.folded(holder((*pair, nn.Relu())))
        assert [type(layer) for layer in small.layer] == [nn.Dense, nn.Relu]
        outputs_are_those_of(holder((*pair, nn.Relu())), small, rng.normal(size=(5, 3)))


@record
class Ensemble:
    """The sum of the outputs of its layers, which stand side by side; the annotation is for a type checker alone."""

    layers: "tuple[Nobody, ...]" = branches()  # noqa: F821  a name that nobody can resolve


@forward.register(Ensemble)
def ensemble_forward(params, x):
    outs, caches = zip(*[forward(layer, x) for layer in params.layers], strict=True)
    return sum(outs), caches


def test_a_field_that_is_declared_holds_layers_side_by_side():
    dense, norm = trained(3, bias=True, seed=0)
    net = inference(Ensemble((dense, norm, nn.Dropout(0.5, seed=0), (dense, norm))))
    small = layers.folded(net)
    assert [type(layer) for layer in small.layers] == [nn.Dense, layers.Affine, layers.Identity, tuple]
    assert [type(layer) for layer in small.layers[3]] == [nn.Dense]
    outputs_are_those_of(net, small, rng.normal(size=(5, 3)))


@record
class Paired:
    """Layers and numbers in one tuple, which is not a chain."""

    pairs: tuple


def test_in_a_tuple_of_layers_and_numbers_each_layer_is_one():
    dense, norm = trained(3, bias=True, seed=0)
    assert inference(Paired(((dense, 2.0), (nn.Dropout(0.5, seed=0), 3.0)))).pairs == (
        (dense, 2.0),
        (layers.Identity(), 3.0),
    )
    assert layers.folded(Paired(((dense, 2.0), ((dense, norm), 3.0)))).pairs[1][1] == 3.0
    settings = Paired(((1, 2), ("a", None)))
    assert inference(settings) is settings


def test_a_layer_of_ones_own_says_how_it_merges():
    @record
    class Tripled:
        W: object
        b: object = None

    layer = Tripled(np.ones((2, 1, 3)))
    affine = layers.Affine(np.array([1.0, 2.0, 3.0]), np.ones(3))
    assert layers.folded((layer, affine)) == (layer, affine)
    merge.register(Tripled)(merge.dispatch(nn.Dense))
    assert layers.folded((layer, affine)) == (Tripled(np.tile([1.0, 2.0, 3.0], (2, 1, 1)), np.ones(3)),)
