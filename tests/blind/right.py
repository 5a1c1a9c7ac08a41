"""Backward passes without a mistake."""

from tests.blind.attention import causal, causal_vjp
from tests.blind.base import cases, draw
from tests.blind.convolution import conv2d, conv2d_vjp
from tests.blind.losses import log_softmax, log_softmax_vjp
from tests.blind.normalisation import layer_norm, layer_norm_vjp
from tests.blind.products import tied, tied_vjp
from tests.blind.sequences import lstm, lstm_vjp

RIGHT = [
    *cases(layer_norm, layer_norm_vjp)(("layer norm", None, draw(90, (3, 5), (5,), (5,)), set())),
    *cases(lstm, lstm_vjp)(("lstm", None, draw(91, (3, 2), (4, 8)), set())),
    *cases(causal, causal_vjp)(("causal attention", None, draw(92, (3, 4), (3, 4), (3, 2)), set())),
    *cases(conv2d, conv2d_vjp)(("conv2d", None, draw(93, (5, 4), (3, 2)), set())),
    *cases(log_softmax, log_softmax_vjp)(("log-softmax", None, draw(94, (4, 4)), set())),
    *cases(tied, tied_vjp)(("tied weights", None, draw(95, (4, 3), (3, 2)), set())),
]
