"""Recording: what a function of arrays computes, as a list of array operations.

`arrays` are the arrays that go through rules, `namespace` gives them NumPy's functions (`ufuncs`, `functions`,
`indexing`), `tape` notes the `operations`, and `program` computes them again. The public functions are in `recorder`.
"""

from funcnn.lazy import lazily

__getattr__, __dir__, __all__ = lazily(__name__)
