"""Machine code beside rules: the functions that `funcnn.acceleration` finds, each under the name of its rule."""
