from funcnn.curvature.products import Product as Product
from funcnn.curvature.products import hvp as hvp
from funcnn.curvature.products import ggnvp as ggnvp
from funcnn.curvature.examples import per_example as per_example
from funcnn.curvature.examples import fisher_diagonal as fisher_diagonal
