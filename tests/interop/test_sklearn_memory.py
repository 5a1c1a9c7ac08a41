"""The files of fits with a memory: what determines their names, what they hold, and files that cannot be used."""

import subprocess
import sys
import warnings

import numpy as np
import pytest

import funcnn as nn
from funcnn.errors import FileError, KindError
from funcnn.files import fingerprint
from funcnn.layers import Function

sklearn = pytest.importorskip("sklearn", reason="these are its estimators")
from sklearn.metrics import make_scorer, r2_score  # noqa: E402  as just said

from funcnn.interop.sklearn import NetworkRegressor, keeping  # noqa: E402  as just said

random = np.random.default_rng(0)
X = random.standard_normal((40, 3))
Y = X[:, 0] - X[:, 1] ** 2
COMMON = {"sizes": (5,), "lr": 0.02, "batch_size": 10, "epochs": 4, "random_state": 7}

SCRIPT = """
import sys
from pathlib import Path
import numpy as np
import funcnn as nn
from sklearn.model_selection import GridSearchCV
from funcnn.interop.sklearn import NetworkRegressor

def inner(out):
    return {k} * out

def loss(out, y):
    return nn.mse(inner(out), y)

@nn.record
class Scaled(nn.Elementwise):
    def value(self, x): return x
    def slope(self, kept): return 1.0

class Own(NetworkRegressor):
    pass

X = np.linspace(-1, 1, 40)[:, None]
settings = dict(loss=loss, hidden=Scaled(), epochs=1, random_state=0, memory=sys.argv[1], validation_fraction=0.2)
for n_jobs in (2, 1):
    GridSearchCV(Own((3,), **settings), {{"lr": [0.1]}}, cv=2, n_jobs=n_jobs, refit=False).fit(X, X[:, 0])
    print(len(list(Path(sys.argv[1]).glob("fit-*"))))
"""


def test_the_script_counts_in_workers_too_by_the_same_names(tmp_path):
    counts = []
    for k in (1.0, 2.0):
        (tmp_path / "script.py").write_text(SCRIPT.format(k=k))
        command = [sys.executable, tmp_path / "script.py", tmp_path / "fits"]
        counts += subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert counts == ["2", "2", "4", "4"]


def fit(tmp_path, X=X, y=Y, cls=NetworkRegressor, weight=None, **settings):
    """The estimator, and how many files there are then."""
    fitted = cls(**COMMON | settings, memory=tmp_path).fit(X, y, weight)
    return fitted, len(list(tmp_path.iterdir()))


class Doubled(NetworkRegressor):
    """Its scores are others"""

    def predict(self, X):
        return 2 * super().predict(X)


class Shifted(NetworkRegressor):
    """It has a setting of its own"""

    def __init__(self, shift=0.0, memory=None, random_state=None, epochs=1, scoring=None, validation_fraction=None):
        super().__init__(
            memory=memory,
            random_state=random_state,
            epochs=epochs,
            scoring=scoring,
            validation_fraction=validation_fraction,
        )
        self.shift = shift

    def predict(self, X):
        return super().predict(X) + self.shift


def test_with_a_scorer_the_estimator_and_the_rows_as_they_are_given_count(tmp_path):
    scored = {"scoring": "r2", "validation_fraction": 0.25}
    one, _ = fit(tmp_path, **scored)
    two, count = fit(tmp_path, cls=Doubled, **scored)
    assert count == 2
    assert one.validation_curve_ != two.validation_curve_
    assert [fit(tmp_path, cls=Doubled, **scored, verbose=verbose)[1] for verbose in (False, np.True_)] == [2, 2]
    pandas = pytest.importorskip("pandas", reason="it is its frame")
    frames = [pandas.DataFrame(X, columns=list(names)) for names in ("abc", "abc", "abd")]
    assert [fit(tmp_path, frame, **scored)[1] for frame in frames] == [3, 3, 4]
    shifted = {"scoring": make_scorer(r2_score), "validation_fraction": 0.25, "epochs": 1, "random_state": 0}
    curves = [Shifted(shift, memory=tmp_path, **shifted).fit(X, Y).validation_curve_ for shift in (0.0, 3.0)]
    assert curves[0] != curves[1]


def same(one, other):
    return fingerprint(one.state_) == fingerprint(other.state_) and one.loss_curve_ == other.loss_curve_


@pytest.mark.parametrize("spoil", ["renamed", "foreign", "empty", "cut"])
def test_a_file_that_is_not_of_the_fit_is_replaced_with_a_warning(tmp_path, spoil):
    plain, _ = fit(tmp_path)
    [path] = tmp_path.iterdir()
    if spoil == "renamed":
        fit(tmp_path, y=Y + 1)
        [other] = [file for file in tmp_path.iterdir() if file != path]
        other.replace(path)
    elif spoil == "foreign":
        nn.save(path, np.ones(3))
    else:
        path.write_bytes(b"" if spoil == "empty" else path.read_bytes()[:500])
    with pytest.warns(RuntimeWarning, match="is not a file of this fit, which begins anew and replaces it; ") as caught:
        again, count = fit(tmp_path)
    assert caught[0].filename == __file__
    assert same(again, plain)
    assert count == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert same(fit(tmp_path)[0], plain)


def test_a_folder_that_is_deleted_does_not_cost_the_fit(tmp_path, monkeypatch):
    folder = tmp_path / "folder"

    def loss(out, y):
        for file in folder.glob("*"):
            file.unlink()
        if folder.exists():
            folder.rmdir()
        return nn.mse(out, y)

    monkeypatch.setattr(keeping, "SHARE", 0)
    with pytest.warns(RuntimeWarning, match=r"fit: the fit goes on without memory; save: .* its folder does not exist"):
        fitted = NetworkRegressor(**COMMON, loss=loss, memory=folder).fit(X, Y)
    assert fitted.n_iter_ == 4
    assert not folder.exists()


def test_a_folder_must_be_writable_before_the_work_and_need_not_be_for_a_file_that_is_there(tmp_path, monkeypatch):
    def refuse(function, path):
        raise FileError(function)

    plain, _ = fit(tmp_path)
    monkeypatch.setattr(keeping, "check_writable", refuse)
    assert same(fit(tmp_path)[0], plain)
    with pytest.raises(FileError, match=r"NetworkRegressor\.fit"):
        fit(tmp_path, epochs=5)


def bent(x):
    return np.tanh(x)


def bent_back(x, dA):
    return dA * (1 - np.tanh(x) ** 2)


def test_what_no_file_takes_is_refused_before_training(tmp_path):
    def loss(out, y):
        raise AssertionError

    with pytest.raises(KindError, match=r"fit: memory must be None for a network or optimizer that no file takes; "):
        fit(tmp_path, hidden=Function(bent, bent_back), loss=loss)


def test_a_memory_in_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))  # of Windows
    NetworkRegressor(**COMMON, memory="~/fits").fit(X, Y)
    assert len(list((tmp_path / "fits").iterdir())) == 1
