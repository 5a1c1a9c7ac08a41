from funcnn.compilation.compiler import compiled as compiled
from funcnn.compilation.compiler import explain as explain
