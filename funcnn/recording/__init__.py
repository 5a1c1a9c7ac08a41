"""Recording: what a function of arrays computes, as a list of array operations.

`array` has the arrays that go through rules and change in place, `arrays` makes them, `number` has numbers of Python.
`namespace` gives them NumPy's functions, and `calls` computes each with NumPy and with operations: by the rules in
`ufuncs`, `moves`, `indexing`, `joins`, `reductions`, `products`, `selections` and `casts`. `tape` notes `operations`,
`refusals` has the errors, and `program` computes the operations again, with the same bits everywhere by those in
`portable`. The public functions are in `recorder`.
"""

from funcnn.lazy import lazily

__getattr__, __dir__, __all__ = lazily(__name__)
