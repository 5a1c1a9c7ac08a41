"""Tables of what each public function takes, a module a namespace, and what tries every value that it does not take.

A row is a valid call, a `Kind` for each parameter: a value that the function takes, and which of the values of `WRONG`
it takes there as well. `failures(row)` puts each value of `WRONG` in the place of each argument.
"""
