"""Commands for learners: `python -m funcnn.teach check FILE`."""

import sys

from funcnn.teach.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
