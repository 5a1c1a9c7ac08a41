"""Losses, kernels and objectives of scikit-learn with the gradients and Hessians that its solvers use."""

import warnings
from functools import partial

import numpy as np
from sklearn._loss import loss as losses
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor, kernels
from sklearn.linear_model import _sgd_fast as sgd
from sklearn.linear_model._huber import _huber_loss_and_gradient
from sklearn.linear_model._linear_loss import LinearModelLoss
from sklearn.manifold._t_sne import _kl_divergence
from sklearn.neighbors import NeighborhoodComponentsAnalysis
from sklearn.neural_network import MLPClassifier, MLPRegressor, _base

from funcnn.testing.hunt import Target
from funcnn.testing.scipy import pair
from tests.hunts.draws import GENERIC, REAL, each
from tests.nasty.base import between, drawn

ACTIVATIONS = "logistic", "tanh", "relu"
LIBRARIES = ["scikit-learn", "numpy"]
RNG = np.random.default_rng(0)
ROWS = 6
X = RNG.standard_normal((ROWS, 2))
REALS = RNG.standard_normal(ROWS)
BINARY = np.array([0.0, 1, 1, 0, 1, 0])
CLASSES = np.array([0.0, 1, 2, 0, 2, 1])
COUNTS = np.array([0.0, 1, 3, 0.5, 2, 5])
WEIGHTS = RNG.uniform(0.5, 2.0, ROWS)
FOUND = "see docs/found.md"
KNOWN = {
    *[f"MLPRegressor of two outputs, {name}{w}" for name in ("identity", *ACTIVATIONS) for w in ("", ", weighted")],
    "t-SNE of 2 degrees",
}


def target(name, f, derivative, arguments, **options):
    """A function in float64 of contiguous arrays, as scikit-learn calls it."""
    known = {"WrongGradient": FOUND} if name in KNOWN else None
    return Target(name, pair(f, derivative), arguments, known=known, float32=False, layouts=False, **options)


def valued(name, f, arguments, **options):
    """A function that returns value and gradient."""
    return target(name, f, True, arguments, **options)  # noqa: FBT003  as SciPy calls it


def vector(n, low=-1.0, high=1.0):
    return drawn(lambda rng: (rng.uniform(low, high, n),))


LOSSES = {
    "HalfSquaredError": (losses.HalfSquaredError(), REALS),
    "AbsoluteError": (losses.AbsoluteError(), REALS),
    "PinballLoss": (losses.PinballLoss(quantile=0.3), REALS),
    "HuberLoss": (losses.HuberLoss(delta=0.7), REALS),
    "HalfPoissonLoss": (losses.HalfPoissonLoss(), COUNTS),
    "HalfGammaLoss": (losses.HalfGammaLoss(), COUNTS + 0.5),
    "HalfTweedieLoss": (losses.HalfTweedieLoss(power=1.5), COUNTS),
    "HalfTweedieLoss of power 0": (losses.HalfTweedieLoss(power=0), REALS),
    "HalfTweedieLoss of power 3": (losses.HalfTweedieLoss(power=3), COUNTS + 0.5),
    "HalfTweedieLossIdentity": (losses.HalfTweedieLossIdentity(power=1.5), COUNTS),
    "HalfBinomialLoss": (losses.HalfBinomialLoss(), BINARY),
    "HalfBinomialLoss of shares": (losses.HalfBinomialLoss(), RNG.uniform(0, 1, ROWS)),
    "ExponentialLoss": (losses.ExponentialLoss(), BINARY),
    "HalfBinomialLossArrayAPI": (losses.HalfBinomialLossArrayAPI(xp=np, device="cpu"), BINARY),
    "HalfPoissonLossArrayAPI": (losses.HalfPoissonLossArrayAPI(xp=np, device="cpu"), COUNTS),
}
CURVED = {"AbsoluteError", "PinballLoss", "HuberLoss"}  # their "Hessian" is a constant that trees need


