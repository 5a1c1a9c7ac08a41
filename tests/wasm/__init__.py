"""WebAssembly: tests in a Python of 32 bits without threads and processes, and steps as modules, with equal bits."""
