"""Remedies of errors, carried out: `; write np.asarray(x)` is the value that x is given instead."""

import inspect
import re
import warnings
from typing import Any

import numpy as np

from funcnn import FuncnnError
from funcnn.errors import KindError
from funcnn.records import is_record
from tests.kinds.rows import Row


def wrong_remedy(row: Row, what: str, arguments: dict[str, Any], error: FuncnnError) -> str:
    """Empty if the remedy of the error helps, or cannot be carried out as an expression for one argument.

    It helps if the argument has a right kind then; its shape may still be wrong.
    """
    sentence = re.fullmatch(r"([\w.]+): (\w+) must .*; write ([^;]+?)( or trees\.astype\(.*)?", str(error))
    if not sentence or sentence[2] not in arguments or isinstance(arguments[sentence[2]], tuple):
        return ""  # not about an argument as a whole
    whose, name, written, _ = sentence.groups()
    if isinstance(arguments[name], list) and any([is_record(part) or type(part) is tuple for part in arguments[name]]):
        return ""  # several layers, states or batches: the author of the call knows
    names = {"np": np, **arguments}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            value = eval(written, names)
        except (NameError, SyntaxError):  # a name of the caller's own, or a sentence
            return ""
        except Exception as failed:  # noqa: BLE001  whatever it is, the remedy fails
            return f"{what}: {error} fails: {type(failed).__name__}: {failed}"
        if value is ... or inspect.isgenerator(arguments[name]):  # `Dense.init(...)`; it was read
            return ""
        try:
            row.call({**arguments, name: value})
        except FuncnnError as again:
            is_no_help = isinstance(again, KindError) and re.match(rf"{re.escape(whose)}: {name} must ", str(again))
            return f"{what}: {error}, and then: {again}" if is_no_help else ""
        except Exception as again:  # noqa: BLE001  whatever it is, it is not one of ours
            return f"{what}: {error}, and then: {type(again).__name__}: {again}"
    return ""