def of_losses():
    for name, (loss, y) in LOSSES.items():
        fill = between(0.2, 3.0) if name.endswith("Identity") else REAL
        every = each(fill, f"{ROWS}")
        for which, w in {"": None, ", weighted": WEIGHTS}.items():
            value, gradient, *pairs = (partial(getattr(loss, key), y, sample_weight=w) for key in METHODS)
            at_once, both = map(second, pairs)
            yield target(f"{name}{which}.gradient", value, of_diagonal(gradient), every)
            yield target(f"{name}{which}.loss_gradient", value, of_diagonal(at_once), every)
            if name not in CURVED and not name.endswith("API"):
                yield target(f"{name}{which}.hessian", gradient, of_diagonal(both), every)


METHODS = ["loss", "gradient", "loss_gradient", "gradient_hessian"]


def second(f):
    return lambda x: f(x)[1]


def of_diagonal(slope):
    return lambda x: np.diag(slope(x))


def multinomial():
    """The Hessian is its diagonal."""
    loss, every = losses.HalfMultinomialLoss(n_classes=3), each(REAL, f"{ROWS} 3")
    for which, w in {"": None, ", weighted": WEIGHTS}.items():
        value = partial(loss.loss, CLASSES, sample_weight=w)
        for key, slope in {
            "gradient": partial(loss.gradient, CLASSES, sample_weight=w),
            "loss_gradient": second(partial(loss.loss_gradient, CLASSES, sample_weight=w)),
            "gradient_proba": lambda x, w=w: loss.gradient_proba(CLASSES, x, sample_weight=w)[0],
        }.items():
            rows = (value, lambda args, dA, slope=slope: [dA[:, None] * slope(np.array(args[0]))])
            yield Target(f"HalfMultinomialLoss{which}.{key}", rows, every, float32=False, layouts=False)


LINEAR = {
    "HalfSquaredError": (losses.HalfSquaredError(), REALS, 1),
    "HalfBinomialLoss": (losses.HalfBinomialLoss(), BINARY, 1),
    "HalfPoissonLoss": (losses.HalfPoissonLoss(), COUNTS, 1),
    "HalfGammaLoss": (losses.HalfGammaLoss(), COUNTS + 0.5, 1),
    "HalfTweedieLossIdentity": (losses.HalfTweedieLossIdentity(power=0), REALS, 1),
    "HalfMultinomialLoss": (losses.HalfMultinomialLoss(n_classes=3), CLASSES, 3),
}


def of_linear_models():
    for name, (loss, y, classes) in LINEAR.items():
        for intercept in (True, False):
            for which, w in {"": None, ", weighted": WEIGHTS}.items():
                model = LinearModelLoss(loss, fit_intercept=intercept)
                more = {"X": X, "y": y, "sample_weight": w, "l2_reg_strength": 0.3}
                coefficients = vector((2 + intercept) * classes)
                label = f"LinearModelLoss of {name}{which}{', intercept' if intercept else ''}"
                value, gradient, at_once, both, products = (partial(getattr(model, key), **more) for key in MORE)
                yield target(f"{label}.gradient", value, gradient, coefficients)
                yield valued(f"{label}.loss_gradient", at_once, coefficients)
                yield target(f"{label}.hessian", gradient, second(both), coefficients)
                yield target(f"{label}.hessp", gradient, of_products(products), coefficients)


MORE = [*METHODS, "gradient_hessian_product"]


def of_products(f):
    """The Hessian by its products with the unit vectors."""

    def matrix(x):
        product = f(x)[1]
        return np.stack([product(e) for e in np.eye(x.size)])

    return matrix


def huber():
    more = {"X": X, "y": REALS, "epsilon": 1.2, "alpha": 0.1}
    for which, w in {"": np.ones(ROWS), ", weighted": WEIGHTS}.items():
        f = partial(_huber_loss_and_gradient, **more, sample_weight=w)
        for n in (3, 4):
            label = f"HuberRegressor{which}{', intercept' if n == 4 else ''}"
            yield valued(label, f, vector(n).map(lambda args: [np.append(args[0][:-1], abs(args[0][-1]) + 0.2)]))


