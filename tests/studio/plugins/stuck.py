"""A task that hangs, prints or fails."""

import time
from dataclasses import dataclass

from patchnn import Image, Plan, Source, Task, option


@dataclass(frozen=True, eq=False)
class Made(Task):
    """Hang, print, or fail."""

    image: Image = option(help="A picture.")
    how: str = option("hang", "What to do.")

    def plan(self):
        if self.how == "hang":
            time.sleep(1000)
        if self.how == "fail":
            raise ValueError("it went\nwrong")
        print("a plugin's own words")
        return Plan([Source(self.image)], self.image)
