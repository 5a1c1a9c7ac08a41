from funcnn.parallel.blas import threads as threads
from funcnn.parallel.sharding import sharded as sharded
from funcnn.parallel.unread import shards as shards
from funcnn.parallel.unread import Shards as Shards
from funcnn.parallel.orphans import end_with_parent as end_with_parent