KERNELS = {
    "ConstantKernel": kernels.ConstantKernel(2.0),
    "WhiteKernel": kernels.WhiteKernel(0.5),
    "RBF": kernels.RBF(1.5),
    "RBF of each feature": kernels.RBF([1.5, 0.7]),
    **{f"Matern of {nu}": kernels.Matern(1.5, nu=nu) for nu in (0.5, 1.5, 2.5, np.inf, 0.8)},
    **{f"Matern of {nu} of each feature": kernels.Matern([1.5, 0.7], nu=nu) for nu in (0.5, 1.5, 2.5, np.inf)},
    "RationalQuadratic": kernels.RationalQuadratic(1.5, 0.7),
    "ExpSineSquared": kernels.ExpSineSquared(1.5, 2.0),
    "DotProduct": kernels.DotProduct(0.7),
    "PairwiseKernel, rbf": kernels.PairwiseKernel(0.5, metric="rbf"),
    "PairwiseKernel, laplacian": kernels.PairwiseKernel(0.5, metric="laplacian"),
    "Sum": kernels.RBF(1.5) + kernels.WhiteKernel(0.5),
    "Product": kernels.ConstantKernel(2.0) * kernels.RBF([1.5, 0.7]),
    "Product of sums": (kernels.RBF(1.5) + kernels.WhiteKernel(0.5)) * (kernels.DotProduct(0.7) + kernels.RBF(0.5)),
    "Exponentiation": kernels.RationalQuadratic(1.5, 0.7) ** 2,
}


def of_kernels():
    """The gradient is by the logarithms of the parameters."""
    for name, kernel in KERNELS.items():
        at = lambda theta, k=kernel: k.clone_with_theta(theta)
        slopes = lambda args, dA, at=at: [np.tensordot(dA, at(args[0])(X, eval_gradient=True)[1], np.ndim(dA))]
        made = (lambda theta, at=at: at(theta)(X)), slopes
        tolerance = 1e-4 if name in {"Matern of 0.8", "PairwiseKernel, rbf", "PairwiseKernel, laplacian"} else 0.0
        every = vector(kernel.theta.size)
        yield Target(f"kernel {name}", made, every, float32=False, tolerance=tolerance)  # those take differences


def of_processes():
    kernel = kernels.ConstantKernel(2.0) * kernels.RBF([1.5, 0.7]) + kernels.WhiteKernel(0.5)
    regressor = GaussianProcessRegressor(kernel, optimizer=None).fit(X, REALS)
    several = GaussianProcessRegressor(kernel, optimizer=None).fit(X, np.column_stack([REALS, COUNTS]))
    binary = GaussianProcessClassifier(kernel, optimizer=None).fit(X, BINARY)
    made = {"Regressor": regressor, "Regressor of two outputs": several, "Classifier": binary}
    for name, model in made.items():
        f = partial(model.log_marginal_likelihood, eval_gradient=True)
        yield valued(f"GaussianProcess{name}", f, vector(4), **(ITERATED if "Class" in name else {}))


ITERATED = {"resolution": 1e-4, "tolerance": 1e-4}  # the mode is found by iterations that end at 1e-10


SMALL = {"hidden_layer_sizes": (3,), "alpha": 0.3, "max_iter": 1, "solver": "lbfgs", "random_state": 0}


