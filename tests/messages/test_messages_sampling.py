"""Error messages of samplers and of generation, pinned word for word."""

import numpy as np

from funcnn import GRU, Dense, Embedding, Softmax
from funcnn.layers import Last
from funcnn.sampling import generate, sample, top_k, top_p
from tests.says import assert_says, each_row, kind_error, range_error, shape_error

logits = np.zeros((3, 5))
ids = np.array([[1, 2]])
net = Embedding.init(5, 2, seed=0), GRU.init(2, 2, seed=1), Dense.init(2, 5, seed=2)


def written(params=net, x=ids, n=5, **options):
    return lambda: [*generate(params, x, n, seed=0, **options)]


ROWS = [
    range_error(lambda: sample(np.array([0, np.nan]), 0)) >> "sample: logits must be finite or -inf, not nan",
    range_error(lambda: top_k(np.array([[0, 1], [np.inf, 0]]), 1)) >> "top_k: logits must be finite or -inf, not inf",
    range_error(lambda: top_p(np.array([[0, 1], [-np.inf, -np.inf]]), 0.9))
    >> "top_p: logits must be above -inf for at least one symbol of each row, not for none",
    shape_error(lambda: sample(logits[:, :0], 0)) >> "sample: logits must be (..., n), n symbols, not (3, 0)",
    shape_error(lambda: top_p(np.array(0.5), 0.9)) >> "top_p: logits must be (..., n), n symbols, not ()",
    range_error(lambda: top_k(logits, 6)) >> "top_k: k must be at most the number of symbols, 5, not 6",
    range_error(lambda: top_p(logits, 0)) >> "top_p: p must be in (0, 1], not 0",
    range_error(lambda: top_p(logits, 90)) >> "top_p: p must be in (0, 1], not 90",
    range_error(lambda: sample(logits, 0, temperature=-1))
    >> "sample: temperature must be finite and not negative, not -1",
    kind_error(written(x="text")) >> "generate: x must be an array of whole numbers (m, t), not 'text'",
    kind_error(written(x=ids * 1.0)) >> "generate: x must be an array of whole numbers (m, t), not <f64 [[1. 2.]]>",
    shape_error(written(x=ids[0])) >> "generate: x must be (m, t), m and t at least 1, not (2,)",
    shape_error(written(x=ids[:, :0])) >> "generate: x must be (m, t), m and t at least 1, not (1, 0)",
    kind_error(written((net[0], Softmax()))) >> "generate: params must give logits, so leave out the layer at the end "
    "of (Embedding(W=<f64 5x2>), Softmax())",
    shape_error(written((net[0], Last())))
    >> "generate: params must give logits (m, t, k) for symbols (m, t), (1, 2), not float64 array of shape (1, 2)",
    range_error(written(stop=5)) >> "generate: stop must be less than the number of symbols, 5, not 5",
    kind_error(written(choose=lambda logits: 0))
    >> "generate: choose must be a function (logits, seed), not a function (logits)",
    kind_error(written(choose=lambda logits, seed: logits.argmax()))
    >> "generate: choose must return whole numbers (1,), one for each row, not int64",
    kind_error(written(choose=lambda logits, seed: top_k(logits, 1)))
    >> "generate: choose must return whole numbers (1,), one for each row, not float64 array of shape (1, 5)",
]


@each_row(ROWS)
def test_it_says(row):
    assert_says(row, logits, ids, net)
