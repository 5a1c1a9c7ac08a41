"""Tables with categories in the estimators: frames, missing values, unseen categories, and what a network is given."""

import pickle

import numpy as np
import pytest

import funcnn as nn
from funcnn.files import fingerprint
from funcnn.layers import Concat, Parallel

sklearn = pytest.importorskip("sklearn", reason="these are its estimators")
pd = pytest.importorskip("pandas", reason="its frames are given")
pl = pytest.importorskip("polars", reason="its frames are given")
from sklearn.base import clone  # noqa: E402  scikit-learn is there
from sklearn.model_selection import GridSearchCV  # noqa: E402  as just said

from funcnn.interop.sklearn import NetworkClassifier, NetworkRegressor  # noqa: E402  as just said

TOWNS = ["Ulm", None, "Bonn", "Ulm", "Bonn", "Ulm"]
HEIGHTS = [1.0, 2.0, None, 3.0, 4.0, 0.0]
OPEN = [True, False, True, True, False, False]
Y = np.arange(6.0)
IDS = [2, 0, 1, 2, 1, 2]  # sorted, Bonn is 1


def of_pandas(towns, heights):
    return pd.DataFrame({"town": towns, "height": heights, "open": OPEN})


def of_polars(towns):
    return pl.DataFrame({"town": towns, "height": HEIGHTS, "open": OPEN})


FRAMES = {
    "pandas, objects": of_pandas(pd.Series(TOWNS, dtype=object), HEIGHTS),
    "pandas, objects with NaN": of_pandas(pd.Series([town or np.nan for town in TOWNS], dtype=object), HEIGHTS),
    "pandas, strings": of_pandas(pd.Series(TOWNS, dtype="string"), pd.Series(HEIGHTS, dtype="Int64")),
    "pandas, categories": of_pandas(pd.Series(TOWNS, dtype="category"), pd.Series(HEIGHTS, dtype="Float64")),
    "polars, strings": of_polars(TOWNS),
    "polars, categories": of_polars(pl.Series(TOWNS, dtype=pl.Categorical)),
    "polars, an enum": of_polars(pl.Series(TOWNS, dtype=pl.Enum(["Ulm", "Bonn", "Trier"]))),
}
FRAME = FRAMES["polars, strings"]


def fitted(X=FRAME, categories="auto", y=Y, **settings):
    settings = {"sizes": (4,), "epochs": 3, "random_state": 0} | settings
    return NetworkRegressor(categories=categories, **settings).fit(X, y)


@pytest.mark.parametrize("name", FRAMES)
def test_every_frame_is_trained_to_the_same_bits(name):
    X = FRAMES[name]
    model = fitted(X)
    ids, numbers = model.encoder_.transform(X)
    assert ids.tolist() == IDS
    heights = np.array([1, 2, 2, 3, 4, 0])  # the mean is 2
    columns = [heights, OPEN, np.arange(6) == 2]  # the third says where a height is missing
    assert np.allclose(numbers, np.stack([(c - np.mean(c)) / np.std(c) for c in columns], axis=1))
    assert model.feature_names_in_.tolist() == ["town", "height", "open"]
    assert model.n_features_in_ == 3
    assert fingerprint(model.network_) == fingerprint(fitted().network_)
    assert np.array_equal(model.predict(X), nn.predict(model.network_, (ids, numbers))[:, 0])


def test_a_missing_value_and_an_unseen_category_are_one_category():
    model = fitted(epochs=30)
    rows = pl.DataFrame({"town": [None, "Trier", "Ulm"], "height": [1.0] * 3, "open": [True] * 3})
    missing, unseen, seen = model.predict(rows)
    assert missing == unseen != seen


def test_an_embedding_begins_with_a_row_of_zeros():
    """Which remains, if no value is missing."""
    whole = FRAME.with_columns(pl.col("town").fill_null("Trier"))
    embedding = fitted(whole).network_[0].layers[0]
    assert embedding.W.shape == (4, round(1.6 * 3**0.56))
    assert not embedding.W[0].any()
    assert embedding.W[1:].all()


