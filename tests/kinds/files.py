"""The functions of `funcnn.files`."""

from funcnn import load, save
from funcnn.files import fingerprint, memoize
from tests.kinds.kinds import NET, path
from tests.kinds.rows import kind, row

VALUES = "None; text; 1.5; True; 0-d; record; nan"


def saved():
    save("net.npz", NET)
    return "net.npz"


def twice(x):
    return 2 * x


ROWS = [
    row(save, value=kind(NET, VALUES)),
    row(
        load,
        path=path.made(saved) - "text",  # there is no such file
        cls=kind(tuple, "None").but("class"),  # the file holds none
        migrate=kind(None, "None"),
    ),
    row(fingerprint, value=kind(NET, f"{VALUES}; texts")),  # any array whose bytes are its value
    row(memoize, function=kind(twice)),
]
