"""The symbols of the equations of a step, each with its meaning, so that a formula is not shown without its names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import attrs

from funcnn.about.table import card_of
from funcnn.arrays import is_array
from funcnn.fields import parameters_of
from funcnn.inspection.branches import holds_layers
from funcnn.layers.activations.elementwise import Elementwise
from funcnn.layers.attention.cross_attention import CrossAttention
from funcnn.layers.attention.self_attention import Attention
from funcnn.layers.combinators.branches import Copy, Parallel, Take
from funcnn.layers.combinators.first import First
from funcnn.layers.combinators.function import Function
from funcnn.layers.combinators.joins import Concat, Sum
from funcnn.layers.combinators.map import Map
from funcnn.layers.combinators.shapes import Flatten, Reshape
from funcnn.layers.combinators.tied import Tied
from funcnn.layers.convolution.adaptive import AdaptivePool
from funcnn.layers.convolution.base import Convolution
from funcnn.layers.convolution.conv import Conv1d, Conv2d
from funcnn.layers.convolution.global_pool import GlobalAvgPool, GlobalMaxPool
from funcnn.layers.convolution.pad import Pad
from funcnn.layers.convolution.pool import Pool
from funcnn.layers.convolution.transposed import ConvTranspose2d
from funcnn.layers.convolution.upsample import Upsample
from funcnn.layers.embedding.positions import LearnedPosition, Rotary, SinusoidalPosition
from funcnn.layers.embedding.symbols import Embedding
from funcnn.layers.normalisation.affine import Affine
from funcnn.layers.normalisation.batchnorm import BatchNorm
from funcnn.layers.normalisation.groupnorm import GroupNorm, InstanceNorm
from funcnn.layers.normalisation.norm import LayerNorm, RMSNorm
from funcnn.layers.recurrent.base import Recurrent
from funcnn.layers.recurrent.bidirectional import Bidirectional
from funcnn.layers.recurrent.cells import GRU, LSTM
from funcnn.layers.recurrent.last import Last
from funcnn.layers.wrapper import Wrapper
from funcnn.records import plans

# Of each layer and loss.
_COMMON = {
    "x": "the input",
    "out": "the output",
    "@": "the product of matrices",
    "^T": "transposed: rows become columns",
    "1^T": "a row of ones; its product with a matrix is the sum of the rows",
    "e^": "2.718..., the base of the natural logarithm",
    "log": "the natural logarithm",
    "//": "division, rounded down",
}
_LOSS = {
    "size": "the number of entries of out",
    "/ n": "the number of examples",
    "onehot(y)": "1 at the true class, else 0",
    "p[y]": "the entry of p at the true class",
}
_IMAGE = {"m": "the example", "i": "the row of out", "j": "the column of out", "c": "the channel of x"}
_KERNEL = {"k": "the row in the window", "l": "the column in the window"}
_SETTINGS = {
    "s": "the stride, here {stride}",
    "before": "the number of positions added before x; the padding is {padding}",
}
_PARTS = {"n": "the number of parts", "i": "the number of the part"}
_SEQUENCE = {"p": "the position in the sequence, from 0 on", "i": "the pair of features", "n": "the number of features"}
_NORM = {
    "xhat": "x less its mean, divided by sqrt(var + eps)",
    "var": "the variance of x, over the same numbers as in forward",
    "mean(": "the mean over the same numbers as in forward",
    "N": "the number of values of each feature",
    "sum": "the sum over all axes but the last",
}
_HEADS = {"d": "the number of features of a head", "q . k": "the dot product of each query with each key"}
SYMBOLS: dict[type, dict[str, str]] = {
    Elementwise: {"slope": "the derivative of each number of out with respect to its x"},
    SinusoidalPosition: _SEQUENCE,
    LearnedPosition: _SEQUENCE,
    Rotary: _SEQUENCE | {"R": "the rotation of each pair of features, by the angles a_i"},
    Attention: _HEADS,
    CrossAttention: _HEADS | {"memory": "the second part of x"},
    Copy: _PARTS,
    Parallel: _PARTS,
    Take: {"i": "the number of the part that is taken, here {i}"},
    Sum: _PARTS,
    Concat: _PARTS,
    First: {"rest": "the other parts of x"},
    Function: {"f": "the function of the layer", "vjp": "its backward pass"},
    Map: {"[:": "all examples", "s": "the moment of the sequence"},
    Flatten: {"m": "the number of examples"},
    Reshape: {"m": "the number of examples"},
    Embedding: {"ids": "the input x, whole numbers", "i": "the row of W"},
    Tied: {"ids": "the input x, whole numbers", "h": "net(W[ids])", "i": "the row of W"},
    Wrapper: {"enter_back": "passes dx on to the layer before", "leave_back": "passes dA on to the layer inside"},
    Convolution: {"m": "the example", "d": "the dilation, here {dilation}", "kernel": "the weights W"} | _SETTINGS,
    Conv2d: _IMAGE | _KERNEL | {"o": "the channel of out"},
    Conv1d: {"t": "the position in out", "o": "the channel of out", "k": "the position in the window"}
    | {"c": "the channel of x"},
    ConvTranspose2d: _IMAGE
    | _KERNEL
    | {"i": "the row of x", "j": "the column of x", "o": "the channel of out"}
    | {
        "p": "the row of out",
        "q": "the column of out",
        "before": "the number of positions cut off at the start; the padding is {padding}",
    },
    Pool: _IMAGE | _KERNEL | _SETTINGS,
    GlobalAvgPool: {"m": "the example", "c": "the channel"},
    GlobalMaxPool: {"m": "the example", "c": "the channel"},
    AdaptivePool: _IMAGE
    | {"k": "the number of windows along h; the size is {size}", "p": "the row of x", "q": "the column of x"}
    | {
        "h": "the number of rows of x",
        "w": "the number of columns of x",
        "floor": "rounded down",
        "ceil": "rounded up",
    },
    Pad: _IMAGE | {"p(": "the position of x that is copied", "q": "the row of x", "r": "the column of x"},
    Upsample: _IMAGE | {"f": "the factor, here {factor}"},
    Affine: {"sum": "the sum over all axes but the last"},
    BatchNorm: _NORM,
    GroupNorm: _NORM,
    InstanceNorm: _NORM,
    LayerNorm: _NORM,
    RMSNorm: _NORM | {"xhat": "x / sqrt(mean(x^2) + eps)"},
    Last: {"m": "the sequence", "s": "the last step of a sequence that is not padding"},
    Bidirectional: {"reversed": "the steps of the sequence in reverse order"},
    Recurrent: {
        "t": "the step of the sequence",
        "m": "the number of sequences",
        "k": "the number of hidden units",
        "h": "the state, h_t after step t",
        "z": "x_t @ W + b, with h_{{t-1}} @ U added if the cell takes their sum",
        "v": "h_{{t-1}} @ U",
    },
    GRU: {"r": "the reset gate", "u": "the update gate", "n": "the candidate"},
    LSTM: {
        "i": "the input gate",
        "f": "the forget gate",
        "o": "the output gate",
        "g": "the candidate",
        "c": "the cell, c_t after step t",
    },
}


def symbols_of(lines: list[str], of: Any, shown: Iterable[str]) -> list[tuple[str, str]]:
    """The symbols in the equations of a layer or of a loss with their meanings, without the arrays that are shown.

    >>> from funcnn import layers
    >>> from funcnn.teach.symbols import symbols_of
    >>> symbols_of(["out = x where x > 0, else alpha x"], layers.LeakyRelu(alpha=0.1), ["x", "out"])
    [('alpha', '0.1, a setting of LeakyRelu')]
    """
    text, known, arrays = "\n".join(lines), meanings(of), set(shown)
    for name in {*known, *arrays, "A"} - {"x"}:
        known.setdefault(f"d{name}", f"∂cost / ∂{'out' if name == 'A' else name}")
    known |= {"dx": "∂cost / ∂x"}
    for found in re.findall(r"\bsum_([a-z]+)\b", text):
        known[f"sum_{found}"] = f"the sum over {' and '.join(filter(None, (', '.join(found[:-1]), found[-1])))}"
    places = {symbol: place for symbol in known if (place := _place(symbol, text)) is not None}
    needed = [symbol for symbol in sorted(places, key=places.__getitem__) if symbol not in arrays]
    pairs = [(symbol.strip("[( /") if symbol != "//" else symbol, known[symbol]) for symbol in needed]
    pairs = [(symbol.removesuffix("^"), meaning) for symbol, meaning in pairs]
    return [(symbol, meaning) for symbol, meaning in pairs if not _is_defined(symbol, text)]


def meanings(of: Any) -> dict[str, str]:
    """The meanings of symbols that every layer or loss has, of the settings, and of the symbols of the class."""
    known = dict(_COMMON)
    if callable(of):
        card = card_of(without_arguments(of))
        return known | _LOSS | dict(card.symbols if card else ()) | _options(of)
    settings = {name: value for name, value in _fields(of).items() if not is_array(value)}
    if isinstance(of, Pool) and of.stride is None:
        settings["stride"] = of.size
    for name, value in settings.items():
        if value is None:
            known[name] = known[f"d{name}"] = "None here, so it is left out"
        elif holds_layers(value):
            known[name] = "the chain of layers inside" if type(value) is tuple else f"the {type(value).__name__} inside"
        else:
            known[name] = f"{value}, a setting of {type(of).__name__}"
    known |= dict.fromkeys(_fields(of).keys() - settings.keys(), "a parameter of the layer")
    for cls in reversed(type(of).__mro__):
        card = card_of(cls, bases=False) if cls in plans else None
        own = SYMBOLS.get(cls, {}) if card is None else dict(card.symbols)
        known |= {symbol: meaning.format_map(settings) for symbol, meaning in own.items()}
    return known


def without_arguments(loss: Any) -> Any:
    """The loss to which functools.partial gives arguments."""
    while hasattr(loss, "func"):
        loss = loss.func
    return loss


def _fields(of: Any) -> dict[str, Any]:
    return {f.name: getattr(of, f.name) for f in attrs.fields(type(of)) if "state" not in f.metadata}


def _options(loss: Any) -> dict[str, str]:
    """The keyword-only arguments of a loss, with their values."""
    signature = parameters_of(loss)
    options = signature.parameters.values() if signature else ()
    return {o.name: f"{o.default}, an option of the loss" for o in options if o.kind is o.KEYWORD_ONLY}


def _place(symbol: str, text: str) -> int | None:
    """Where a symbol is in a text first: a word is neither a part of a word nor the symbol with a prime."""
    pattern = re.escape(symbol)
    if symbol[0].isalpha():
        pattern = rf"(?<![A-Za-z']){pattern}"
    if symbol[-1].isalpha():
        pattern = rf"{pattern}(?![A-Za-z'-])"
    found = re.search(pattern, text)
    return None if found is None else found.start()


def _is_defined(symbol: str, text: str) -> bool:
    """Whether the text says what the symbol is: "u = ...", "where a is ...", "var of each feature"."""
    name = re.escape(symbol)
    return bool(
        re.search(rf"(?:[,;] |where |with |^){name}(?:_\w)? (?:=|is) |\b(?:and|the) {name} of ", text, re.MULTILINE)
    )
