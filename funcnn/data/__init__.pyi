from funcnn.data.buckets import bucketed_batches as bucketed_batches
from funcnn.data.rows import balanced_batches as balanced_batches
from funcnn.data.rows import batches as batches
from funcnn.data.sequence import Batches as Batches