def perceptrons():
    for name, (cls, y) in {
        "MLPRegressor": (MLPRegressor, REALS),
        "MLPRegressor of two outputs": (MLPRegressor, np.column_stack([REALS, COUNTS])),
        "MLPClassifier": (MLPClassifier, BINARY),
        "MLPClassifier of three classes": (MLPClassifier, CLASSES),
    }.items():
        for activation in ("identity", *ACTIVATIONS):
            for which, w in {"": None, ", weighted": WEIGHTS}.items():
                model = cls(**SMALL, activation=activation).fit(X, y)
                f, n = backprop(model, y, w)
                yield valued(f"{name}, {activation}{which}", f, vector(n))
    two = np.column_stack([COUNTS, COUNTS[::-1]])
    for name, cls, y, loss in [
        ("MLPRegressor of Poisson's loss", MLPRegressor, COUNTS, {"loss": "poisson"}),
        ("MLPRegressor of Poisson's loss, two outputs", MLPRegressor, two, {"loss": "poisson"}),
        ("MLPClassifier of two labels", MLPClassifier, two > 1, {}),
    ]:
        f, n = backprop(cls(**SMALL, **loss).fit(X, y), y, None)
        yield valued(name, f, vector(n))


def backprop(model, y, w):
    """Loss and gradient of a perceptron, of its packed coefficients; and their number."""
    if hasattr(model, "_label_binarizer"):
        y = model._label_binarizer.transform(y).astype(float)
    y = y.reshape(ROWS, -1)
    layers = [*model.coefs_, *model.intercepts_]

    def f(packed):
        empty = [np.empty((ROWS, c.shape[1])) for c in model.coefs_]
        grads = [np.empty_like(c) for c in model.coefs_], [np.empty_like(b) for b in model.intercepts_]
        return model._loss_grad_lbfgs(packed, X, y, w, [X, *empty], [np.empty_like(e) for e in empty], *grads)

    return f, sum(a.size for a in layers)


def embeddings():
    nca = NeighborhoodComponentsAnalysis()
    nca.n_iter_ = 1
    same = CLASSES[:, None] == CLASSES
    yield valued("NeighborhoodComponentsAnalysis", lambda A: nca._loss_grad_lbfgs(A, X, same), vector(4))
    P = RNG.uniform(0.1, 1.0, ROWS * (ROWS - 1) // 2)
    for dof in (1, 2):
        f = lambda y, dof=dof: _kl_divergence(y, P / (2 * P.sum()), dof, ROWS, 2)
        yield valued(f"t-SNE of {dof} degrees", f, vector(2 * ROWS))


SGD = {
    "Hinge": (sgd.Hinge(), [-1.0, 1.0]),
    "Hinge of the perceptron": (sgd.Hinge(0.0), [-1.0, 1.0]),
    "SquaredHinge": (sgd.SquaredHinge(), [-1.0, 1.0]),
    "ModifiedHuber": (sgd.ModifiedHuber(), [-1.0, 1.0]),
    "EpsilonInsensitive": (sgd.EpsilonInsensitive(0.3), [-0.7, 1.0]),
    "SquaredEpsilonInsensitive": (sgd.SquaredEpsilonInsensitive(0.3), [-0.7, 1.0]),
}


def of_sgd():
    for name, (loss, ys) in SGD.items():
        for y in ys:
            at = lambda f, y=y: np.vectorize(lambda p: f(p, y), otypes=[float])
            made = at(loss.py_loss), of_diagonal(at(loss.py_dloss))
            yield target(f"sgd.{name} at {y}", *made, each(REAL, "n"))


def activations():
    def slope(name):
        def vjp(args, dA):
            out, delta = _base_value(name)(args[0]), np.array(dA)
            _base.DERIVATIVES[name](out, delta)
            return [delta]

        return vjp

    for name in ("identity", *ACTIVATIONS):
        yield Target(f"activation {name}", (_base_value(name), slope(name)), each(GENERIC), float32=False)


def _base_value(name):
    def f(x):
        out = np.array(x)
        _base.ACTIVATIONS[name](out)
        return out

    return f


with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # one iteration is no fit
    TARGETS = [
        *of_losses(),
        *multinomial(),
        *of_linear_models(),
        *huber(),
        *of_kernels(),
        *of_processes(),
        *perceptrons(),
        *embeddings(),
        *of_sgd(),
        *activations(),
    ]
