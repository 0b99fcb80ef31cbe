"""Does a long folder run keep its memory flat? Measures peak memory at each of many images, in one process or several.

    python benchmarks/folder.py [--images 200] [--size 250x180] [--jobs 1]

Linux only: it reads peaks from /proc and resets them after every image.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import tempfile
from pathlib import Path

from patchnn import write_image
from patchnn.batch import Job, run_jobs
from patchnn.testing import tiny_image
from patchnn.workers import open_workers


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--size", default="250x180", help="width x height")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number in range(options.images):
            write_image(folder / f"{number}.png", tiny_image((height, width), seed=number))
        jobs = (
            Job("generate", {"image": [str(folder / f"{n}.png")]}, str(folder / f"{n}-out.png"), seed=1)
            for n in range(options.images)
        )
        peaks, seconds = [], []
        with open_workers(options.jobs) as (executor, workers):
            for outcome in run_jobs(jobs, executor, workers=workers):
                assert outcome.error is None, outcome.error
                peaks.append(peak())
                seconds.append(outcome.seconds)
    # The peaks of two images differ by 5 % by the chance of threads, so tens are compared too.
    first, last, median = max(peaks[:10]), max(peaks[-10:]), sorted(seconds)[len(seconds) // 2]
    print(f"{options.images} images of {options.size}, {options.jobs} at a time, median {median:.2f} s")
    print(f"peak memory: tenth image {peaks[9]:.0f} MB, last {peaks[-1]:.0f} MB, ratio {peaks[-1] / peaks[9]:.3f}")
    print(f"highest of the first ten {first:.0f} MB, of the last ten {last:.0f} MB, ratio {last / first:.3f}")


def peak() -> float:
    """Return the peak memory of this process and its children since the last call, in MB."""
    total = 0
    for pid in [os.getpid(), *(child.pid for child in multiprocessing.active_children())]:
        status = Path(f"/proc/{pid}/status").read_text()
        total += int(status.partition("VmHWM:")[2].split()[0])
        Path(f"/proc/{pid}/clear_refs").write_text("5")
    return total / 1024


if __name__ == "__main__":
    main()
