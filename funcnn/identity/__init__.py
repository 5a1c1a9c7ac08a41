"""The identity of a function by what it reads, for results that are kept in files and for compiled kernels."""
