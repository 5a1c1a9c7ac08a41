"""`summary`."""

from typing import Any

import numpy as np
import pytest

import funcnn as nn
from funcnn import backward, forward, gradient, mlp, mse, record, summary, trace
from funcnn.inspection.summaries import described
from funcnn.layers import Copy, First, Function, Here, LeakyRelu, Map, Parallel, Reshape, Shared

x = np.ones((9400, 2))


def printed(*given: Any, **options: Any) -> str:
    return str(summary(*given, **options))


def doubled(x: Any) -> Any:
    return 2 * x


def doubled_vjp(x: Any, dA: Any) -> Any:
    return 2 * dA


def test_the_network_of_the_article():
    text = printed((*mlp([2, 27, 31, 31, 1], seed=1), nn.Sigmoid()), x)
    expected = """\
[
  0 -> Dense (W: 2x27, b: 27)   9400x2 -> 9400x27   81 parameters
  1 -> Relu                     9400x27 -> 9400x27
  2 -> Dense (W: 27x31, b: 31)  9400x27 -> 9400x31  868 parameters
  3 -> Relu                     9400x31 -> 9400x31
  4 -> Dense (W: 31x31, b: 31)  9400x31 -> 9400x31  992 parameters
  5 -> Relu                     9400x31 -> 9400x31
  6 -> Dense (W: 31x1, b: 1)    9400x31 -> 9400x1   32 parameters
  7 -> Sigmoid                  9400x1 -> 9400x1
]
There are 1973 trainable parameters in the model."""
    assert text == expected


def test_nested_chains_single_layers_and_tuples():
    @record
    class Both:
        inner: Any

    @forward.register(Both)
    def both_forward(params, x):
        out, cache = forward(params.inner, x)
        return (out, x, np.float64(1) + np.zeros(())), cache

    @backward.register(Both)
    def both_backward(params, cache, dA):
        inner = backward(params.inner, cache, dA[0])
        return nn.Grads(gradient(params, inner=inner.params), inner.x + dA[1])

    text = printed(
        (LeakyRelu(0.2), (nn.Dense.init(2, 3, seed=0, bias=False), Both(nn.Dense.init(3, 9, seed=0)))), x[:5]
    )
    expected = """\
[
  0 -> LeakyRelu (alpha=0.2)  5x2 -> 5x2
  1.0 -> Dense (W: 2x3)       5x2 -> 5x3                 6 parameters
  1.1 -> Both (inner=Dense)   5x3 -> (5x9, 5x3, number)  36 parameters
]
There are 42 trainable parameters in the model."""
    assert text == expected
    assert printed(nn.Dense.init(2, 3, seed=0), x).startswith(
        "[\n  Dense (W: 2x3, b: 3)  9400x2 -> 9400x3  9 parameters\n]"
    )
    assert printed((), x) == "[\n]\nThere are 0 trainable parameters in the model."


def test_the_costs_of_a_network_are_columns_that_come_behind():
    net = (nn.Dense.init(2, 30, seed=0), (nn.Frozen(nn.Relu()), nn.Dense.init(30, 1, seed=1)))
    plain, text = printed(net, x), printed(net, x, costs=True)
    expected = """\
[
  0 -> Dense (W: 2x30, b: 30)   9400x2 -> 9400x30   90 parameters  1.41 Mflop  720 B arrays
  1.0.layer -> Relu             9400x30 -> 9400x30                 282 kflop                 2.26 MB cache
  1.1 -> Dense (W: 30x1, b: 1)  9400x30 -> 9400x1   31 parameters  573 kflop   248 B arrays
]
There are 121 trainable parameters in the model.
Forward is 2.27 Mflop; the arrays are 968 B, and 2.26 MB are kept for backward."""
    assert text == expected
    for line, longer in zip(plain.splitlines(), text.splitlines(), strict=False):
        assert longer.startswith(line)
    assert printed((Reshape((1, 2)), ()), x, costs=True).endswith(
        "Forward is 0 flop; the arrays are 0 B, and 0 B are kept for backward."
    )


