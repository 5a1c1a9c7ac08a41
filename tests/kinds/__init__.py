"""Tables of the values that each public function accepts, one module for each namespace, and trials of all others.

A row is a valid call: for each parameter a `Kind`, with a value that the function takes, and which values of `WRONG` it
takes there as well. Every other value must raise a FuncnnError, at the call, in a sentence that begins with the name of
the function. A new public function needs a row in the table of its namespace; `doors` lists what is public.

`drawn` has some thousand further calls, whose arguments are replaced by values of all kinds, also two at a time: each
gives a value or a FuncnnError, whose remedy `remedied` carries out.
"""
