"""`python -m patchnn` is `patchnn`."""

import sys

from patchnn_command import main

if __name__ == "__main__":
    sys.exit(main())
