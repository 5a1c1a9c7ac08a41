from funcnn.compilation.compiler import compiled as compiled
from funcnn.compilation.explanation import explain as explain
from funcnn.compilation.prediction import predictor as predictor
from funcnn.compilation.state_step import compiled_step as compiled_step
