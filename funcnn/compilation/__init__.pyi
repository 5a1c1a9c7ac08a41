from funcnn.compilation.compiler import compiled as compiled
from funcnn.compilation.compiler import explain as explain
from funcnn.compilation.predictor import predictor as predictor
from funcnn.compilation.state_step import compiled_step as compiled_step
from funcnn.compilation.switch import with_kernels as with_kernels
from funcnn.compilation.switch import without_kernels as without_kernels
