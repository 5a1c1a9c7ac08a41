from funcnn.files.store import save as save
from funcnn.files.store import load as load
from funcnn.files.store import fingerprint as fingerprint
from funcnn.files.memo import memoize as memoize
