"""Gradients of CVXPY's atoms, `Expression.grad`, which are matrices of columns for variables in Fortran's order."""

from functools import update_wrapper

import cvxpy as cp
import numpy as np
from cvxpy.atoms.elementwise import trig
from cvxpy.atoms.elementwise.normcdf import normcdf

from tests.hunts.draws import *

LIBRARIES = ["cvxpy", "numpy", "scipy"]


def pair(atom):
    """The value and the vjp of an expression of variables."""

    def of(args):
        variables = [cp.Variable(np.shape(x)) for x in args]
        for variable, x in zip(variables, args, strict=True):
            variable.save_value(np.asarray(x, "float64"))
        return variables, atom(*variables)

    def f(*args):
        return np.asarray(of(args)[1].value, "float64")

    def vjp(args, dA):
        variables, expression = of(args)
        grads = [expression.grad[variable] for variable in variables]
        if any([g is None for g in grads]):
            raise NotImplementedError
        u = np.asarray(dA, "float64").ravel(order="F")
        flat = [(g * u) if np.isscalar(g) else g @ u for g in grads]
        return [np.reshape(g, np.shape(x), order="F") for g, x in zip(flat, args, strict=True)]

    return update_wrapper(f, atom, updated=()), vjp


VECTOR = each(GENERIC, "n")
MATRIX = each(GENERIC, "m n")
INSIDE = between(0.1, 3.0)
PLUS = each(INSIDE, "n")
PLUS_MATRIX = each(INSIDE, "m n")
TWO_PLUS = of((INSIDE, "m n"), (INSIDE, "m n"))
TWO_MATRICES = of((GENERIC, "m n"), (GENERIC, "m n"))
SYM = matrices(symmetric)
DEF = matrices(definite)
OPTIONS = {"float32": False}
TABLE = {}


def rows(arguments, options=OPTIONS, **atoms):
    TABLE.update({name.replace("__", " "): (f, arguments, options) for name, f in atoms.items()})


