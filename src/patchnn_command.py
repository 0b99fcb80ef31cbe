"""What the command `patchnn` starts: outside the package, whose import takes the first tenths of a second."""

from __future__ import annotations

import os
import signal
from typing import Any, NoReturn

__all__ = ["main"]


def main() -> int:
    """Import the command line and run it. Ctrl-C during the import ends the process as it does later, with one line."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # An import may turn KeyboardInterrupt into an error of its own. Nothing has been written yet: end at once.
        signal.signal(signal.SIGINT, _end)
    from patchnn.cli import main as run

    return run()


def _end(number: int, frame: Any) -> NoReturn:
    os.write(2, b"interrupted\n")
    os._exit(130)
