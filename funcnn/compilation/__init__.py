"""Compilation of networks to machine code.

`trace` applies the rules of a network to symbolic arrays (`shapes`, `symbols`, `namespace`). `graph` and `program` hold
the operations, `update` those of an optimizer; `rounds` divides them into rounds over the rows, and `passes` a round
into passes over the features. `tile`, `panel` and `products` write them as `text`, or `few` for a few rows;
`operations` lists the operations on entries, and `funcnn.formulas` has their formulas; `pieces` writes once what is
alike, and `kernel` puts all together. `engine` makes machine code, `disk` keeps it, `step` and `fold` call it, or
`apart` where an update is a call of its own, and `structure` puts what they compute into records. `agreement` says when
a kernel may be used. `segments` computes networks that are not one kernel layer by layer; inside such a call, `kernels`
compute single layers. The public functions are in `compiler`, `explanation`, `prediction` and `state_step`.
"""

from funcnn.lazy import lazily

__getattr__, __dir__, __all__ = lazily(__name__)
