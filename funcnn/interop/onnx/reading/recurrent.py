"""Recurrent operators as layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcnn.arrays import Array
from funcnn.interop.onnx.reading.chain import Chain, places
from funcnn.interop.onnx.reading.refusals import check
from funcnn.interop.onnx.recurrent import GATES
from funcnn.layers.recurrent.bidirectional import Bidirectional
from funcnn.layers.recurrent.cells import GRU, LSTM, RNN
from funcnn.layers.recurrent.last import Last

FUNCTIONS = {RNN: ["Tanh"], GRU: ["Sigmoid", "Tanh"], LSTM: ["Sigmoid", "Tanh", "Tanh"]}


def recurrent(node: Any, chain: Chain) -> Chain:
    """One direction, or both; out of all positions, or the last state h"""
    cls: Any = {"RNN": RNN, "GRU": GRU, "LSTM": LSTM}[node.node.op_type]
    _check(node, cls)
    W, U = node.array(1), node.array(2)
    both, k = len(W) == 2, U.shape[-1]
    B = node.part(3)
    B = np.zeros((len(W), 2 * W.shape[1]), W.dtype) if B is None else B
    layers = [_layer(cls, *arrays) for arrays in zip(W, U, B, strict=True)]
    rows_first = bool(node.setting("layout", 0))
    at = chain.as_array(chain.index if rows_first else chain.index.swapaxes(0, 1))
    out = at.then(Bidirectional(*layers) if both else layers[0])
    m, t = out.a.shape[:2]
    by_direction = places(out.a.shape).reshape(m, t, len(W), k)
    if node.output == node.node.output[0]:
        return Chain(out.layers, out.a, by_direction if rows_first else by_direction.transpose(1, 2, 0, 3))
    is_h = len(node.node.output) > 1 and node.output == node.node.output[1]
    check("out, or the last h of one direction, in use", f"{node.output!r} in use", holds=is_h and not both)
    last = out.then(Last())
    index = places(last.a.shape)
    return Chain(last.layers, last.a, np.expand_dims(index, 1 if rows_first else 0))


def _check(node: Any, cls: Any) -> None:
    """Refuse settings that no layer has; the numbers of the example need not show them."""
    check("x as its first input", "x as another one", holds=node.moving == [node.node.input[0]])
    direction = node.setting("direction", "forward")
    check("forward or bidirectional as its direction", direction, holds=direction in ("forward", "bidirectional"))
    functions = [text if isinstance(text, str) else text.decode() for text in node.setting("activations", [])]
    ours = FUNCTIONS[cls] * (2 if direction == "bidirectional" else 1)
    check(f"the activations {', '.join(ours)}", ", ".join(functions), holds=functions in ([], ours))
    check("no clip", node.setting("clip"), holds=node.setting("clip") is None)
    check("input_forget=0", 1, holds=not node.setting("input_forget", 0))
    check("linear_before_reset=1", 0, holds=cls is not GRU or node.setting("linear_before_reset", 0) == 1)
    t = node.given.shape[1 if node.setting("layout", 0) else 0]
    lengths = node.part(4)
    check("whole sequences", "lengths of sequences", holds=lengths is None or bool((lengths == t).all()))
    for i, name in ((5, "a first state of 0"), (6, "a first state of 0"), (7, "no peepholes")):
        array = node.part(i)
        check(name, "an array of other numbers", holds=array is None or not array.any())


def _layer(cls: Any, W: Array, U: Array, b: Array) -> Any:
    """One direction, with the gates in the order of funcnn"""
    first, second = np.split(b, 2)
    k = U.shape[-1]
    if cls is not GRU:
        return cls(_in_order(cls, W.T), _in_order(cls, U.T), _in_order(cls, first + second))
    joined = first + np.concatenate([second[: 2 * k], np.zeros_like(second[2 * k :])])
    return GRU(_in_order(cls, W.T), _in_order(cls, U.T), _in_order(cls, joined), second[2 * k :])


def _in_order(cls: Any, array: Array) -> Array:
    """The inverse of the order in which `to_onnx` writes the gates"""
    parts = np.split(array, len(GATES[cls]), axis=-1)
    return np.concatenate([parts[i] for i in np.argsort(GATES[cls])], axis=-1)
