"""`predictor(net)`, the same function of x as `predict(net, x)`, as machine code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from funcnn.arrays import kind, unmapped
from funcnn.checked import checked
from funcnn.compilation.agreement import (
    DIFFERS,
    MOST_COMPARED,
    always,
    are_close,
    first_rows,
    guarded,
    reason_of,
    tried,
    unsuited,
)
from funcnn.compilation.compiler import check_available, unavailable
from funcnn.compilation.inside import Log, inside
from funcnn.compilation.portable import FAULT, refuse
from funcnn.compilation.program import TracedGraph
from funcnn.compilation.shapes import Untraceable
from funcnn.compilation.step import OutputCode, Run
from funcnn.compilation.structure import flattened
from funcnn.compilation.trace import trace_prediction
from funcnn.core import Layer, forward_only, inference
from funcnn.dispatch import registered
from funcnn.needs import Flag
from funcnn.prediction import predict
from funcnn.refusals import check_tree_of_layers

_PLAIN = "plain NumPy: "
_MOST_SHAPES = 1000  # of x, for which a predictor keeps its code, or why there is none
_MOST_CHANGES = 8  # of what the rules read, without a call between them that needs no new code


class Predictor:
    """The function that `predictor` returns; it pickles as its network, and is compiled anew where it is loaded."""

    def __init__(self, net: Any, portable: bool) -> None:  # noqa: FBT001  as it is pickled
        self.net, self.portable = net, portable
        self._runs: dict[Any, tuple[Run | None, Callable[[], bool], str]] = {}  # by the shape and dtype of x
        self._codes: list[OutputCode] = []
        self._registered, self._changes = len(registered), 0

    def __call__(self, x: Any, /) -> Any:
        """`predict(net, x)`"""
        if type(x) is np.memmap:
            return self(unmapped(x))
        made = known = None
        if type(x) is np.ndarray:
            known = self._runs.get((x.shape, x.dtype))
            if known is not None and known[1]() and self._registered == len(registered):
                self._changes = 0
            else:
                known = self._prepared(x)
            if known[0] is not None:
                made = known[0](x)
        return self._plainly(x, known) if made is None else made

    def _plainly(self, x: Any, known: Any) -> Any:
        """The output of NumPy, if that is what was asked for, or has no numbers."""
        if self.portable and not (known and not x.size):
            reason = known[2].removeprefix(_PLAIN) if known else f"x must be a NumPy array, not {kind(x)}"
            refuse("predictor", FAULT if known and known[0] else reason, lambda: predict(self.net, x))
        return predict(self.net, x)

    def explain(self, x: Any) -> str:
        """How the output for x is computed, in a sentence."""
        self(x)
        if type(x) not in {np.ndarray, np.memmap}:
            return f"{_PLAIN}x must be a NumPy array, got {kind(x)}"
        return self._runs[x.shape, x.dtype][2]

    def _prepared(self, x: Any) -> tuple[Run | None, Callable[[], bool], str]:
        """How to compute the output for arrays of the shape and dtype of x, until what rules read has changed."""
        if self._registered != len(registered):
            self._registered = len(registered)
            self._runs.clear()
        self._changes += (x.shape, x.dtype) in self._runs
        made: Any = "a rule reads what changes in each call"
        is_unchanged = always
        if self._changes <= _MOST_CHANGES:
            try:
                made, is_unchanged = guarded(lambda: self._made(x), flattened(self.net)[2])
                if type(made) is str and is_unchanged is not always and not self.portable and not unavailable():
                    made = _by_layers(self.net, x, made)
            except Untraceable as reason:
                made = str(reason)
        if len(self._runs) >= _MOST_SHAPES:
            self._runs.clear()
        known = (None, is_unchanged, f"{_PLAIN}{made}") if type(made) is str else (made[0], is_unchanged, made[1])
        self._runs[x.shape, x.dtype] = known
        return known

    def _made(self, x: Any) -> tuple[Run, str] | str:
        """The function for x, if its result is NumPy's, and what it does; or the reason why there is none."""
        net = inference(self.net)
        arrays, numbers, _ = flattened(net)
        if self.portable:
            check_available("predictor")
        if reason := unavailable() or unsuited(x, x, arrays, any_width=self.portable):
            return reason
        try:
            program = TracedGraph(trace_prediction(net, x))
            code = OutputCode(program, arrays, numbers, portable=self.portable)
        except Exception as error:  # noqa: BLE001  of a user's rule, which raises its errors again where it runs plain
            return reason_of(error)
        shape = program.trace.out.shape
        for known in self._codes:
            if known.equals(code):
                return known.bound(shape), str(known)
        if not _agree(net, code.bound((min(len(x), MOST_COMPARED), *shape[1:])), first_rows(x)):
            return DIFFERS
        self._codes.append(code)
        return code.bound(shape), str(code)

    def __reduce__(self) -> Any:
        return Predictor, (self.net, self.portable)

    def __repr__(self) -> str:
        return f"predictor({self.net}{', portable=True' * self.portable})"


