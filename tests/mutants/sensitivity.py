"""`python -m tests.mutants.sensitivity`: the smallest relative error of a gradient that is found, by layer."""
# ruff: noqa: T201  a command prints

from hypothesis import HealthCheck, Phase, given, seed, settings

from funcnn import Grads, backward, forward, record, tree_map
from funcnn.testing import GradientError, check_layer
from funcnn.testing import strategies as fst

EXAMPLES = 100


@record
class Off:
    """A layer whose gradients are too large by a factor 1 + error."""

    layer: object
    error: float


@forward.register(Off)
def off_forward(params, x):
    """The forward of the layer inside."""
    return forward(params.layer, x)


@backward.register(Off)
def off_backward(params, cache, dA):
    """The backward of the layer inside, times 1 + error."""
    grads = backward(params.layer, cache, dA)
    wrong = tree_map(lambda a: a * (1 + params.error), grads.params)
    return Grads(Off(wrong, params.error), grads.x * (1 + params.error))


def is_noticed(layer, error, start=0, examples=EXAMPLES):
    """Whether the error is found within this number of examples."""

    @seed(start)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(fst.cases(layer))
    def try_it(case):
        params, x = case
        check_layer(Off(params, error), x)

    try:
        try_it()
    except GradientError:
        return True
    return False


def smallest(layer):
    """The exponent of the smallest power of ten that is found as an error."""
    exponent = -4
    while exponent > -14 and is_noticed(layer, 10.0 ** (exponent - 1)):
        exponent -= 1
    return exponent


def main():
    """One row for each layer."""
    print("| layer | smallest relative error noticed |")
    print("| --- | --- |")
    for layer in fst.registered():
        print(f"| {layer.__name__ if layer is not tuple else 'network'} | 1e{smallest(layer)} |", flush=True)


if __name__ == "__main__":
    main()
