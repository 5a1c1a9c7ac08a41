"""Backward passes with one planted mistake each. `python -m tests.mutants` compares checkers on them."""

from importlib import import_module


def mutants_of(names):
    return [mutant for name in names.split() for mutant in import_module(f"tests.mutants.{name}").MUTANTS]


MUTANTS = mutants_of(
    "dense activations losses classification axes positions convolution pooling normalisation sequences algebra "
    "branches state precision"
)
# Mutants of further layers. They must be caught as well; the comparison with other checkers leaves them out.
LATER = mutants_of(
    "alike attention cards coincidences combinators earlier embedding frozen inspection limits magnitudes memos "
    "more_activations narrow objectives recurrent sizes standardization windows"
)
