r"""The equations of layers in LaTeX, as `latex` reads them: from cards, and of layers without a card."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from funcnn import layers
from funcnn.about.table import card_of
from funcnn.inspection.probe import Probe
from funcnn.inspection.terms import escaped
from funcnn.layers.convolution.base import Convolution

Equations = str | tuple[str, ...]

# Equations without settings.
_FIXED: dict[type, Equations] = {
    layers.Scale: r"factor \odot x",
    layers.Affine: r"x \odot scale + shift",
    layers.Residual: "x + layer(x)",
    layers.Map: "out_t = layer(x_t)",
    layers.Shared: "net(x)",
    layers.Tied: r"net(W[x]) W^\top",
    layers.Sum: r"\sum_i x^{(i)}",
    layers.Concat: r"\operatorname{concat}_i x^{(i)}",
    layers.Flatten: r"\operatorname{flatten}(x)",
    layers.Embedding: "W[x]",
    layers.LearnedPosition: "out_p = x_p + P_p",
    layers.GlobalAvgPool: r"\operatorname{mean}_p x_p",
    layers.GlobalMaxPool: r"\max_p x_p",
    layers.Last: "x_T",
    layers.Bidirectional: r"[ahead(x), \operatorname{reversed}(behind(\operatorname{reversed}(x)))]",
    layers.RNN: r"out_t = \tanh(x_t W + b + out_{t-1} U)",
    layers.GRU: (
        "[z_{r,t}, z_{u,t}, z_{n,t}] = x_t W + b",
        r"[v_{r,t}, v_{u,t}, v_{n,t}] = out_{t-1} U",
        r"r_t = \sigma(z_{r,t} + v_{r,t})",
        r"u_t = \sigma(z_{u,t} + v_{u,t})",
        r"n_t = \tanh(z_{n,t} + r_t \odot (v_{n,t} + c))",
        r"out_t = n_t + u_t \odot (out_{t-1} - n_t)",
    ),
    layers.LSTM: (
        "[z_{i,t}, z_{f,t}, z_{o,t}, z_{g,t}] = x_t W + b + out_{t-1} U",
        r"c_t = \sigma(z_{f,t}) \odot c_{t-1} + \sigma(z_{i,t}) \odot \tanh(z_{g,t})",
        r"out_t = \sigma(z_{o,t}) \odot \tanh(c_t)",
    ),
    **dict.fromkeys((layers.First, layers.Frozen, layers.Here, Probe, layers.Remat), "layer(x)"),
}


def number(value: float) -> str:
    """A setting as LaTeX, such as 0.25 or 10^{-5}."""
    digits, _, power = f"{value:g}".partition("e")
    return digits if not power else f"10^{{{int(power)}}}" if digits == "1" else rf"{digits} \cdot 10^{{{int(power)}}}"


def of_card(params: Any) -> Equations:
    """The equations in the card of a layer, with its settings in their places; empty without a card"""
    card = card_of(params)
    equations = "" if card is None else card.latex
    lines = (equations,) if isinstance(equations, str) else equations
    made = [re.sub(r"<(\w+)>", lambda found: number(getattr(params, found[1])), line) for line in lines]
    return made[0] if isinstance(equations, str) else tuple(made)


def _plus(params: Any, name: str) -> str:
    return "" if getattr(params, name) is None else f" + {name}"


def _standardized(over: str) -> Callable[[Any], str]:
    """(x - mean) / sqrt(var + eps) scale + shift, with mean and var over rows, channels or groups"""
    mean, var = [rf"\operatorname{{{of}}}_{{\text{{{over}}}}}(x)" for of in ("mean", "var")]
    return lambda params: (
        rf"\frac{{x - {mean}}}{{\sqrt{{{var} + {number(params.eps)}}}}} \odot scale{_plus(params, 'shift')}"
    )


def _sized(name: str, setting: str) -> Callable[[Any], str]:
    """A function with one setting as its subscript"""

    def rule(params: Any) -> str:
        value = getattr(params, setting)
        sizes = r" \times ".join(map(str, value)) if type(value) is tuple else value
        return rf"\operatorname{{{name}}}_{{{sizes}}}(x)"

    return rule


def _dropped(mask: str) -> Callable[[Any], str]:
    """x mask / (1 - rate)"""
    return lambda params: (
        rf"\frac{{1}}{{{number(1 - params.rate)}}} x \odot {mask}, \quad "
        rf"{mask} \sim \operatorname{{Bernoulli}}({number(1 - params.rate)})"
    )


def _convolved(function: str) -> Callable[[Any], str]:
    """x * W + b; the settings of a convolution that are not 1 as subscripts"""

    def rule(params: Any) -> str:
        settings = [f"{name} {value}" for name in ("stride", "dilation", "groups") if (value := _size(params, name))]
        below = rf"_{{\text{{{', '.join(settings)}}}}}" if settings else ""
        return rf"\operatorname{{{function}}}{below}(x, W){_plus(params, 'b')}"

    return rule


def _size(params: Any, name: str) -> str:
    """A setting as text, empty if it is 1"""
    value = getattr(params, name)
    if type(value) is tuple:
        return "" if set(value) == {1} else " x ".join(map(str, value))
    return "" if value == 1 else str(value)


def _attended(queries: str, memory: str) -> Callable[[Any], Equations]:
    """softmax(q k^T / sqrt(d)) v of each head, and the last dense layer"""

    def rule(params: Any) -> Equations:
        d = params.query.W.shape[1] // params.heads
        q, k = f"query({queries})_j", f"key({memory})_j"
        if getattr(params, "rotary", None) is not None:
            q, k = [rf"\operatorname{{rotary}}({part})" for part in (q, k)]
        where = r"_{s \leq t}" if getattr(params, "causal", False) else ""
        heads = ["a_1", "a_2"][: params.heads] + [r"\ldots", f"a_{{{params.heads}}}"] * (params.heads > 2)
        weights = rf"\operatorname{{softmax}}{where}\left(\frac{{{q} {k}^\top}}{{\sqrt{{{d}}}}}\right)"
        dropped = "" if params.dropout is None else rf"\operatorname{{dropout}}_{{{number(params.dropout.rate)}}}"
        weights = rf"{dropped}\left({weights}\right)" if dropped else weights
        return rf"a_j = {weights} value({memory})_j", f"out([{', '.join(heads)}])"

    return rule


def _fixed(equations: Equations) -> Callable[[Any], Equations]:
    return lambda _: equations


_WAVES = r"[\sin(p \omega_0), \cos(p \omega_0), \sin(p \omega_1), \ldots], \quad \omega_i = "
RULES: dict[type, Callable[[Any], Equations]] = {
    **{layer: _fixed(equations) for layer, equations in _FIXED.items()},
    layers.Dense: lambda p: f"x W{_plus(p, 'b')}",
    layers.Dropout: _dropped("d"),
    layers.ChannelDropout: _dropped("d_c"),
    layers.GaussianNoise: lambda p: rf"x + {number(p.std)} z, \quad z \sim \operatorname{{N}}(0, 1)",
    layers.BatchNorm: _standardized("batch"),
    layers.LayerNorm: _standardized("row"),
    layers.GroupNorm: _standardized("group"),
    layers.InstanceNorm: _standardized("channel"),
    layers.RMSNorm: lambda p: (
        rf"\frac{{x}}{{\sqrt{{\operatorname{{mean}}_{{\text{{row}}}}(x^2) + {number(p.eps)}}}}} \odot scale"
    ),
    Convolution: _convolved("conv"),
    layers.ConvTranspose2d: _convolved("convtranspose"),
    layers.MaxPool: _sized("maxpool", "size"),
    layers.AvgPool: _sized("avgpool", "size"),
    layers.AdaptiveAvgPool: _sized("adaptiveavgpool", "size"),
    layers.AdaptiveMaxPool: _sized("adaptivemaxpool", "size"),
    layers.Pad: lambda p: rf"\operatorname{{pad}}_{{\text{{{p.mode}}}}}(x)",
    layers.Upsample: _sized("upsample", "factor"),
    layers.Reshape: _sized("reshape", "shape"),
    layers.SinusoidalPosition: lambda p: rf"out_p = x_p + {_WAVES}{number(p.base)}^{{-2 i / n}}",
    layers.Rotary: lambda p: (
        rf"out_p = R_p x_p, \quad R_p = \operatorname{{rotation}}(p {number(p.base)}^{{-2 i / n}})"
    ),
    layers.Attention: _attended("x", "x"),
    layers.CrossAttention: _attended("x^{(0)}", "x^{(1)}"),
    layers.Copy: lambda p: f"({', '.join(['x'] * p.n)})",
    layers.Parallel: lambda p: f"({', '.join([f'layers.{i}(x^{{({i})}})' for i in range(len(p.layers))])})",
    layers.Take: lambda p: f"x^{{({p.i})}}",
    layers.Function: lambda p: rf"\operatorname{{{escaped(p.f.__qualname__)}}}(x)",
}
