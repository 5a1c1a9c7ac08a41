"""Files."""

import os

import numpy as np

from funcnn import fingerprint, load, save
from tests.kinds.harness import kind, row
from tests.kinds.kinds import NET, path

VALUES = "None; text; 1.5; True; 0-d; record"
ROWS = [
    row(save, path=path(os.devnull), value=kind(NET, VALUES)),
    row(fingerprint, value=kind(NET, VALUES)),
]
