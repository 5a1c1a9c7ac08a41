from funcnn.recording.program import Program as Program
from funcnn.recording.recorder import record_function as record_function
from funcnn.recording.recorder import record_prediction as record_prediction
from funcnn.recording.recorder import record_step as record_step
