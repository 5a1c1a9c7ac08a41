"""Formulas of elementary functions, in any `arithmetic`: that of machine code, of NumPy, or of a script."""
