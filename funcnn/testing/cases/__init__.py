"""How to draw a case of each layer of funcnn, a family a file."""
