"""Cards of the activations, of Softmax and of Glu."""

from __future__ import annotations

from typing import Any

from funcnn.about.card import Card
from funcnn.layers.activations.base import Elu, Identity, LeakyRelu, Relu, Sigmoid, Softplus, Tanh
from funcnn.layers.activations.glu import Glu
from funcnn.layers.activations.piecewise import HardShrink, HardSigmoid, HardSwish, HardTanh, Relu6, SoftShrink
from funcnn.layers.activations.rectifiers import Celu, PRelu, Selu, Threshold
from funcnn.layers.activations.smooth import ExactGelu, Gelu, LogSigmoid, Mish, Silu, Sine, Softsign, TanhShrink
from funcnn.layers.activations.softmax import LogSoftmax, Softmax

_ROW = (("i", "the entry along the last axis"), ("j", "each entry"), ("sum", "the sum over the last axis"))
_TANH = "op.tanh(op.mul(0.7978845608028654, op.add(x, op.mul(0.044715, op.mul(op.mul(x, x), x)))))"  # of u


def _card(latex: str | tuple[str, ...], twins: tuple[str, str, str], **others: Any) -> Card:
    """A card whose twins are in torch.nn, jax.nn and spox, unless their modules are named or they are expressions."""
    homes = {"torch": "torch.nn", "jax": "jax.nn", "onnx": "spox.opset.ai.onnx.v17"}
    for (library, home), twin in zip(homes.items(), twins, strict=True):
        others[library] = f"{home}:{twin}" if twin.isidentifier() and twin != "x" else twin
    return Card(latex=latex, **others)