def test_masks_and_branches_are_printed_without_their_numbers():
    mask = np.ones((5, 4), bool)
    text = printed(Parallel(((), (nn.Dense.init(2, 3, seed=0), nn.Relu()), nn.Tanh())), (x[:5], x[:5], mask * 1.0))
    assert "Parallel (layers=((), (Dense, Relu), Tanh))  (5x2, 5x2, 5x4) -> (5x2, 5x3, 5x4)  9 parameters" in text
    assert "(5x4x2, 5x4) -> (5x4x3, 5x4)" in printed(First(nn.Dense.init(2, 3, seed=0)), (np.ones((5, 4, 2)), mask))
    assert "(5x4x2, None) -> (5x4x3, None)" in printed(nn.GRU.init(2, 3, seed=0), (np.ones((5, 4, 2)), None))
    assert "Reshape (shape=(1, 2))" in printed(Reshape((1, 2)), x)
    assert "Function (f=doubled, vjp=doubled_vjp)" in printed(Function(doubled, doubled_vjp), x)
    assert "Shared (layer=Dense, net=(Here,))" in printed(Shared(nn.Dense.init(2, 2, seed=0), (Here(),)), x)


def test_what_is_frozen_is_told_apart_wherever_it_is():
    @record
    class Beside:
        one: Any
        other: Any

    @forward.register(Beside)
    def beside_forward(params, x):
        return forward(params.one, x)[0] + forward(params.other, x)[0], x

    d, x = nn.Dense.init(2, 2, seed=0), np.ones((5, 2))
    told = {
        "6 frozen": [
            nn.Residual(nn.Frozen(d)),
            Map(nn.Frozen(d)),
            Beside(nn.Frozen((d, nn.Relu())), nn.Tanh()),
            (nn.Frozen((nn.Relu(), nn.Residual(d))),),
            nn.Residual(nn.Frozen(nn.Frozen(d))),
        ],
        "6 parameters, 6 frozen": [
            nn.Residual((nn.Frozen(d), d)),
            Beside(d, nn.Frozen(d)),
            (Copy(2), Parallel((nn.Frozen(d), d))),
        ],
        "12 frozen": [(nn.Frozen(nn.Residual((d, nn.Frozen(d)))),), (nn.Frozen(Beside(d, d)),)],
        "12 parameters": [Beside(d, d)],
    }
    for counts, nets in told.items():
        for net in nets:
            given = np.ones((5, 3, 2)) if type(net) is Map else x
            numbers = [line.split("  ")[-1] for line in printed(net, given).splitlines()[1:-2] if line[-1] in "sn"]
            assert numbers == [counts]


def test_settings_at_their_defaults_and_the_middle_of_a_long_chain_are_left_out():
    told = {
        "Conv2d (W: 3x3x2x4, b: 4)": nn.Conv2d.init(2, 4, 3, seed=0),
        "Conv2d (W: 3x3x2x4, b: 4, stride=(1, 2), padding='same')": nn.Conv2d.init(
            2, 4, 3, seed=0, stride=(1, 2), padding="same"
        ),
        "Reshape (shape=())": Reshape(()),
        "LeakyRelu": LeakyRelu(),
        "Residual (layer=(Tanh, Tanh, Tanh, Tanh, Tanh, Relu))": nn.Residual((nn.Tanh(),) * 5 + (nn.Relu(),)),
        "Residual (layer=(Tanh, Tanh, Tanh, ..., Relu))": nn.Residual((nn.Tanh(),) * 6 + (nn.Relu(),)),
    }
    assert [described(layer) for layer in told.values()] == list(told)


@pytest.mark.parametrize("value", [summary(mlp([2, 1], seed=0), x), trace(mlp([2, 1], seed=0), x, x[:, :1], mse)])
def test_a_table_is_shown_at_a_prompt_and_in_a_notebook(value):
    pretty = pytest.importorskip("IPython.lib.pretty", reason="a prompt").pretty
    assert pretty(value) == str(value) == repr(value)
    html = value._repr_html_()
    assert html.startswith("<table><thead><tr><th")
    assert all([part in html for part in ("Dense (W: 2x1, b: 1)", "9400x1", str(value).splitlines()[-1])])


def test_a_network_without_x_has_no_shapes_and_an_empty_one_no_rows():
    assert printed(mlp([2, 3, 1], seed=1)) == (
        "[\n  0 -> Dense (W: 2x3, b: 3)  9 parameters\n  1 -> Relu\n  2 -> Dense (W: 3x1, b: 1)  4 parameters\n]\n"
        "There are 13 trainable parameters in the model."
    )
    assert summary(()).rows == (("layer", "x -> out", "parameters", "forward", "arrays", "cache"),)
    assert summary(())._repr_html_().endswith("<p>There are 0 trainable parameters in the model.</p>")
    assert str(trace((), x, x, mse)).startswith("layer  out  min")
