"""The functions of `funcnn.trees`."""

import numpy as np

from funcnn import evolve, parameters, tree_map
from funcnn.layers import LeakyRelu
from funcnn.trees import (
    astype,
    count,
    difference,
    from_vector,
    leaves,
    map_parameters,
    replace,
    to_vector,
    with_parameters,
)
from tests.kinds.kinds import NET, array, dtype, number, tree
from tests.kinds.rows import both, kind, row

f = kind(lambda a, b: a + b)
like = tree - "0-d; record"  # of the tree beside it
ROWS = [
    row(tree_map, f=f, tree=like, rest=both(like)),
    row(map_parameters, f=f, tree=like, rest=both(like)),
    row(with_parameters, tree=like, arrays=kind(parameters(NET))),
    row(leaves, tree=tree),
    row(parameters, tree=tree),
    row(count, tree=tree),
    row(astype, tree=tree, dtype=dtype),
    row(to_vector, tree=tree),
    row(from_vector, tree=like, vector=array(np.arange(13.0))),
    row(replace, tree=like, path=kind("0.b"), value=array(np.ones(3)) | "None"),
    row(evolve, record=kind(LeakyRelu()), alpha=number),
    row(difference, a=like, b=like),
]
