"""Errors of `to_torch` for layers without a rule; each family of layers is compared in a file of its own."""

import math
import re

import numpy as np
import pytest

pytest.importorskip("torch", reason="to_torch makes modules of it")

from funcnn.errors import KindError
from funcnn.interop.torch import to_torch
from funcnn.layers import Function


def test_a_layer_without_a_rule_is_named():
    sentence = "to_torch: there is no rule for Function; write one with @to_torch.register(Function)"
    with pytest.raises(KindError, match=re.escape(sentence)):
        to_torch((Function(np.sin, math.pow),))
