"""Errors of `to_torch`, and what its modules show; each family of layers is compared in a file of its own."""

import math
import re

import numpy as np
import pytest

pytest.importorskip("torch", reason="to_torch makes modules of it")

from funcnn.errors import KindError
from funcnn.interop.torch import to_torch
from funcnn.layers import Conv1d, Function, Scale


def test_a_layer_without_a_rule_is_named():
    sentence = "to_torch: there is no rule for Function; write one with @to_torch.register(Function)"
    with pytest.raises(KindError, match=re.escape(sentence)):
        to_torch((Function(np.sin, math.pow),))


def test_the_repr_of_a_module_has_the_function_that_it_computes():
    assert repr(to_torch(Scale(np.ones(1)))) == "Computed(scaled)"
    assert repr(to_torch(Conv1d.init(1, 1, 1, seed=0))).startswith("Around(\n  padding\n  (module): Conv1d(1, 1, ")
