"""Machine code for large arrays: each kernel bears the name of its rule, and `table` puts it before the rule."""
