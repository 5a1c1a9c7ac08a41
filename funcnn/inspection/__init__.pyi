from funcnn.inspection.costs import flops as flops
from funcnn.inspection.probe import Probe as Probe
from funcnn.inspection.summaries import Summary as Summary
from funcnn.inspection.summaries import summary as summary
from funcnn.inspection.tracing import Trace as Trace
from funcnn.inspection.tracing import Visit as Visit
from funcnn.inspection.tracing import trace as trace
