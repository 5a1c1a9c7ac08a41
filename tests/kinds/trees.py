"""The functions of `funcnn.trees`."""

import numpy as np

from funcnn import evolve, parameters, tree_map
from funcnn.layers import LeakyRelu
from funcnn.trees import difference, from_vector, map_parameters, replace, select, with_parameters
from tests.kinds.kinds import NET, array, number, tree
from tests.kinds.rows import both, kind, row

f = kind(lambda a, b: a + b)
like = tree - "0-d; record"  # of the tree beside it
ROWS = [
    *[row(function, f=f, tree=like, rest=both(like)) for function in (tree_map, map_parameters)],
    row(with_parameters, tree=like, arrays=kind(parameters(NET))),
    row(from_vector, tree=like, vector=array(np.arange(13.0))),
    row(replace, tree=like, path=kind("0.b"), value=array(np.ones(3)) | "None"),
    row(select, tree=tree, which=kind(LeakyRelu, "class")),
    row(evolve, record=kind(LeakyRelu()), alpha=number),
    row(difference, a=like, b=like),
]
