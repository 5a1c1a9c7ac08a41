"""Commands of the checker: `python -m funcnn.testing hunt SPEC`."""

import sys

from funcnn.testing.hunt.command import main

sys.exit(main(sys.argv[1:]))