ARRAYS = {
    "floats": (np.array([[np.nan if i == 0 else i, h] for i, h in zip(IDS, Y, strict=True)]), [0]),
    "objects": (np.array([[town, h] for town, h in zip(TOWNS, Y, strict=True)], dtype=object), [0]),
    "lists": ([[i or np.nan, h] for i, h in zip(IDS, Y, strict=True)], [0]),
    "a frame of whole numbers": (pl.DataFrame({"code": [i or None for i in IDS], "height": Y}), ["code"]),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_a_list_of_columns(name):
    X, categories = ARRAYS[name]
    model = fitted(X, categories)
    assert model.encoder_.transform(X)[0].tolist() == IDS
    assert model.predict(X).shape == (6,)


@pytest.mark.parametrize(("columns", "widths"), [(["town"], [2, 0]), (["height"], [2]), (["town", "height"], [2, 2])])
def test_a_table_of_categories_alone_or_of_numbers_alone(columns, widths):
    X = FRAME.select(columns)
    model = fitted(X)
    *embeddings, _ = model.network_[0].layers
    *_, numbers = model.encoder_.transform(X)
    assert [embedding.W.shape[1] for embedding in embeddings] + [numbers.shape[1]] == widths
    assert model.predict(X).shape == (6,)


def made(n_in, n_out, seed):
    assert n_in == 5  # 2 of the town, height, open, and where a height is missing
    return nn.mlp([n_in, n_out], seed=seed)


def test_a_function_makes_what_follows_the_embeddings_and_a_network_is_the_whole():
    model = fitted(sizes=(100,), network=made)
    assert [type(layer) for layer in model.network_] == [Parallel, Concat, tuple]
    own = (Parallel((nn.Embedding.init(3, 1, seed=0), ())), Concat(), nn.Dense.init(4, 1, seed=1))
    assert fitted(sizes=(100,), network=own).predict(FRAME).shape == (6,)


def test_the_encoder_belongs_to_the_fit():
    model = fitted(epochs=2, warm_start=True)
    once = fitted(epochs=4)
    assert fingerprint(model.fit(FRAME[:6], Y).network_) == fingerprint(once.network_)
    with_new = FRAME.with_columns(town=pl.lit("Trier"))
    assert not model.fit(with_new, Y).encoder_.transform(with_new)[0].any()  # as unseen as before
    before, encoder = once.predict(FRAME), once.encoder_
    with pytest.raises(nn.errors.NotFiniteError), np.errstate(all="ignore"):
        once.set_params(lr=1e200, optimizer=()).fit(with_new, Y)
    assert once.encoder_ is encoder
    assert np.array_equal(once.predict(FRAME), before)
    assert once.set_params(categories=None).predict(FRAME).shape == (6,)
    again = pickle.loads(pickle.dumps(once))
    assert np.array_equal(again.predict(FRAME), once.predict(FRAME))
    calls = clone(model).set_params(warm_start=False)
    for _ in range(4):
        calls.partial_fit(FRAME, Y)
    assert fingerprint(calls.network_) == fingerprint(once.network_)


def test_numbers_of_float32_train_a_network_of_float32():
    model = fitted(pd.DataFrame({"town": TOWNS, "height": Y.astype(np.float32)}))
    assert {leaf.dtype for leaf in nn.trees.leaves(model.network_)} == {np.dtype(np.float32)}


@pytest.mark.parametrize("X", [FRAMES["pandas, categories"], FRAME])
def test_a_search_of_a_classifier(X):
    model = NetworkClassifier((4,), categories="auto", epochs=2, validation_fraction=0.5, random_state=0)
    y = np.array(["no", "yes"] * 3)
    search = GridSearchCV(model, {"categories": ["auto", ["town", "open"]]}, cv=3).fit(X, y)
    assert search.predict_proba(X).shape == (6, 2)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
