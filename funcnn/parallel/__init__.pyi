from funcnn.parallel.blas import threads as threads
from funcnn.parallel.sharding import sharded as sharded
