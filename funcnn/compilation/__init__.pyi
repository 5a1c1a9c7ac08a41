from funcnn.compilation.compiler import compiled as compiled
from funcnn.compilation.explanation import explain as explain
