"""Strategies for hypothesis: arrays, cases `(params, x)` of a layer or of any layer, and networks.

A layer of your own is registered once, with a strategy for its cases:

    fst.register(Swish, fst.tensors("m n").map(lambda arrays: (Swish(), *arrays)))

Then `fst.cases(Swish)` and hypothesis' own `st.from_type(Swish)` both work. The layers of funcnn are loaded and
registered at the first use of such a name: strategies for arrays load no layer.
"""

from funcnn.lazy import lazily

__getattr__, __dir__, __all__ = lazily(__name__)