def _by_layers(net: Any, x: Any, reason: str) -> tuple[Run, str] | str:
    """The prediction layer by layer, of which some have kernels of their own; or the reason, if none has."""
    log = Log()
    plain = predict(net, x)
    with inside(log):
        made = tried(predict, net, x)
    rules = ", ".join(dict.fromkeys([rule.__name__ for rule, why in log if not why]))
    is_of_floats = type(made) is np.ndarray and made.dtype.kind == "f"
    if not (rules and is_of_floats and are_close([(made, plain)], made.dtype)):
        return reason

    def run(x: Any) -> Any:
        with inside([]):
            return predict(net, x)

    return run, f"compiled in segments, since the network is not one kernel: {reason}; machine code: {rules}"


def _agree(net: Any, run: Run, x: Any) -> bool:
    """Whether the outputs are NumPy's, compared with the largest for x and for two arrays like it.

    A single output may be small, as a difference of large numbers whose rounding errors it has.
    """
    forward_only(net, x)  # raises an error if x is at fault
    ramp = np.linspace(-1, 2, x[0].size, dtype=x.dtype).reshape(x.shape[1:])
    with np.errstate(all="ignore"):
        tries = [(tried(run, one), tried(forward_only, net, one)) for one in (x, x * ramp, x * ramp + ramp)]
    pairs = [(made, plain) for made, plain in tries if made is not None and plain is not None]
    return not pairs or are_close(pairs, x.dtype)


@checked
def predictor(net: Layer[Any], *, portable: Flag = False) -> Predictor:
    """`predict(net, x)` as a function of x, in machine code: x (m, ..., n_in) -> out (m, ..., n_out), for any m

    At the first call with arrays of some shape, `forward_only(inference(net), x)` is applied to symbolic arrays, as in
    `compiled`. NumPy computes the output where a rule does what a kernel cannot do, where it is faster, and where the
    first output of the kernel is not NumPy's; `function.explain(x)` says why. Errors are those of `predict`.

    If `portable` is True, the output has the same bits on every processor, and those of a row do not depend on the
    number of rows; then the network must be one kernel.

    The parameters are copied once. Several threads may call the function at a time.

    Needs the extra `compiled`, `pip install "funcnn[compiled]"`; without it, outputs are computed by NumPy.

    >>> import numpy as np
    >>> from funcnn import Dense, Relu
    >>> from funcnn.compilation import predictor
    >>> function = predictor((Dense(np.eye(2), np.ones(2)), Relu()))
    >>> function(np.array([[1.0, -3.0]]))
    array([[2., 0.]])

    Raises:
        KindError: `net` is not made of layers. With `portable`, the function raises it if `net` is not one kernel.
        MissingError: of the function, with `portable`: llvmlite is not installed.
    """
    check_tree_of_layers("predictor", net)
    return Predictor(net, portable)