CARDS = {
    Relu: _card(r"\max(x, 0)", ("ReLU", "relu", "relu"), double=True, corners=(0.0,)),
    Sigmoid: _card(r"\frac{1}{1 + e^{-x}}", ("Sigmoid", "sigmoid", "sigmoid"), double=True),
    Tanh: _card(r"\tanh(x)", ("Tanh", "jax.numpy:tanh", "tanh"), double=True),
    Identity: _card("x", ("Identity", "identity", "x"), double=True),
    LeakyRelu: _card(
        r"\max(x, 0) + <alpha> \min(x, 0)",
        ("LeakyReLU", "leaky_relu", "leaky_relu"),
        settings=((), (0.0,), (2.0,), (0.5,), (1.0,)),
    ),
    # By default torch returns x above 20; without a threshold it overflows, in float32 at 89.
    Softplus: _card(r"\log(1 + e^{x})", ("torch.nn.Softplus(threshold=80)", "softplus", "softplus")),
    Elu: _card(
        r"\max(x, 0) + <alpha> (e^{\min(x, 0)} - 1)",
        ("ELU", "elu", "elu"),
        settings=((), (0.0,), (2.0,), (0.5,), (0.01,)),
    ),
    Gelu: _card(
        r"\frac{x}{2} \odot \left(1 + \tanh\left(\sqrt{2 / \pi} (x + 0.044715 x^3)\right)\right)",
        ('torch.nn.GELU(approximate="tanh")', "gelu", f"op.mul(op.mul(0.5, x), op.add({_TANH}, 1))"),
        double=True,
        symbols=(
            ("s", "1 / (1 + e^(-2 u))"),
            ("u", "sqrt(2 / pi) (x + 0.044715 x^3)"),
            ("u'", "the derivative of u with respect to x"),
        ),
    ),
    ExactGelu: _card(
        r"x \odot \Phi(x)",
        ("GELU", "", "op.mul(op.mul(0.5, x), op.add(op.erf(op.mul(x, 0.7071067811865476)), 1))"),
        symbols=(("P", "the probability that a standard normal number is below x"),),
    ),
    Silu: _card(
        r"\frac{x}{1 + e^{-x}}",
        ("SiLU", "silu", "op.mul(x, op.sigmoid(x))"),
        double=True,
        symbols=(("s", "1 / (1 + e^-x)"),),
        mistakes=(
            ("the gate alone", "taken for a constant", "sigmoid(x)"),
            ("the slope of the gate alone", "half of a product", "x * sigmoid(x) * sigmoid(-x)"),
            ("s (1 - s)", "the sigmoid's", "sigmoid(x) * sigmoid(-x)"),
        ),
    ),
    Mish: _card(
        r"x \odot \tanh(\log(1 + e^{x}))",
        ("Mish", "mish", "op.mul(x, op.tanh(op.softplus(x)))"),
        symbols=(("t", "tanh(log(1 + e^x))"),),
        mistakes=(
            ("the gate alone", "taken for a constant", "tanh(softplus(x))"),
            ("the slope of Silu", "nearly the same curve", "sigmoid(x) * (1 + x * sigmoid(-x))"),
            ("2 e (e + 1)", "a factor lost in the quotient", "(slope + tanh(softplus(x))) / 2"),
        ),
    ),
    Softsign: _card(
        r"\frac{x}{1 + \lvert x \rvert}",
        ("Softsign", "soft_sign", "softsign"),
        mistakes=(
            ("1 / (1 + |x|)", "not squared", "1 / (1 + abs(x))"),
            ("1 / (1 + x^2)", "the slope of arctan", "1 / (1 + x * x)"),
            ("1 - |out|", "the square of out forgotten", "1 - abs(out)"),
        ),
    ),
    LogSigmoid: _card(
        r"-\log(1 + e^{-x})",
        ("LogSigmoid", "log_sigmoid", "op.neg(op.softplus(op.neg(x)))"),
        mistakes=(
            ("the sigmoid of x", "a sign", "sigmoid(x)"),
            ("s (1 - s)", "the logarithm forgotten", "sigmoid(x) * sigmoid(-x)"),
            ("e^-x / (1 + e^-x)", "nan below -710", "exp(-x) / (1 + exp(-x))"),
        ),
    ),
    TanhShrink: _card(
        r"x - \tanh(x)",
        ("Tanhshrink", "", "op.sub(x, op.tanh(x))"),
        double=True,
        mistakes=(
            ("1 - t^2", "the tanh's", "1 - tanh(x) ** 2"),
            ("t", "not squared", "tanh(x)"),
            ("from out", "out was kept", "tanh(out) ** 2"),
        ),
    ),
    Sine: _card(
        r"\sin(<omega> x)",
        ("torch.sin(omega * x)", "", "op.sin(op.mul(omega, x))"),
        double=True,
        settings=((), (0.5,), (3.0,)),
        mistakes=(
            ("without omega", "the chain rule forgotten", "cos(omega * x)"),
            ("omega inside forgotten", "of the default", "omega * cos(x)"),
            ("-omega cos", "the other one's sign", "-slope"),
        ),
    ),
    Celu: _card(
        r"\max(x, 0) + <alpha> (e^{\min(x, 0) / <alpha>} - 1)",
        ("CELU", "celu", "celu"),
        settings=((), (2.0,), (0.5,)),
        mistakes=(
            ("alpha e^(x / alpha)", "as Elu's", "where(x > 0, 1, exp(minimum(x, 0) / alpha) * alpha)"),
            ("e^x", "the scale forgotten", "exp(minimum(x, 0))"),
            ("out + 1", "right for alpha 1", "where(x > 0, 1, out + 1)"),
        ),
    ),
    Selu: _card(
        r"1.0507 \left(\max(x, 0) + 1.6733 (e^{\min(x, 0)} - 1)\right)",
        ("SELU", "selu", "selu"),
        mistakes=(
            ("alpha forgotten", "one constant of two", "where(x > 0, slope, slope / 1.6732632423543772)"),
            ("out + alpha", "scale forgotten", "where(x > 0, slope, out + 1.6732632423543772)"),
            ("not scaled", "the slope of Elu", "slope / 1.0507009873554805"),
        ),
    ),
    Threshold: _card(
        r"(x - <below>) \odot [x > <threshold>] + <below>",
        ("Threshold", "", "op.where(op.greater(x, threshold), x, below)"),
        settings=((), (0.5, 0.5), (-1.0, 2.0)),
        corners=(0.0, 0.5),
        jumps=(-1.0,),
        double=True,
        mistakes=(
            ("1 above 0", "the settings reach forward only", "where(x > 0.25, 1.0, 0.0)"),
            ("1 below the threshold", "exchanged", "where(x > threshold, 0.0, 1.0)"),
            ("the value below", "below is in the cost", "where(x > threshold, 1.0, below + 0.5)"),
        ),
    ),
    PRelu: _card(
        r"\max(x, 0) + alpha \odot \min(x, 0)",
        ("", "", ""),
        symbols=(("sum", "the sum over all entries that share an alpha"),),
    ),
    Relu6: _card(
        r"\min(\max(x, 0), 6)",
        ("ReLU6", "relu6", "op.clip(x, 0, 6)"),
        double=True,
        corners=(0.0, 6.0),
        mistakes=(
            ("no end at 6", "copied from Relu", "x > 0"),
            ("ends at 1", "a clip from 0 to 1", "(x > 0) & (x < 1)"),
            ("1 where it is flat", "the mask inverted", "1 - slope"),
        ),
    ),
    HardTanh: _card(
        r"\min(\max(x, <low>), <high>)",
        ("Hardtanh", "", "op.clip(x, low, high)"),
        double=True,
        settings=((), (0.0, 1.0), (1.0, 1.3), (-0.5, 2.0)),
        corners=(-1.0, 1.0, -0.5, 2.0, 0.0, 1.3),
        mistakes=(
            ("from -1 to 1", "the settings reach forward only", "abs(x) < 1"),
            ("no lower end", "copied from Relu6", "x < high"),
            ("1 - out^2", "as a tanh", "1 - out**2"),
        ),
    ),
    HardSigmoid: _card(
        r"\frac{1}{6} \min(\max(x + 3, 0), 6)",
        # torch.nn.Hardsigmoid rounds 1 / 6 to float32, in float64 too.
        ("torch.nn.functional.relu6(x + 3) / 6", "hard_sigmoid", "op.hard_sigmoid(x, alpha=1 / 6, beta=0.5)"),
        corners=(-3.0, 3.0),
        mistakes=(
            ("slope 1", "the 6 forgotten", "6 * slope"),
            ("slope 1 / 6 everywhere", "no corners", "1 / 6"),
            ("out (1 - out)", "as a sigmoid", "out * (1 - out)"),
        ),
    ),
    HardSwish: _card(
        r"\frac{x}{6} \odot \min(\max(x + 3, 0), 6)",
        ("Hardswish", "hard_swish", "hard_swish"),
        corners=(-3.0, 3.0),
        mistakes=(
            ("the gate alone", "taken for a constant", "clip(x + 3, 0, 6) / 6"),
            ("x / 3 without the half", "2 x + 3", "where(abs(x) < 3, x / 3, x >= 3)"),
            ("0 from 3 on", "flat on both sides", "where(abs(x) < 3, slope, 0)"),
        ),
    ),
    SoftShrink: _card(
        r"x - \min(\max(x, -<threshold>), <threshold>)",
        ("Softshrink", "", "op.shrink(x, lambd=threshold, bias=threshold)"),
        settings=((1.0,), (0.1,), ()),
        corners=(-1.0, -0.5, -0.1, 0.1, 0.5, 1.0),
        mistakes=(
            ("the upper side alone", "copied from Relu", "x > threshold"),
            ("out / x", "a secant", "out / where(x == 0, 1, x)"),
            ("the threshold twice", "of what is shrunk", "abs(out) > threshold"),
        ),
    ),
    HardShrink: _card(
        r"x \odot [\lvert x \rvert > <threshold>]",
        ("Hardshrink", "", "op.shrink(x, lambd=threshold, bias=0.0)"),
        settings=((), (0.1,), (1.0,)),
        jumps=(0.5, 1.0),
    ),
    Softmax: _card(
        r"\operatorname{softmax}(x)", ("torch.nn.Softmax(dim=-1)", "softmax", "softmax"), double=True, symbols=_ROW
    ),
    LogSoftmax: _card(
        r"\log \operatorname{softmax}(x)",
        ("torch.nn.LogSoftmax(dim=-1)", "log_softmax", "log_softmax"),
        double=True,
        symbols=_ROW,
    ),
    Glu: _card(
        ("[a, b] = x", r"a \odot gate(b)"),
        ("", "", ""),
        symbols=(("a", "the first half of x"), ("b", "the second half of x")),
    ),
}
