"""`python -m funcnn`: versions, and whether this installation computes correctly."""

import sys

from funcnn.installation import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