rows(
    MATRIX,
    abs=cp.abs,
    exp=cp.exp,
    huber=lambda x: cp.huber(x, 0.7),
    logistic=cp.logistic,
    normcdf=normcdf,
    log_normcdf=cp.log_normcdf,
    sin=trig.sin,
    cos=trig.cos,
    tan=lambda x: trig.tan(x / 4),
    square=cp.square,
    pos=cp.pos,
    neg=cp.neg,
    power__4=lambda x: cp.power(x, 4),
    power__3_signed=lambda x: cp.power(cp.abs(x) + 1, 3),
    scalene=lambda x: cp.scalene(x, 0.5, 2.0),
    norm1=cp.norm1,
    norm_inf=cp.norm_inf,
    pnorm__2=lambda x: cp.pnorm(x, 2, axis=1),
    mixed_norm=lambda x: cp.mixed_norm(x, 2, 1),
    norm_nuc=cp.normNuc,
    sigma_max=cp.sigma_max,
    sum_squares=cp.sum_squares,
    quad_over_lin=lambda x: cp.quad_over_lin(x, 2.5),
    log_sum_exp=cp.log_sum_exp,
    log_sum_exp__axis=lambda x: cp.log_sum_exp(x, axis=0),
    log_sum_exp__axis1=lambda x: cp.log_sum_exp(x, axis=1, keepdims=True),
    max=cp.max,
    max__axis=lambda x: cp.max(x, axis=0),
    max__axis1=lambda x: cp.max(x, axis=1),
    min=cp.min,
    min__axis1=lambda x: cp.min(x, axis=1),
    sum=cp.sum,
    sum__axis0=lambda x: cp.sum(x, axis=0),
    sum__axis1=lambda x: cp.sum(x, axis=1, keepdims=True),
    cumsum=lambda x: cp.cumsum(x, axis=0),
    cumsum__axis1=lambda x: cp.cumsum(x, axis=1),
    cumprod=lambda x: cp.cumprod(x, axis=0),
    cummax=lambda x: cp.cummax(x, axis=0),
    cummax__axis1=lambda x: cp.cummax(x, axis=1),
    prod=cp.prod,
    prod__axis0=lambda x: cp.prod(x, axis=0),
    prod__axis1=lambda x: cp.prod(x, axis=1),
    sum_largest=lambda x: cp.sum_largest(x, 2),
    sum_smallest=lambda x: cp.sum_smallest(x, 2),
    sum_largest__real=lambda x: cp.sum_largest(x, 1.5),
    total_variation=cp.tv,
    transpose=lambda x: x.T,
    vec=lambda x: cp.vec(x, order="F"),
    vec__C=lambda x: cp.vec(x, order="C"),
    reshape__C=lambda x: cp.reshape(x, (x.size, 1), order="C"),
    index=lambda x: x[0, :],
    index__negative=lambda x: x[::-1, -1],
    fancy=lambda x: x[[0, 0], :],
    boolean=lambda x: x[np.arange(x.shape[0]) % 2 == 0],
    kron=lambda x: cp.kron(np.array([[1.0, 2.0], [3.0, -1.0]]), x),
    kron__left=lambda x: cp.kron(x, np.array([[1.0, 2.0, 3.0], [3.0, -1.0, 5.0]])),
    scaled=lambda x: 3 * x - 1,
    broadcast=lambda x: cp.broadcast_to(x, (2, *x.shape)),
    swapaxes=lambda x: cp.swapaxes(x, 0, 1),
    ptp=cp.ptp,
    ptp__axis=lambda x: cp.ptp(x, axis=0),
    std=lambda x: cp.std(x),
    var=cp.var,
    mean=lambda x: cp.mean(x, axis=0),
    tile=lambda x: cp.concatenate([x, x], axis=0),
    dotsort=lambda x: cp.dotsort(x, np.array([1.0])),
    divided=lambda x: x / 3.0,
    left=lambda x: np.arange(2.0 * x.shape[0]).reshape(2, -1) @ x,
    right=lambda x: x @ np.arange(2.0 * x.shape[1]).reshape(-1, 2),
    row=lambda x: np.arange(1.0, 1 + x.shape[0]) @ x,
    column=lambda x: x @ np.arange(1.0, 1 + x.shape[1]),
    times_constant=lambda x: cp.multiply(np.arange(1.0, 1 + x.shape[1]), x),
    quad_form=lambda x: cp.quad_form(x[:, 0], np.diag(np.arange(1.0, 1 + x.shape[0]))),
    convolve=lambda x: cp.convolve(np.array([1.0, 2.0, 3.0]), x[:, 0]),
    outer=lambda x: cp.outer(x[:, 0], np.array([1.0, 2.0])),
    diag=lambda x: cp.diag(x[:, 0]),
    upper_tri=lambda x: cp.upper_tri(x @ x.T),
    upper_tri__affine=lambda x: cp.upper_tri(cp.vstack([x.T[:1] + 0 * i for i in range(x.shape[0])])),
    diff=lambda x: cp.diff(cp.vstack([x, x[:1]]), axis=0),
    inv_prod=lambda x: cp.inv_prod(cp.abs(x[:, 0]) + 1),
    loggamma=lambda x: cp.loggamma(cp.abs(x) + 1),
    norm_fro=lambda x: cp.norm(x, "fro"),
    norm__2=lambda x: cp.norm(x, 2),
    max_of_constant=lambda x: cp.maximum(x, 0.3),
    min_of_vector=lambda x: cp.minimum(x, np.arange(x.shape[1]) - 0.5),
)
rows(
    PLUS_MATRIX,
    entr=cp.entr,
    log=cp.log,
    log1p=cp.log1p,
    sqrt=cp.sqrt,
    inv_pos=cp.inv_pos,
    power__half=lambda x: cp.power(x, 0.3),
    power__2__5=lambda x: cp.power(x, 2.5),
    power__minus=lambda x: cp.power(x, -1.5),
    xexp=cp.xexp,
    prod__plus=cp.prod,
    pnorm__half=lambda x: cp.pnorm(x, 0.5),
    pnorm__minus=lambda x: cp.pnorm(x, -1.3),
    one_minus_pos=lambda x: cp.one_minus_pos(x / 4),
    diff_pos=lambda x: cp.diff_pos(5.0, x),
    scaled_geo=lambda x: cp.geo_mean(x[:, 0]),
    vector_entropy=lambda x: cp.sum(cp.entr(x)),
    pf_eigenvalue=lambda x: cp.pf_eigenvalue(x @ x.T),
    constant_over=lambda x: 2.5 * cp.inv_pos(x),
)
rows(
    PLUS,
    geo_mean=cp.geo_mean,
    geo_mean__p=lambda x: cp.geo_mean(x, p=list(range(1, 1 + x.size))),
    cumprod__vector=lambda x: cp.cumprod(x),
    prod__vector=cp.prod,
)
rows(
    VECTOR,
    norm=cp.norm,
    norm__4=lambda x: cp.norm(x, 4),
    sum_largest__vector=lambda x: cp.sum_largest(x, 1),
    dotsort__vector=lambda x: cp.dotsort(x, np.linspace(-1, 2, x.size)),
    cummax__vector=cp.cummax,
    cvar=lambda x: cp.cvar(x, 0.6),
    log_sum_exp__vector=cp.log_sum_exp,
    quad_form__vector=lambda x: cp.quad_form(x, 2 * np.eye(x.size) + 1),
    quad_form__power=lambda x: cp.square(cp.quad_form(x, 2 * np.eye(x.size) + 1)),
    quadratic_times=lambda x: cp.multiply(x, cp.square(x)),
    norm_powered=lambda x: cp.power(cp.norm(x), 3),
    diag__above=lambda x: cp.diag(x, 1),
    vec_to_upper_tri=lambda x: cp.vec_to_upper_tri(cp.hstack([x, x, x])[:3]),
)
rows(
    TWO_PLUS,
    kl_div=cp.kl_div,
    rel_entr=cp.rel_entr,
    times=cp.multiply,
    over=lambda x, y: x / y,
)
rows(
    TWO_MATRICES,
    maximum=cp.maximum,
    minimum=cp.minimum,
    product=lambda x, y: x @ y.T,
    plus=lambda x, y: x - 2 * y,
    scalar_product=lambda x, y: cp.scalar_product(x, y),
    stacked=lambda x, y: cp.bmat([[x, y], [y, x]]),
    maximum_3=lambda x, y: cp.maximum(x, y, 0.1),
    concatenated=lambda x, y: cp.concatenate([x, y], axis=1),
)
BROADCAST = of((INSIDE, "1"), (INSIDE, "n"))
rows(
    BROADCAST,
    broadcast__maximum=cp.maximum,
    broadcast__minimum=cp.minimum,
    broadcast__kl_div=cp.kl_div,
    broadcast__rel_entr=cp.rel_entr,
    broadcast__plus=lambda x, y: x + y,
    broadcast__multiply=cp.multiply,
)
SCALAR = of((INSIDE, ""), (INSIDE, "m n"))
rows(
    SCALAR,
    scalar__maximum=cp.maximum,
    scalar__minimum=cp.minimum,
    scalar__kl_div=cp.kl_div,
    scalar__rel_entr=lambda x, y: cp.rel_entr(y, x),
    scalar__plus=lambda x, y: x + y,
    scalar__multiply=cp.multiply,
    scalar__quad_over_lin=lambda x, y: cp.quad_over_lin(y, x),
    scalar__times=lambda x, y: x * y,
)
BROADCAST2 = of((INSIDE, "m 1"), (INSIDE, "1 n"))
rows(
    BROADCAST2,
    outer__maximum=cp.maximum,
    outer__rel_entr=cp.rel_entr,
    outer__plus=lambda x, y: x + y,
    outer__multiply=cp.multiply,
)
rows(
    DEF,
    {**OPTIONS, "structure": {"A": "positive definite"}},
    log_det=lambda A: cp.log_det(A),
    tr_inv=lambda A: cp.tr_inv(A),
    lambda_max__def=lambda A: cp.lambda_max(A),
    lambda_min=lambda A: cp.lambda_min(A),
    lambda_sum_largest=lambda A: cp.lambda_sum_largest(A, 2),
    lambda_sum_smallest=lambda A: cp.lambda_sum_smallest(A, 2),
    condition_number=lambda A: cp.condition_number(A),
    gen_lambda_max=lambda A: cp.gen_lambda_max(A, np.eye(A.shape[0])),
    matrix_frac__P=lambda A: cp.matrix_frac(np.arange(1.0, 1 + A.shape[0]), A),
    resolvent=lambda A: cp.resolvent(A / 10, 1.0),
    trace=lambda A: cp.trace(A),
)
rows(
    SYM,
    {**OPTIONS, "structure": {"A": "symmetric"}},
    lambda_max=lambda A: cp.lambda_max(A),
    trace__sym=lambda A: cp.trace(A),
    upper=lambda A: cp.upper_tri(A) if A.shape[0] > 1 else A,
)
rows(
    matrices(definite, "n k"),
    {**OPTIONS, "structure": {"A": "positive definite"}},
    matrix_frac=lambda A, B: cp.matrix_frac(B, A),
)
DIVISION = {"WrongGradient": "found: the gradient of affine atoms, for a divisor with variables"}
DIVISION["Crashed"] = "found: the gradient of affine atoms, which may read memory that is not there"
BROADCASTING = {"WrongGradient": "found: of a broadcast argument only the first entries count"}
CUMMAX = {"Raised": "found: the column of a reduction where a matrix is needed"}
MISSING = {"NoDerivative": "not implemented"}
KNOWN = {
    "over": DIVISION,
    "dotsort": {"WrongGradient": "found: places in C order"},
    "cummax": CUMMAX,
    "cummax axis1": CUMMAX,
    "cummax vector": CUMMAX,
    "cumprod": {"Raised": "not implemented: a list of no gradients"},
    "cumprod vector": {"Raised": "not implemented: a list of no gradients"},
    **dict.fromkeys(["norm_inf", "condition_number", "gen_lambda_max", "pf_eigenvalue", "resolvent"], MISSING),
    **{
        f"{how} {name}": BROADCASTING
        for how, names in {
            "broadcast": "maximum minimum kl_div rel_entr",
            "scalar": "maximum minimum kl_div rel_entr",
            "outer": "maximum rel_entr",
        }.items()
        for name in names.split()
    },
}
TARGETS = targets(TABLE, pair, KNOWN)
