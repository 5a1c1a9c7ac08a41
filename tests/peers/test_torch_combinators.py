"""Networks of combinators as torch modules: out and all gradients."""

import numpy as np
import pytest

from funcnn import Dense, Flatten, Residual, Tanh, mlp
from funcnn.layers import Concat, Copy, First, Here, Map, Parallel, Remat, Reshape, Scale, Shared, Sum, Take, Tied

torch = pytest.importorskip("torch", reason="its modules are the oracle")
# After that line: without the library there is nothing to import.
from funcnn.interop.torch import to_torch  # noqa: E402  as just said
from tests.peers.twins import assert_as_torch, generic  # noqa: E402  as just said

HERE = Here()
DEEP = (
    Dense.init(3, 4, seed=0),
    Shared(
        Dense.init(4, 4, seed=1), (Residual((HERE, Tanh())), Copy(2), Parallel((HERE, Remat((HERE, Tanh())))), Sum())
    ),
    Copy(3),
    Parallel(((), Residual((Dense.init(4, 4, seed=2), Scale.init(4, value=0.1))), mlp([4, 2], seed=3))),
    Concat(),
    Map((Reshape((5, -1)), Flatten())),
)


def test_a_network_of_them():
    rng = np.random.default_rng(0)
    assert_as_torch(generic(DEEP, rng), rng.standard_normal((2, 3, 3)), rng)


def test_a_shared_layer_is_one_module_which_torch_trains_as_one():
    module = to_torch(Shared(Dense.init(3, 3, seed=0), (HERE, Tanh(), HERE)))
    assert len(list(module.parameters())) == 2
    assert module[0].layer is module[2].layer


def test_a_mask_goes_past():
    mask = np.array([[True, False, True]])
    net = (First(Dense.init(2, 2, seed=0)), Residual(First(Tanh())), Take(0))
    rng = np.random.default_rng(1)
    assert_as_torch(generic(net, rng), (rng.standard_normal((1, 3, 2)), mask), rng)
    assert_as_torch(generic(Tied.init(4, 2, net=First(()), seed=0), rng), (np.array([[0, 1, 1]]), mask), rng)
