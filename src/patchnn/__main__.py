"""`python -m patchnn` is `patchnn`."""

import sys

from patchnn.cli import main

if __name__ == "__main__":
    sys.exit(main())
